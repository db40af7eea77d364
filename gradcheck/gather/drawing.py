"""What Hypothesis draws: constructor arguments, shapes and inputs. Imports hypothesis, so imported where it is used."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import prod
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gradcheck.base.arrays import Array
from gradcheck.gather.choices import choices
from gradcheck.gather.construct import SHAPE_LIKE, activation, activation_prime, arguments_for, wants_activation
from gradcheck.gather.layouts import Layout, Way
from gradcheck.gather.made import at_input, made
from gradcheck.gather.naming import call, parameters_of
from gradcheck.gather.points import KINDS, OFTEN, SCALES, SEEDS, Point
from gradcheck.gather.sizes import Shape, Sizes
from gradcheck.gather.specimen import Case, LayerSpecimen, Specimen
from gradcheck.gather.written import UnwritableError, Written, call_code

LARGEST = {  # sizes run from 1 up to these
    "height": 7, "width": 7, "depth_in": 4, "depth_out": 4, "n_in": 6, "n_out": 6, "hidden": 6, "batch": 4,
}  # fmt: skip
_WIDE = 11  # no other size is as large
_WINDOW = 3  # a kernel's largest size
ROWS = 3  # of a batch in place of the article's one row
_VARIED: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(("stride", "strides"), (1, 2, 3)),
    **dict.fromkeys(("padding", "pad"), (0, 1, 2)),
    **dict.fromkeys(("n_heads", "num_heads", "heads", "groups", "num_groups"), (1, 2, 3)),
    "axis": (-1, 0, 1, 2),
}
_KEPT = frozenset({"seed", "random_state", "random_seed", "name", "dtype"})  # nothing depends on them, or nothing may
_WHOLE = (1, 2, 3)  # tried for an int of unknown name that has a default
_SHORT = 12  # entries of an input that is written out
_AXES = 2  # of windows and strides


Pair = tuple[Any, Any]


@dataclass(frozen=True, eq=False)
class Drawn:
    """One example.

    label: the class, or the forward of a pair of functions · written: as Python, None where it cannot be said
    point: the input as drawn, None where the author's own strategy has made it · options: what was drawn by name,
    defaults included · wider: makes the same with one of the sizes that are 1 much larger, for each of these.
    """

    case: Case
    label: str
    written: Written | None = None
    point: Point | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    wider: "tuple[Callable[[], Drawn], ...]" = ()


def examine(strategy: SearchStrategy[Any], what: Callable[[Any], None], examples: int, seeded: int) -> None:
    """Call `what` with up to `examples` draws, the same for a seed; where it raises, Hypothesis shrinks and raises.

    Nothing is written to disk, nothing is printed, no example has a deadline.
    """
    quiet = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=True,
    )

    def example(drawn: Any) -> None:
        what(drawn)

    seed(seeded)(quiet(given(strategy)(example)))()


def few(strategy: SearchStrategy[Any], count: int, seeded: int = 0) -> list[Any]:
    """The first examples of a strategy, the plainest first; raises what drawing them raises."""
    found: list[Any] = []
    examine(strategy, found.append, count, seeded)
    return found


def sizes(used: Collection[str]) -> SearchStrategy[Sizes]:
    """One set, each size drawn by itself: all distinct, some equal, some 1. used: those that matter; others are 1."""
    upto = {name: st.integers(1, most) if name in used else st.just(1) for name, most in LARGEST.items()}
    window = st.integers(1, _WINDOW)
    kernel = st.tuples(window, window) if "kernel" in used else st.just((1, 1))
    return st.builds(Sizes, st.just("drawn"), kernel=kernel, **upto)


def _used(cls: type, way: Way) -> frozenset[str]:
    """The sizes that a class's constructor and input are made of."""
    read: set[str] = set()

    class Spied(Sizes):
        def __getattribute__(self, name: str) -> Any:
            read.add(name)
            return super().__getattribute__(name)

    spied = Spied("spied", 3, 4, 2, 2, (2, 2), 3, 3, 3, 2)
    read.clear()
    for layout in way(spied):
        arguments_for(cls, spied, {"activation": None, "activation_prime": None} | dict(layout.given))
    return frozenset(read)


@st.composite
def points(draw: DrawFn, shape: Shape, below: int = 0) -> Point:
    """An input of this shape: random, positive, tied, equal values or zeros, at several scales; or indices."""
    kind, scale, number = draw(st.sampled_from(OFTEN)), draw(st.sampled_from(SCALES)), draw(st.integers(0, SEEDS - 1))
    if below:
        return Point(shape, seed=number, below=below)
    return Point(shape, kind, number if KINDS[kind].seeded else 0, 1.0 if kind == "zeros" else scale)


def class_cases(
    cls: type,
    way: Way,
    pairs: Sequence[Pair],
    *,
    batch: bool = False,
    fixed: Mapping[str, Any] | None = None,
) -> SearchStrategy[Drawn]:
    """A layer of a class at an input.

    way: how it wants its input · batch: three rows in place of one too · fixed: values, or strategies of values, by
    parameter.
    """
    return _class_case(cls, way, pairs, batch=batch, fixed=fixed or {}, used=_used(cls, way))


