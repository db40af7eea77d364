"""The examples of a search, counted, and what is said of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gradcheck.gather.drawing import Drawn
from gradcheck.gather.naming import describe
from gradcheck.judge.verdict import Verdict
from gradcheck.run.result import CheckResult

_REASONS = 2  # of what the layer raises, that are told
_VALUES = 4  # of an argument, that are listed one by one
_LONGEST = 90  # characters of a reason


@dataclass
class Tally:
    """Every different example once.

    verdicts: how many of each · raised: messages by kind and place · arguments: values by constructor parameter
    kinds: of inputs · modes: that the layer was in, where it has a switch · others: examples of another class, by
    class.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    raised: dict[tuple[str, str | None], list[str]] = field(default_factory=dict)
    arguments: dict[str, list[Any]] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    modes: set[str] = field(default_factory=set)
    others: Counter[str] = field(default_factory=Counter)
    _seen: dict[str, CheckResult] = field(default_factory=dict)

    def known(self, drawn: Drawn) -> CheckResult | None:
        """The result of an example that has come before; an author's may look alike and differ."""
        return self._seen.get(drawn.case.name) if drawn.point is not None else None

    def add(self, drawn: Drawn, result: CheckResult, mode: str | None = None) -> None:
        """Count one; mode: that the layer was in."""
        self._seen[drawn.case.name] = result
        self.verdicts[result.verdict] += 1
        if result.error is not None:
            self.raised.setdefault((result.error.kind, result.error.where), []).append(result.error.message)
            return
        self.modes.update([mode] if mode is not None else [])
        for name, value in drawn.options.items():
            self.arguments.setdefault(name, []).append(value)
        if drawn.point is not None:
            self.kinds.add("indices" if drawn.point.below else drawn.point.kind)

    def notes(self, *, found: bool) -> list[str]:
        """How many examples over what; what was left out."""
        passed, unsure = self.verdicts[Verdict.PASS], self.verdicts[Verdict.INCONCLUSIVE]
        if not passed and not unsure and not found:
            return [f"search: no example could be run{self._left_out()}"]
        failed = self.verdicts[Verdict.FAIL]
        where = f" and {failed} failed, the smallest of which stands below" if found else ""
        parts = [f"search: {passed} {'example' if passed == 1 else 'examples'} passed{where}{self._over()}"]
        parts += [f"; {unsure} {'was' if unsure == 1 else 'were'} inconclusive, which is no failure"] if unsure else []
        parts += [self._left_out()]
        return ["".join(parts), *self._elsewhere()]

    def _over(self) -> str:
        told = [f"{name} {span}" for name, values in self.arguments.items() if (span := _span(values))]
        told += [f"inputs {', '.join(sorted(self.kinds))}"] if self.kinds else []
        told += [f"modes {', '.join(sorted(self.modes))}"] if len(self.modes) > 1 else []
        return f" (over {'; '.join(told)})" if told else ""

    def _left_out(self) -> str:
        number = self.verdicts[Verdict.ERROR]
        if not number:
            return ""
        often = sorted(self.raised.items(), key=lambda item: -len(item[1]))[:_REASONS]
        reasons = "; ".join(_reason(kind, messages) for (kind, _), messages in often)
        return f"; {number} more {'was' if number == 1 else 'were'} left out, for the layer raises there: {reasons}"

    def _elsewhere(self) -> Iterator[str]:
        """A strategy may draw several classes: each is searched under its own name."""
        if self.others:
            names = ", ".join(self.others)
            yield f"search: the strategy draws {names} too, which is searched under its own name"


def _reason(kind: str, messages: list[str]) -> str:
    """`ValueError: kernel (3, 3) does not fit, and the like (21 times)`."""
    first = messages[0].splitlines()[0]
    text = first if len(first) <= _LONGEST else f"{first[:_LONGEST]}..."
    if len(messages) == 1:
        return f"{kind}: {text}"
    return f"{kind}: {text}{'' if len(set(messages)) == 1 else ', and the like'} ({len(messages)} times)"


def _span(values: list[Any]) -> str:
    """`1 to 3`; `0.1 to 0.9`; `(1 to 7, 1, 1 to 4)`; `'same', 'valid'`; "" where it was the same every time."""
    told = list(dict.fromkeys(map(describe, values)))
    if len(told) == 1:
        return ""
    if all(type(value) is int for value in values):
        return f"{min(values)} to {max(values)}"
    if all(isinstance(value, float) for value in values):
        return f"{min(values):.3g} to {max(values):.3g}"
    if all(isinstance(value, tuple) and len(value) == len(values[0]) for value in values):
        columns = [list(column) for column in zip(*values, strict=True)]
        return f"({', '.join(_span(column) or describe(column[0]) for column in columns)})"
    return ", ".join(told[:_VALUES]) + (", ..." if len(told) > _VALUES else "")
