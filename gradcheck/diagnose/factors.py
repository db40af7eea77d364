"""Naming a ratio: which product or quotient of the layer's quantities equals it at every shape seen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradcheck.diagnose.expressions import Expression, levels

Symbols = Mapping[str, float]
_EXACT = 1e-7
_NUMBERS = 12  # a factor that is the same at every shape is named by a quotient of numbers up to this
_ARRAY = ".shape["  # the length of an array: a name only where nothing better has one


@dataclass(frozen=True)
class Observation:
    """A factor at one shape (1 where the leaf passed) · symbols: the layer's quantities there."""

    factor: float
    symbols: Symbols
    slack: float = _EXACT


def named(observations: Sequence[Observation], further: Sequence[Symbols] = ()) -> tuple[str, ...]:
    """The expressions that fit every observation, simplest first, aliases left out; () where none fits.

    More than one is a tie that no shape seen separates. further: quantities at shapes where no factor was
    measured; they tell aliases (layer_depth and output_shape[2]) from what happens to be equal here.
    """
    if not observations or all(abs(o.factor - 1) <= 10 * o.slack for o in observations):
        return ()
    sign = "-" if all(o.factor < 0 for o in observations) else ""
    if any(o.factor <= 0 for o in observations) and not sign:
        return ()
    for names in _vocabularies(observations, further):
        values = {name: [o.symbols[name] for o in observations] for name in names}
        for level in levels(values, len(observations)):
            fitting = sorted((e for e in level if _fits(e, observations)), key=lambda e: e.order)
            if fitting:
                return tuple(f"{sign}{e}" for e in fitting)
    return _number(observations, sign)


def shapes_seen(observations: Sequence[Observation]) -> int:
    """How many different shapes they are of."""
    return len({tuple(sorted(o.symbols.items())) for o in observations})


def _vocabularies(observations: Sequence[Observation], further: Sequence[Symbols]) -> Iterator[list[str]]:
    """The names that every observation has, aliases left out; then also those of arrays."""
    shared = [n for n in observations[0].symbols if all(n in o.symbols and o.symbols[n] > 0 for o in observations)]
    known = [*(o.symbols for o in observations), *further]
    plain = [name for name in shared if _ARRAY not in name]
    yield _distinct(plain, known)
    if len(plain) < len(shared):
        yield _distinct(shared, known)


def _distinct(names: Sequence[str], known: Sequence[Symbols]) -> list[str]:
    """One spelling of each quantity: the first of those that are aliases."""
    kept: list[str] = []
    for name in names:
        if not any(_aliases(name, other, known) for other in kept):
            kept.append(name)
    return kept


def _aliases(name: str, other: str, known: Sequence[Symbols]) -> bool:
    """Are both the same wherever both are known, and do they vary?"""
    pairs = {(symbols[name], symbols[other]) for symbols in known if name in symbols and other in symbols}
    return len(pairs) > 1 and all(one == two for one, two in pairs)


def _fits(expression: Expression, observations: Sequence[Observation]) -> bool:
    pairs = zip(expression.values, observations, strict=True)
    return all(abs(value - abs(o.factor)) <= o.slack * abs(o.factor) for value, o in pairs)


def _number(observations: Sequence[Observation], sign: str) -> tuple[str, ...]:
    """A factor of 3 or 1/3 everywhere, where more than one shape shows it."""
    factors = [abs(o.factor) for o in observations]
    if shapes_seen(observations) < 2 or any(
        abs(k - factors[0]) > o.slack * k for k, o in zip(factors, observations, strict=True)
    ):
        return ()
    for bottom in range(1, _NUMBERS + 1):
        top = round(factors[0] * bottom)
        if 0 < top <= _NUMBERS and abs(factors[0] * bottom - top) <= observations[0].slack * top:
            return (f"{sign}{top}" if bottom == 1 else f"{sign}{top}/{bottom}",)
    return ()
