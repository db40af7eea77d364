"""Classes built from their constructor's parameter names: which shapes, which inputs, what is refused."""

from typing import Any

import numpy as np
import pytest

import layers
from gradcheck.gather.cases import readings
from gradcheck.gather.family import CannotBuildError, Reading
from gradcheck.gather.specimen import LayerSpecimen


class Layer:
    """Takes anything and remembers it."""

    def forward(self, x: Any) -> Any:
        return x

    def backward(self, d: Any) -> Any:
        return d


def first(cls: type) -> Reading:
    return readings(cls, [], f"a.py:{cls.__name__}")[0]


def built(cls: type) -> list[tuple[dict[str, Any], Any]]:
    """(constructor arguments, shape of the input) of each case of the likeliest reading."""
    cases = []
    for case in first(cls).cases:
        specimen = case.build()
        assert isinstance(specimen, LayerSpecimen)
        x = specimen.layer.input_shape if specimen.x is None else np.shape(specimen.x)
        cases.append((dict(case.arguments), tuple(x)))
    return cases


def test_the_articles_convolution_gets_shapes_that_tell_every_size_apart() -> None:
    cases = built(layers.ConvLayer)
    sizes = [
        (*arguments["input_shape"], *arguments["kernel_shape"], arguments["layer_depth"]) for arguments, _ in cases
    ]
    assert (5, 6, 3, 3, 2, 2) in sizes
    depths = {(size[2], size[5]) for size in sizes}
    assert any(d > k for d, k in depths)
    assert any(d < k for d, k in depths)
    assert any(d == k for d, k in depths)
    assert any(1 in size for size in sizes)
    assert {size[0] % 2 for size in sizes} == {0, 1}


def test_a_class_name_that_speaks_of_images_is_no_more_than_a_hint() -> None:
    """Images first; rows are tried where none of them fits."""

    class AttentionPooling(Layer):
        def __init__(self, input_size: int):
            self.input_size = input_size

    class Pooling(Layer):
        def __init__(self, window: int = 2):
            self.window = window

    def axes(cls: type) -> list[int]:
        made = [reading.cases[0].build() for reading in readings(cls, [], "a.py") if reading.cases]
        return [np.ndim(specimen.x) for specimen in made if isinstance(specimen, LayerSpecimen)]

    images = [4, 4, 3, 3, 2, 3, 3]
    assert axes(AttentionPooling) == [*images, 2, 2, 3, 1, 2, 2, 3]
    assert axes(Pooling) == [*images, *images]  # with values of a window, and without


def test_the_articles_fully_connected_keeps_its_leading_1() -> None:
    assert built(layers.FCLayer)[:2] == [
        ({"input_shape": (1, 5), "output_shape": (1, 3)}, (1, 5)),
        ({"input_shape": (1, 2), "output_shape": (1, 6)}, (1, 2)),
    ]


def test_an_activation_layer_gets_a_function_and_its_derivative() -> None:
    arguments, _ = built(layers.ActivationLayer)[0]
    f, f_prime = arguments["activation"], arguments["activation_prime"]
    x = np.linspace(-1, 1, 5)
    np.testing.assert_allclose((f(x + 1e-6) - f(x - 1e-6)) / 2e-6, f_prime(x), rtol=1e-8)


def test_an_activation_layer_gets_its_modules_own_pairs() -> None:
    pairs = [(layers.relu, layers.relu_prime), (layers.tanh, layers.tanh_prime)]
    (reading, *_) = readings(layers.ActivationLayer, pairs, "a.py:ActivationLayer")
    assert {case.arguments["activation"] for case in reading.cases} == {layers.relu, layers.tanh}


class Dense(Layer):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        pass


class Conv(Layer):
    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0
    ) -> None:
        pass


class Pool(Layer):
    def __init__(self, pool_shape: tuple[int, int], stride: int) -> None:
        pass


class Norm(Layer):
    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        pass


class Embedding(Layer):
    def __init__(self, vocab_size: int, embedding_dim: int) -> None:
        pass


class Dropout(Layer):
    def __init__(self, p: float, rng: Any) -> None:
        pass


class Affine(Layer):
    def __init__(self, dim_in: int, dim_out: int) -> None:
        pass


class Filters(Layer):
    def __init__(self, in_channel: int, out_channel: int, kernel_size: int) -> None:
        pass