@st.composite
def _class_case(
    draw: DrawFn,
    cls: type,
    way: Way,
    pairs: Sequence[Pair],
    *,
    batch: bool,
    fixed: Mapping[str, Any],
    used: frozenset[str],
) -> Drawn:
    drawn = draw(sizes(used))
    number = draw(st.integers(0, len(way(drawn)) - 1))
    offered = list(pairs) if pairs and wants_activation(cls) else [(activation, activation_prime)]
    plan = _Plan(cls, way, number, draw(st.sampled_from(offered)))
    for name, values in _options(cls, plan.arguments(drawn)):
        value = draw(st.sampled_from(values))
        if value is not values[0]:
            plan.options[name] = value
    for name, value in fixed.items():
        plan.options[name] = draw(value) if isinstance(value, SearchStrategy) else value
    rows = draw(st.sampled_from((1, ROWS))) if batch else 1  # drawn for every shape: what is shorter counts as simpler
    plan = replace(plan, rows=rows if _is_row(plan.shape(drawn)) else 1)
    point = draw(points(plan.shape(drawn), plan.layout(drawn).integer))
    return replace(plan.at(drawn, point), wider=tuple(partial(plan.at, s, point) for s in _widened(drawn, used)))


@dataclass(frozen=True)
class _Plan:
    """Everything of an example but its sizes and the kind of its input. number: of the way's layouts."""

    cls: type
    way: Way
    number: int
    pair: Pair
    options: dict[str, Any] = field(default_factory=dict)
    rows: int = 1

    def layout(self, drawn: Sizes) -> Layout:
        return self.way(drawn)[self.number]

    def arguments(self, drawn: Sizes) -> dict[str, Any]:
        given_too = {"activation": self.pair[0], "activation_prime": self.pair[1]} | dict(self.layout(drawn).given)
        return arguments_for(self.cls, drawn, given_too) | self.options

    def shape(self, drawn: Sizes) -> Shape:
        """Of the input."""
        shape = self.layout(drawn).x
        return (self.rows, *shape[1:]) if self.rows > 1 else shape

    def at(self, drawn: Sizes, point: Point) -> "Drawn":
        """The example at other sizes, its input of the same kind."""
        moved = replace(point, shape=self.shape(drawn), below=self.layout(drawn).integer)
        return example_of(self.cls, self.arguments(drawn), moved)


def _is_row(shape: Shape) -> bool:
    return len(shape) == _AXES and shape[0] == 1


def _widened(drawn: Sizes, used: Collection[str]) -> Iterator[Sizes]:
    """The same sizes with one that is 1 much larger, for each of these."""
    for name in LARGEST:
        if name in used and getattr(drawn, name) == 1:
            wide: dict[str, Any] = {name: _WIDE}
            yield replace(drawn, **wide)


def example_of(cls: type, arguments: Mapping[str, Any], point: Point) -> Drawn:
    """A class at arguments and an input, with its name and as Python."""
    names: set[str] = set()
    try:
        written = Written((call_code(cls, arguments, names), point.code), frozenset(names), cls.__module__)
    except UnwritableError:
        written = None
    name = f"{call(cls.__name__, arguments)} at {point.code}"
    case = Case(name, 0, partial(_layer, cls, arguments, point), arguments=arguments)
    defaults = {p.name: p.default for p in parameters_of(cls) if p.default is not p.empty}
    return Drawn(case, cls.__name__, written, point, defaults | dict(arguments))


def rounded(drawn: Drawn) -> Drawn | None:
    """The example with its input written out in one decimal; None where it is long, or plain as it is."""
    point = drawn.point
    if point is None or point.below or not KINDS[point.kind].seeded or prod(point.shape) > _SHORT or not drawn.written:
        return None
    x = np.round(point.array(), 1)
    written = replace(drawn.written, parts=(drawn.written.parts[0], f"np.array({x.tolist()!r})"))
    arguments, build = drawn.case.arguments, drawn.case.build
    name = f"{call(drawn.label, arguments)} at {x.tolist()!r}"
    return replace(drawn, written=written, case=replace(drawn.case, name=name, build=partial(_with_input, build, x)))


def _with_input(build: Callable[[], Specimen], x: Array) -> Specimen:
    specimen = build()
    return replace(specimen, x=x.copy()) if isinstance(specimen, LayerSpecimen) else specimen


def _layer(cls: type, arguments: Mapping[str, Any], point: Point) -> Specimen:
    return at_input(made(cls, arguments), point.array())


def _options(cls: type, arguments: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """(parameter, values) of everything that is no size; what is passed without an option comes first."""
    for parameter in parameters_of(cls):
        name = parameter.name
        now = arguments.get(name, parameter.default)
        values = _values(cls, parameter, now)
        if name not in _KEPT and name not in ("activation", "activation_prime") and len(values) > 1:
            yield name, values


def _values(cls: type, parameter: inspect.Parameter, now: Any) -> tuple[Any, ...]:
    """The present value first: what is found is shrunk to it."""
    if parameter.name in SHAPE_LIKE:
        return ()
    told = choices(cls, parameter)
    known = _VARIED.get(parameter.name, () if told else _WHOLE)
    if _is_pair(now):
        known = tuple((a, b) for a in known for b in known)
    elif not isinstance(now, int) or isinstance(now, bool):
        known = ()
    several = [*known, *(told if len(told) > 1 else ())]
    return (now, *(value for value in several if type(value) is not type(now) or value != now))


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == _AXES and all(type(item) is int for item in value)
