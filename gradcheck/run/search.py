"""`--search N`: Hypothesis draws layers and inputs of one family, the check judges each, what fails is shrunk.

Imports hypothesis, so imported where a search is asked for. What a layer raises on is left out, not failed: it may be
a shape that it was not made for. Whatever fails is grouped by its failing leaves, and each group is shrunk by itself.
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from hypothesis import reject
from hypothesis.errors import Flaky, Unsatisfiable
from hypothesis.strategies import SearchStrategy, just, tuples

from gradcheck.base.errors import Failure
from gradcheck.base.failures import failure_of
from gradcheck.gather.authored import understood
from gradcheck.gather.conventions import NAME as CONVENTION
from gradcheck.gather.drawing import Drawn, examine
from gradcheck.gather.load import seed_everything
from gradcheck.gather.specimen import Case, LayerSpecimen, Specimen
from gradcheck.gather.written import Place, case_lines, draws_from_random, pytest_lines
from gradcheck.judge.verdict import Verdict
from gradcheck.run.check import try_case
from gradcheck.run.examples import Tally
from gradcheck.run.factors import name_alone
from gradcheck.run.family import FamilyRun
from gradcheck.run.messages import Key, plain
from gradcheck.run.modes import enter
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult, Paste
from gradcheck.run.variants import Variant, Varied, plainer, variants, varied, written_down
from gradcheck.subjects.convention import Convention, resolve_convention

SUFFIX = "[found by search]"
_MOST = 3  # failing groups of leaves that are reported
_BROADCAST = Failure("Broadcast", "it fails where a size of 1 is broadcast, and raises at any larger one")
_UNWRITTEN = (
    "search: it cannot be written down to be pasted (an argument that has no expression or that the layer does not "
    "keep, weights that np.random.seed does not reach); the command below runs it again"
)
Signature = frozenset[str]


@dataclass
class Search:
    """The search of one family.

    parameters: names of the leaves that its checks have found to be parameters ·
    place: where what is pasted takes its names from · smallest: the last failing example of each group, which is the
    smallest once Hypothesis has come to its end · stopped: what drawing has raised.
    """

    run: FamilyRun
    place: Place
    parameters: frozenset[str] = frozenset()
    tally: Tally = field(default_factory=Tally)
    smallest: dict[Signature, tuple[Varied, CheckResult]] = field(default_factory=dict)
    stopped: Failure | None = None
    _kinds: dict[Signature, type[Exception]] = field(default_factory=dict)

    def results(self, drawn: Any) -> tuple[list[CheckResult], list[str]]:
        """What was found, each shrunk; notes of what was tried."""
        options = self.run.options
        try:
            examine(tuples(drawn, self._variants()), self._examine, options.search, options.seed)
        except Unsatisfiable:
            pass  # the layer raises at every example: the note says so
        except Exception as error:
            if not self.smallest or self._is_foreign(error):
                failure = failure_of(error)
                self.stopped = replace(failure, message=f"drawing an example for --search raises {failure.message}")
        found = [self._reported(*self.smallest[signature]) for signature in self._chosen()]
        return found, self.tally.notes(found=bool(found))

    def _is_foreign(self, error: BaseException) -> bool:
        """Is it, or is one of a group, something else than a failing example of ours?"""
        if isinstance(error, BaseExceptionGroup):
            return any(map(self._is_foreign, error.exceptions))
        return not isinstance(error, (*self._kinds.values(), Flaky))

    def _variants(self) -> SearchStrategy[Variant]:
        """What the first of the family's own cases shows to make a difference."""
        case = self.run.fitting[0].cases[0]
        try:
            with self.run.untouched(case):
                specimen = case.build()
                enter(specimen, case.mode)
                return variants(specimen, self.parameters, built=not self.run.family.authored)
        except (Exception, SystemExit):  # it has been checked before; whatever it raises now, it is searched as it is
            return just(Variant())

    def _examine(self, example: tuple[Drawn, Variant]) -> None:
        """Check one example: raises where it fails, rejects it where the layer raises."""
        plain, variant = example
        if plain.label != self.run.family.label:
            self.tally.others[plain.label] += 1
            reject()
        with self.run.untouched(plain.case):
            drawn = self._varied(plain, variant)
            before = self.tally.known(drawn)
            result = before or self._checked(drawn)
        if result.verdict is Verdict.ERROR or (before is not None and result.verdict is not Verdict.FAIL):
            reject()  # what has passed before does not count again
        if result.verdict is Verdict.FAIL:
            signature = _signature(result)
            self.smallest[signature] = (drawn, result)
            raise self._kinds.setdefault(signature, type("_FailingError", (Exception,), {}))

    def _varied(self, plain: Drawn, variant: Variant) -> Varied:
        """The example in its variant; as it is where it raises before that is known: its check says why."""
        seed = self.run.options.seed
        if variant == Variant():
            return Varied(**vars(plain), plain=plain, parameters=self.parameters)
        self.run.line.started(search_key(self.run), plain.case.name)
        seed_everything(seed)
        try:
            return varied(plain, variant, self.parameters, seed)
        except (Exception, SystemExit):
            return Varied(**vars(plain), plain=plain, parameters=self.parameters)

    def _checked(self, drawn: Varied) -> CheckResult:
        result = self._judged(drawn.case)
        if result.verdict is Verdict.FAIL and self._is_broadcast(drawn):
            result = CheckResult(result.name, Verdict.ERROR, error=_BROADCAST)
        self.tally.add(drawn, result, drawn.mode)
        if result.verdict is Verdict.FAIL:  # kept by the parent, in case that shrinking costs this process
            self.run.line.settled(failing_key(self.run), plain(self._named(drawn, result)))
        return result

    def _is_broadcast(self, drawn: Drawn) -> bool:
        """Does a size of 1 stand where no other could, so that numpy alone has made it fit?

        x + x W with one column and a W of another width: forward runs, and is not the function that was meant.
        """
        return any(try_case(make().case, self.run.options).verdict is Verdict.ERROR for make in drawn.wider)

    def _judged(self, case: Case) -> CheckResult:
        """A check from the seed on; the time limit counts from here."""
        self.run.line.started(search_key(self.run), case.name)
        seed_everything(self.run.options.seed)
        return self.run.judged(case)

    def _chosen(self) -> list[Signature]:
        """Groups with few leaves first; one that holds all the leaves of another says nothing new."""
        kept: list[Signature] = []
        for signature in sorted(self.smallest, key=lambda leaves: (len(leaves), sorted(leaves))):
            if not any(other <= signature for other in kept):
                kept.append(signature)
        return kept[:_MOST]

    def _reported(self, drawn: Varied, result: CheckResult) -> CheckResult:
        """The smallest example of a group: rounded where that still fails alike, its factors named, to be pasted."""
        with self._untouched(drawn):
            seed_everything(self.run.options.seed)
            plain_one = plainer(drawn, self.run.options.seed)
            if plain_one is not None:
                again = self._judged(plain_one.case)
                if _says_as_much(again, result):
                    drawn, result = plain_one, again
        with self._untouched(drawn):
            result = self._named(drawn, name_alone(result, drawn.case.build()))
        with self._untouched(drawn):
            paste = self._paste(drawn, _signature(result))
        return replace(result, paste=paste, notes=(*result.notes, *([] if paste else [_UNWRITTEN])))

    def _untouched(self, drawn: Varied) -> AbstractContextManager[None]:
        return self.run.untouched((drawn.plain or drawn).case)

    def _named(self, drawn: Varied, result: CheckResult) -> CheckResult:
        return replace(result, name=f"{drawn.case.name} {SUFFIX}", path=self.run.path)

    def _paste(self, drawn: Varied, signature: Signature) -> Paste | None:
        """The example as Python; only where these very lines have been run here, and have failed."""
        options, convention = self.run.options, (drawn.plain or drawn).case.build().convention
        written, seed = written_down(drawn), options.seed + drawn.variant.seed
        if written is None:
            return None
        more, home = _changed(options), vars(sys.modules[written.home])
        written = replace(written, draws=draws_from_random(home))
        if convention is not None:
            if resolve_convention(home.get(CONVENTION)) is not convention:
                return None  # a test knows nothing of the configuration's
            more |= {"convention": CONVENTION}
            written = replace(written, names=written.names | {CONVENTION})
        case = case_lines(written, seed)
        again = self._judged(Case("pasted", 0, partial(_pasted, case, home, convention)))
        if again.verdict is not Verdict.FAIL or not signature & _signature(again):
            return None
        return Paste(case, pytest_lines(written, self.place, more, seed))


