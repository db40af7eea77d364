"""Strategies for property tests of your own, with hypothesis: layers with an input, inputs, shapes.

    from hypothesis import given, settings
    from gradcheck import assert_gradients
    from gradcheck.strategies import layers

    @settings(deadline=None)
    @given(layers(ConvLayer))
    def test_gradients(case):
        assert_gradients(*case)

`gradcheck_cases()` may return or yield such a strategy too: `gradcheck run` checks a few of its examples,
`gradcheck run --search 200` two hundred. Importing gradcheck alone does not import hypothesis.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gradcheck.base.arrays import Array
from gradcheck.base.errors import UsageError
from gradcheck.gather import drawing
from gradcheck.gather.cases import readings
from gradcheck.gather.family import CannotBuildError, Reading
from gradcheck.gather.specimen import LayerSpecimen
from gradcheck.judge.verdict import Verdict
from gradcheck.run.check import try_case
from gradcheck.run.options import Options

__all__ = ["layers", "points", "shapes"]

Shape = tuple[int, ...]
_LARGEST = 7


def shapes(axes: int, *, largest: int = _LARGEST) -> SearchStrategy[Shape]:
    """Shapes of so many axes, each length from 1 to `largest`: all distinct, some equal, some 1.

        @given(shapes(2).flatmap(points))
        def test_softmax(x): ...

    Raises:
        UsageError: axes is negative, or largest below 1.
    """
    if axes < 0 or largest < 1:
        raise UsageError(
            f"shapes(axes={axes}, largest={largest}): axes of at least 0 and lengths of at least 1 are needed"
        )
    return st.tuples(*[st.integers(1, largest)] * axes)


def points(shape: Shape | SearchStrategy[Shape], *, below: int = 0) -> SearchStrategy[Array]:
    """Inputs to check a layer at: float64 arrays of this shape (or of shapes drawn from a strategy).

    Random, positive, tied, equal values or zeros, times 1, 0.01 or 100; they shrink to the random ones at scale 1.

        @given(points((4, 3)))
        def test_relu(x):
            assert_gradients(relu, relu_prime, (x,))

    below: int64 indices from 0 to below - 1 instead, for embeddings.
    """
    if isinstance(shape, SearchStrategy):
        return shape.flatmap(lambda drawn: points(drawn, below=below))
    return drawing.points(tuple(shape), below).map(lambda point: point.array())


def layers(cls: type, **arguments: Any) -> SearchStrategy[tuple[Any, Array]]:
    """(layer, input) of a class, built from its constructor's parameter names, annotations and defaults.

    arguments: values, or strategies of values, that the constructor is given in place of ours. Sizes at which the
    layer raises are not drawn.

        @given(layers(ConvLayer, stride=st.integers(1, 3)))
        def test_gradients(case):
            assert_gradients(*case)

    Raises:
        UsageError: the class cannot be built, or runs at no size; the message says why and what to write instead.
    """
    reading = _fitting(cls)
    cases = reading.drawn(False, **arguments) if reading.drawn is not None else st.nothing()
    return cases.filter(_runs).map(_pair)


def _fitting(cls: type) -> Reading:
    """The likeliest reading of a constructor at which the layer runs."""
    try:
        found = readings(cls, [], cls.__name__)
    except CannotBuildError as error:
        raise UsageError(f"layers({cls.__name__}): {error.problem.message}") from error
    for reading in found:
        if reading.drawn is not None and any(_tried(case) for case in reading.cases[: reading.distinct]):
            return reading
    raise UsageError(f"layers({cls.__name__}): it runs at none of the sizes tried; draw its cases with st.builds")


def _tried(case: Any) -> bool:
    return try_case(case, Options()).verdict is Verdict.PASS


def _runs(drawn: drawing.Drawn) -> bool:
    return _tried(drawn.case)


def _pair(drawn: drawing.Drawn) -> tuple[Any, Array]:
    specimen = drawn.case.build()
    if not isinstance(specimen, LayerSpecimen):
        raise UsageError(f"{drawn.case.name} is no layer")
    return specimen.layer, specimen.x
