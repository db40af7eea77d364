"""Products and quotients of named quantities, from the simplest on."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

Values = Sequence[float]  # of one quantity, one a shape


@dataclass(frozen=True)
class Atom:
    """A quantity as it is spelled. order: how much it is preferred, small first."""

    spelling: str
    values: Values
    order: float
    compound: bool = False  # needs parentheses beside other names


@dataclass(frozen=True)
class Expression:
    """A product over a product. values: one a shape."""

    top: tuple[Atom, ...]
    bottom: tuple[Atom, ...] = ()

    @property
    def values(self) -> list[float]:
        """Top over bottom; NaN where a divisor is 0."""
        atoms = (*self.top, *self.bottom)
        shapes = range(len(atoms[0].values)) if atoms else range(0)
        return [_quotient(self, shape) for shape in shapes]

    @property
    def order(self) -> float:
        """How much it is preferred among expressions of its level."""
        return sum(atom.order for atom in (*self.top, *self.bottom))

    def __str__(self) -> str:
        if self.top == self.bottom == ():
            return "1"
        top = _product(self.top) if len(self.top) != 1 or not self.bottom else _alone(self.top[0])
        if not self.bottom:
            return top
        plain_number = not self.top and [atom.spelling for atom in self.bottom] == ["2"]
        bottom = _alone(self.bottom[0]) if len(self.bottom) == 1 else f"({_product(self.bottom)})"
        return f"{top}/{bottom}" if plain_number else f"{top} / {bottom}"


def levels(names: Mapping[str, Values], shapes: int) -> Iterator[list[Expression]]:
    """Lists of expressions, those of one list equally simple."""
    atoms = [Atom(name, values, number) for number, (name, values) in enumerate(names.items())]
    # By itself a plain 2 comes first; beside names, a name is preferred to it.
    yield list(_single(atoms, Atom("2", (2.0,) * shapes, -1.0)))
    two = Atom("2", (2.0,) * shapes, float(len(atoms)))
    yield list(_pairs(atoms, two))
    if shapes > 1:
        yield list(_triples(atoms, two))


def _single(atoms: Sequence[Atom], two: Atom) -> Iterator[Expression]:
    for atom in (two, *atoms, *_complements(atoms), *_roots((two, *atoms))):
        yield Expression((atom,))
        yield Expression((), (atom,))


def _pairs(atoms: Sequence[Atom], two: Atom) -> Iterator[Expression]:
    for first, second in combinations_with_replacement((two, *atoms), 2):
        if second is two:
            continue
        yield Expression((first, second))
        yield Expression((), (first, second))
        if first is not second:
            yield Expression((first,), (second,))
            yield Expression((second,), (first,))
    complements = list(_complements(atoms))
    yield from (Expression((c, c)) for c in complements)
    yield from (Expression((), (c, c)) for c in complements)
    for complement, atom in product(complements, (two, *atoms)):
        yield Expression((complement, atom))
        yield Expression((), (complement, atom))
        yield Expression((complement,), (atom,))
        yield Expression((atom,), (complement,))
    for root in _roots(_products(atoms)):
        yield Expression((root,))
        yield Expression((), (root,))


def _triples(atoms: Sequence[Atom], two: Atom) -> Iterator[Expression]:
    pairs = [(a, b) for a, b in combinations_with_replacement((two, *atoms), 2) if b is not two]
    for a, b in pairs:
        for c in (two, *atoms):
            if c is a or c is b:
                continue
            yield Expression((a, b), (c,))
            yield Expression((c,), (a, b))
            if c is not two and c.order > b.order:
                yield Expression((a, b, c))
                yield Expression((), (a, b, c))


def _complements(atoms: Sequence[Atom]) -> Iterator[Atom]:
    """1 - p of what is a probability at every shape."""
    for atom in atoms:
        if all(0 < p < 1 for p in atom.values):
            yield Atom(f"1 - {atom.spelling}", [1 - p for p in atom.values], atom.order, compound=True)


def _roots(atoms: Sequence[Atom]) -> Iterator[Atom]:
    for atom in atoms:
        if all(value > 1 for value in atom.values):
            yield Atom(f"sqrt({atom.spelling})", [math.sqrt(v) for v in atom.values], atom.order + 0.5)


def _products(atoms: Sequence[Atom]) -> list[Atom]:
    return [
        Atom(
            f"{a.spelling} * {b.spelling}", [x * y for x, y in zip(a.values, b.values, strict=True)], a.order + b.order
        )
        for a, b in combinations_with_replacement(atoms, 2)
        if a is not b
    ]


def _quotient(expression: Expression, shape: int) -> float:
    top = math.prod(atom.values[shape] for atom in expression.top)
    bottom = math.prod(atom.values[shape] for atom in expression.bottom)
    return top / bottom if bottom else math.nan


def _product(atoms: Sequence[Atom]) -> str:
    if len(atoms) == 1:
        return atoms[0].spelling
    return " * ".join(map(_alone, atoms)) or "1"


def _alone(atom: Atom) -> str:
    return f"({atom.spelling})" if atom.compound else atom.spelling
