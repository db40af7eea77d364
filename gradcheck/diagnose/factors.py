"""Naming a ratio: which quotient of the layer's quantities equals it at every shape seen."""

from collections.abc import Iterator, Mapping, Sequence

Observation = tuple[float, Mapping[str, float]]
_EXACT = 1e-6


def named(observations: Sequence[Observation]) -> tuple[str, ...]:
    """The expressions that fit every (factor, symbols), simplest first, aliases left out; () where none fits.

    A passing case counts as factor 1. More than one expression is a tie that no shape seen separates.
    """
    names = set.intersection(*(set(s) for _, s in observations)) if observations else set()
    shared = _distinct([n for n in observations[0][1] if n in names], observations) if observations else []
    fitting = (e for e in _candidates(shared) if all(abs(_value(e, s) - k) <= _EXACT * abs(k) for k, s in observations))
    found = list(fitting)
    fewest = min((len(top) + len(bottom) for top, bottom in found), default=0)
    return tuple(_spelled(top, bottom) for top, bottom in found if len(top) + len(bottom) == fewest)


Expression = tuple[tuple[str, ...], tuple[str, ...]]


def _candidates(names: Sequence[str]) -> Iterator[Expression]:
    for name in ("2", *names):
        yield (name,), ()
        yield (), (name,)
    for top in names:
        yield from (((top,), (bottom,)) for bottom in names if bottom != top)
    for i, first in enumerate(names):
        yield from (((first, second), ()) for second in names[i:])


def _value(expression: Expression, symbols: Mapping[str, float]) -> float:
    value = 1.0
    for name in expression[0]:
        value *= float(name) if name == "2" else symbols[name]
    for name in expression[1]:
        value /= (float(name) if name == "2" else symbols[name]) or float("nan")
    return value


def _distinct(names: Sequence[str], observations: Sequence[Observation]) -> list[str]:
    """One spelling of each quantity: the first; a quantity that another equals at every shape is its alias."""
    seen: dict[tuple[float, ...], str] = {}
    for name in names:
        seen.setdefault(tuple(s[name] for _, s in observations), name)
    return list(seen.values()) if len(observations) > 1 else list(names)


def _spelled(top: tuple[str, ...], bottom: tuple[str, ...]) -> str:
    head = " * ".join(top) or "1"
    return f"{head} / {bottom[0]}" if bottom else head