class Relu(Layer):
    pass


class Flatten(Layer):
    pass


@pytest.mark.parametrize(
    ("cls", "arguments", "shape"),
    [
        (Dense, {"in_features": 5, "out_features": 3}, (4, 5)),
        (Conv, {"in_channels": 3, "out_channels": 2, "kernel_size": 3}, (4, 3, 5, 6)),
        (Pool, {"pool_shape": (3, 2), "stride": 1}, (4, 3, 5, 6)),
        (Norm, {"num_features": 5}, (4, 5)),
        (Embedding, {"vocab_size": 6, "embedding_dim": 5}, (4, 3)),
        (Affine, {"dim_in": 5, "dim_out": 3}, (4, 5)),
        (Filters, {"in_channel": 3, "out_channel": 2, "kernel_size": 3}, (4, 3, 5, 6)),
        (Relu, {}, (4, 5)),
        (Flatten, {}, (4, 5, 6, 3)),
    ],
)
def test_classes_of_other_conventions(cls: type, arguments: dict[str, Any], shape: tuple[int, ...]) -> None:
    assert built(cls)[0] == (arguments, shape)


def test_stride_and_padding_are_varied() -> None:
    made = [arguments for arguments, _ in built(Conv)]
    assert any(arguments.get("stride") == 2 and arguments.get("padding") == 1 for arguments in made)
    assert {arguments["stride"] for arguments, _ in built(Pool)} == {1, 2}


def test_a_stride_of_two_numbers_is_tried_last() -> None:
    last = readings(Pool, [], "a.py:Pool")[-1]
    assert {case.arguments["stride"] for case in last.cases} == {(1, 1), (2, 2)}


def test_an_embedding_gets_indices() -> None:
    specimen = first(Embedding).cases[0].build()
    assert isinstance(specimen, LayerSpecimen)
    assert specimen.x.dtype.kind == "i"
    assert 0 <= specimen.x.min() <= specimen.x.max() < 6


def test_a_generator_is_made_afresh_for_each_case() -> None:
    case = first(Dropout).cases[0]
    assert case.name == "Dropout(p=0.3, rng=Generator) at array((4, 5), float64)"


def test_every_build_is_a_fresh_layer_and_the_same_input() -> None:
    case = first(Dense).cases[0]
    one, other = case.build(), case.build()
    assert isinstance(one, LayerSpecimen)
    assert isinstance(other, LayerSpecimen)
    assert one.layer is not other.layer
    np.testing.assert_array_equal(one.x, other.x)


class Unknown(Layer):
    def __init__(self, size: int, gadget: Any, phase: Any) -> None:
        pass


class Refusing(Layer):
    def __init__(self, size: int) -> None:
        raise OSError("no such device")


class Leaving(Layer):
    def __init__(self) -> None:
        raise SystemExit(3)


class TwoInputs:
    def forward(self, query: Any, key: Any, scale: float = 1.0) -> Any:
        return query

    def backward(self, d: Any) -> Any:
        return d


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Unknown, "Unknown cannot be built: no value is known for its parameter gadget, phase."),
        (Refusing, "Refusing cannot be built: Refusing(size=5) raises OSError: no such device."),
        (Leaving, "Leaving cannot be built: Leaving() raises SystemExit: it called sys.exit(3)."),
        (TwoInputs, "TwoInputs cannot be checked by itself: its forward takes 2 inputs (query, key)."),
    ],
)
def test_what_cannot_be_built_is_a_problem_with_a_snippet_to_paste(cls: type, message: str) -> None:
    with pytest.raises(CannotBuildError) as caught:
        first(cls)
    problem = caught.value.problem
    assert (problem.kind, problem.target) == ("CannotBuild", f"a.py:{cls.__name__}")
    assert problem.message.startswith(message)
    snippet = problem.message.partition("for example:\n")[2]
    assert cls.__name__ in snippet
    compile(snippet, "snippet", "exec")


class Small(Layer):
    def __init__(self, size: int) -> None:
        if size > 4:
            raise ValueError("at most 4")


def test_sizes_that_a_constructor_refuses_are_one_note() -> None:
    reading = first(Small)
    assert reading.notes == ("Small(size=5) cannot be built: ValueError: at most 4",)
    assert [case.arguments["size"] for case in reading.cases] == [2, 4, 3, 1]