def search_key(run: FamilyRun) -> Key:
    """The step of the search itself."""
    return Key("search", run.family.label)


def failing_key(run: FamilyRun) -> Key:
    """Under which the last failing example is kept."""
    return Key("search", run.family.label, own=1)


def interrupted(failing: CheckResult | Failure | None, failure: Failure) -> tuple[list[CheckResult], list[str]]:
    """What there is of a search that cost its process."""
    found = [failing] if isinstance(failing, CheckResult) else []
    return found, [
        f"search: {failure.message}; {'what had failed by then stands here' if found else 'it found nothing'}"
    ]


def _pasted(case: str, home: Mapping[str, Any], convention: Convention | None) -> Specimen:
    """The specimen that the lines make in their module."""
    names: dict[str, Any] = {**home, "np": np}
    exec(case, names)  # noqa: S102 -- our own lines, tried before the user is told to paste them
    cases: Callable[[], Any] = names["gradcheck_cases"]
    item = next(iter(cases()))
    if convention is None:
        return understood(item)[1]
    layer, x = item if isinstance(item, tuple) else (item, None)
    return LayerSpecimen(layer, x, convention)


def _signature(result: CheckResult) -> Signature:
    """The leaves that fail, and those that a finding names."""
    failing = {leaf.name for leaf in result.leaves.values() if leaf.verdict is Verdict.FAIL}
    return frozenset(failing or {finding.leaf for finding in result.findings})


def _says_as_much(again: CheckResult, result: CheckResult) -> bool:
    """Does it fail too, with every (leaf, cause) of the other?"""
    causes, others = (Counter((f.leaf, f.cause) for f in one.findings) for one in (again, result))
    return again.verdict is Verdict.FAIL and others <= causes and _signature(result) <= _signature(again)


def _changed(options: Options) -> dict[str, str]:
    """Arguments of assert_gradients that are not its defaults, as expressions."""
    usual = Options()
    names = ("seed", "rtol", "method", "budget")
    return {name: repr(getattr(options, name)) for name in names if getattr(options, name) != getattr(usual, name)}
