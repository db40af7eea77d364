"""Layers of published packages, and what they are checked at; a package is imported only when its cases are made."""

import collections
import collections.abc
import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from gradcheck import Convention

Array = Any
Made = tuple[str, Callable[[], Any], Any] | tuple[str, Callable[[], Any], Any, Convention]


@dataclass(frozen=True)
class Package:
    """name: on PyPI · version: that was read · module: to import · cases: makes them."""

    name: str
    version: str
    module: str
    cases: Callable[[], Iterator[Made]]


def draw(*shape: int) -> Array:
    """Normal numbers, always the same."""
    return np.random.default_rng(0).normal(size=shape)


def pair(*shape: int) -> tuple[Array, Array]:
    """Two different arrays of one shape."""
    both = draw(2, *shape)
    return both[0], both[1]


def _shares(*shape: int) -> Array:
    values = np.abs(draw(*shape))
    return values / values.sum(axis=-1, keepdims=True)


WORDS = np.array([[1, 2, 5], [3, 3, 6]])  # one of them twice in a sentence
ONE_HOT = np.eye(3)[[0, 2, 1, 1]]


def numpy_ml() -> Iterator[Made]:  # noqa: C901 -- a list, however long
    """Its release needs a name that Python 3.10 has removed."""
    collections.Hashable = collections.abc.Hashable  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        L = import_module("numpy_ml.neural_nets.layers")
    yield "Add", L.Add, list(pair(4, 3))
    yield "Add(act_fn='Tanh')", lambda: L.Add(act_fn="Tanh"), list(pair(4, 3))
    yield "Multiply", L.Multiply, list(pair(4, 3))
    yield "Flatten", L.Flatten, draw(4, 3, 2)
    yield "DotProductAttention", L.DotProductAttention, (draw(4, 3), draw(5, 3) + 1, draw(5, 2))
    for name in ("BatchNorm1D", "LayerNorm1D"):
        yield name, getattr(L, name), draw(6, 3)
    for name in ("BatchNorm2D", "LayerNorm2D"):
        yield name, getattr(L, name), draw(3, 4, 5, 2)
    for pool in (None, "sum", "mean"):
        yield f"Embedding(pool={pool!r})", lambda pool=pool: L.Embedding(4, vocab_size=7, pool=pool), WORDS
    for act in (None, "ReLU", "Tanh", "Sigmoid"):
        yield f"FullyConnected(act_fn={act!r})", lambda act=act: L.FullyConnected(4, act_fn=act), draw(5, 3)
    for dim in (-1, 0):
        yield f"Softmax(dim={dim})", lambda dim=dim: L.Softmax(dim=dim), draw(4, 5)
    yield "SparseEvolution", lambda: L.SparseEvolution(4), draw(5, 3)
    for pad in (0, "same", "causal"):
        yield f"Conv1D(pad={pad!r})", lambda pad=pad: L.Conv1D(3, 2, pad=pad), draw(2, 7, 3)
    yield "Conv1D(stride=2, dilation=1)", lambda: L.Conv1D(3, 2, stride=2, dilation=1), draw(2, 9, 3)
    for s, d, p in ((1, 0, 0), (2, 0, 1), (1, 1, 0)):
        yield (
            f"Conv2D(stride={s}, dilation={d}, pad={p})",
            lambda s=s, d=d, p=p: L.Conv2D(3, (3, 2), stride=s, dilation=d, pad=p),
            draw(2, 7, 6, 3),
        )
    for mode in ("max", "average"):
        for s, p in ((1, 0), (2, 0), (2, 1)):
            yield (
                f"Pool2D(mode={mode!r}, stride={s}, pad={p})",
                lambda mode=mode, s=s, p=p: L.Pool2D((2, 2), stride=s, pad=p, mode=mode),
                draw(2, 6, 6, 3),
            )
    for s, p in ((1, 0), (2, 0), (1, 1)):
        yield (
            f"Deconv2D(stride={s}, pad={p})",
            lambda s=s, p=p: L.Deconv2D(3, (3, 2), stride=s, pad=p),
            draw(2, 4, 5, 2),
        )
    yield "RNNCell", lambda: L.RNNCell(4), draw(2, 3)
    yield "LSTMCell", lambda: L.LSTMCell(4), draw(2, 3)
    yield "RNN", lambda: L.RNN(4), draw(2, 3, 5)
    yield "LSTM", lambda: L.LSTM(4), draw(2, 3, 5)


def neuralnetlib() -> Iterator[Made]:  # noqa: C901 -- a list, however long
    """Layers, activations and losses; the recurrent ones without their clipping, which is by design, too."""
    L, A, S = (import_module(f"neuralnetlib.{part}") for part in ("layers", "activations", "losses"))
    yield "Dense", lambda: L.Dense(3, random_state=0), draw(5, 4)
    yield "Dense of sequences", lambda: L.Dense(3, random_state=0), draw(2, 5, 4)
    yield "Dense(use_bias=False)", lambda: L.Dense(3, use_bias=False, random_state=0), draw(5, 4)
    for name, cls in inspect.getmembers(A, inspect.isclass):
        if cls.__module__ == A.__name__ and name != "ActivationFunction":
            yield f"Activation({name}())", lambda cls=cls: L.Activation(cls()), draw(5, 4)
    yield "Dropout", lambda: L.Dropout(0.3, random_state=0), draw(5, 4)
    for s in (1, 2):
        for pad in ("valid", "same"):
            given = {"strides": s, "padding": pad}
            shown = f"strides={s}, padding={pad!r}"
            for name in ("Conv2D", "Conv2DTranspose"):
                yield (
                    f"{name}({shown})",
                    lambda name=name, given=given: getattr(L, name)(3, (3, 2), random_state=0, **given),
                    draw(2, 6, 5, 2),
                )
            yield f"Conv1D({shown})", lambda given=given: L.Conv1D(3, 3, random_state=0, **given), draw(2, 7, 2)
            for name in ("MaxPooling2D", "AveragePooling2D"):
                yield (
                    f"{name}({shown})",
                    lambda name=name, s=s, pad=pad: getattr(L, name)((2, 2), (s, s), pad),
                    draw(2, 5, 6, 2),
                )
            for name in ("MaxPooling1D", "AveragePooling1D"):
                yield f"{name}({shown})", lambda name=name, s=s, pad=pad: getattr(L, name)(2, s, pad), draw(2, 7, 2)
    yield "Flatten", L.Flatten, draw(3, 4, 2)
    yield "Embedding", lambda: L.Embedding(7, 3, random_state=0), WORDS
    for name in ("BatchNormalization", "LayerNormalization"):
        yield name, getattr(L, name), draw(6, 4)
    yield "GlobalAveragePooling1D", L.GlobalAveragePooling1D, draw(2, 5, 3)
    yield "GlobalAveragePooling2D", L.GlobalAveragePooling2D, draw(2, 5, 4, 3)
    yield "Permute", lambda: L.Permute((2, 1)), draw(2, 5, 3)
    for mode in ("nearest", "bilinear"):
        yield f"UpSampling2D({mode})", lambda mode=mode: L.UpSampling2D((2, 2), mode), draw(2, 3, 4, 2)
    yield "Attention", L.Attention, draw(2, 5, 4)
    yield "MultiHeadAttention", lambda: L.MultiHeadAttention(2, 4, random_state=0), draw(2, 5, 8)
    yield "PositionalEncoding(trainable=True)", lambda: L.PositionalEncoding(10, 4, trainable=True), draw(2, 5, 4)
    yield "FeedForward", lambda: L.FeedForward(6, 4, random_state=0), draw(2, 5, 4)
    yield "AddNorm", L.AddNorm, pair(2, 5, 4)
    yield "TransformerEncoderLayer", lambda: L.TransformerEncoderLayer(8, 2, 6, random_state=0), draw(2, 5, 8)
    for every in (True, False):
        yield (
            f"GRU(return_sequences={every}, clip_value=1e300)",
            lambda every=every: L.GRU(4, every, 0, clip_value=1e300),
            draw(2, 5, 3),
        )
        yield f"LSTM(return_sequences={every})", lambda every=every: L.LSTM(4, every, random_state=0), draw(2, 5, 3)
        yield (
            f"LSTM(return_sequences={every}) without clipping",
            lambda every=every: _unclipped(L.LSTM(4, every, random_state=0, clip_value=1e300), draw(2, 5, 3)),
            draw(2, 5, 3),
        )
    for name, cls in inspect.getmembers(S, inspect.isclass):
        if cls.__module__ == S.__name__ and name != "LossFunction" and "Smoothing" not in name:
            truth = np.argmax(ONE_HOT, axis=1) if name.startswith("Sparse") else ONE_HOT
            yield name, cls, (truth, _shares(4, 3))


def _unclipped(layer: Any, x: Array) -> Any:
    """Its cell is made at the first forward."""
    layer.forward_pass(x)
    layer.MAX_CLIP = layer.cell.MAX_CLIP = 1e300
    return layer


def mpneuralnetwork() -> Iterator[Made]:  # noqa: C901 -- a list, however long
    """All in float32."""
    L, A, S = (import_module(f"mpneuralnetwork.{part}") for part in ("layers", "activations", "losses"))

    def single(*shape: int) -> Array:
        return draw(*shape).astype(np.float32)

    def built(layer: Any, *shape: int) -> Any:
        layer.build(shape)
        return layer

    yield "Dense", lambda: L.Dense(3, 4, initialization="xavier"), single(5, 4)
    yield "Dense(no_bias=True)", lambda: L.Dense(3, 4, no_bias=True, initialization="he"), single(5, 4)
    yield "Dropout", lambda: L.Dropout(0.3), single(5, 4)
    yield "BatchNormalization", lambda: built(L.BatchNormalization(), 4), single(6, 4)
    for stride, pad in ((1, "valid"), (2, "valid"), (1, "same"), (2, 1)):
        yield (
            f"Convolutional(padding={pad!r}, stride={stride})",
            lambda stride=stride, pad=pad: L.Convolutional(
                3, 2, input_shape=(2, 5, 6), padding=pad, stride=stride, initialization="he"
            ),
            single(2, 2, 5, 6),
        )
    for name in ("MaxPooling2D", "AveragePooling2D"):
        for s in (1, 2):
            yield (
                f"{name}(strides={s})",
                lambda name=name, s=s: built(getattr(L, name)(2, s), 2, 5, 6),
                single(2, 2, 5, 6),
            )
    yield "BatchNormalization2D", lambda: built(L.BatchNormalization2D(), 2, 4, 5), single(3, 2, 4, 5)
    yield "Flatten", lambda: built(L.Flatten(), 2, 4, 5), single(3, 2, 4, 5)
    for name, cls in inspect.getmembers(A, inspect.isclass):
        if cls.__module__ == A.__name__ and name != "Activation":
            yield name, cls, single(5, 4)
    for name, cls in inspect.getmembers(S, inspect.isclass):
        if cls.__module__ == S.__name__ and name != "Loss":
            yield name, cls, (_shares(4, 3).astype(np.float32), ONE_HOT.astype(np.float32))


def nnfs() -> Iterator[Made]:
    """Nothing is returned: outputs and gradients are left in attributes."""
    L, A = import_module("nnfs.layer"), import_module("nnfs.activations")
    yield "Layer", lambda: L.Layer(4, 3), draw(5, 4)
    yield "Layer(w_l2=0.1)", lambda: L.Layer(4, 3, w_l2=0.1), draw(5, 4)
    yield "Dropout", lambda: L.Dropout(0.3), draw(5, 4)
    for name, cls in inspect.getmembers(A, inspect.isclass):
        if cls.__module__ == A.__name__ and name != "Activation":
            yield name, cls, draw(5, 4)


HANDED_OUTPUT = Convention(backward=lambda layer, dy, returned: layer(returned, dy))  # as Dense calls them


def caspian() -> Iterator[Made]:
    """Its release needs a name that numpy 2 has removed."""
    vars(np)["float_"] = np.float64
    L, A, S, P = (import_module(f"caspian.{part}") for part in ("layers", "activations", "losses", "pooling"))
    plain = A.Identity()
    yield "Linear", lambda: L.Linear(4, 3), draw(5, 4)
    for name in ("Identity", "Tanh", "Sigmoid", "ReLU", "Softmax"):
        yield f"Dense({name}(), 4, 3)", lambda name=name: L.Dense(getattr(A, name)(), 4, 3), draw(5, 4)
    yield "Conv1D", lambda: L.Conv1D(plain, 3, 3, (2, 7)), draw(4, 2, 7)
    yield "Conv1D(strides=2, padding=1)", lambda: L.Conv1D(plain, 3, 3, (2, 7), 2, 1), draw(4, 2, 7)
    yield "Conv2D", lambda: L.Conv2D(plain, 3, 2, (2, 5, 6)), draw(4, 2, 5, 6)
    yield "Conv2D(Tanh(), strides=2, padding=1)", lambda: L.Conv2D(A.Tanh(), 3, 2, (2, 5, 6), 2, 1), draw(4, 2, 5, 6)
    yield "Conv3D", lambda: L.Conv3D(plain, 2, 2, (2, 3, 4, 3)), draw(2, 2, 3, 4, 3)
    yield "Conv1DTranspose", lambda: L.Conv1DTranspose(plain, 3, 2, (2, 4)), draw(3, 2, 4)
    yield "Conv2DTranspose(strides=2)", lambda: L.Conv2DTranspose(plain, 3, 2, (2, 4, 5), 2), draw(3, 2, 4, 5)
    yield "LayerNorm", lambda: L.LayerNorm((4,), biases=True), draw(5, 4)
    yield "RMSNorm", lambda: L.RMSNorm((4,), biases=True), draw(5, 4)
    yield "GroupNorm", lambda: L.GroupNorm(2, 4, 2, biases=True), draw(5, 4, 3)
    yield "InstanceNorm", lambda: L.InstanceNorm(3, 2), draw(5, 3, 4)
    yield "Bilinear", lambda: L.Bilinear(plain, 4, 3, 2), (draw(5, 4), draw(5, 3))
    yield "Attention", lambda: L.Attention(4), (draw(2, 5, 4), draw(2, 5, 4) + 1, draw(2, 5, 4) * 2)
    yield "Mult", L.Mult, pair(5, 4)
    yield "MatMul", L.MatMul, (draw(5, 4), draw(4, 3))
    yield "Concat(1)", lambda: L.Concat(1), pair(5, 4)
    yield "CosineSimilarity", L.CosineSimilarity, pair(5, 4)
    for name in ("Maximum", "Average", "Minimum"):
        yield (
            f"Pooling2D({name}(), strides=2)",
            lambda name=name: L.Pooling2D(getattr(P, name)(), 2, (3, 6, 4), 2),
            draw(2, 3, 6, 4),
        )
    yield "Upsampling2D(2)", lambda: L.Upsampling2D(2), draw(2, 3, 4, 5)
    yield "Dropout(0.3)", lambda: L.Dropout(0.3), draw(5, 4)
    yield "Container(ReLU())", lambda: L.Container(A.ReLU()), draw(5, 4)
    yield "Container(Sigmoid())", lambda: L.Container(A.Sigmoid()), draw(5, 4)
    for name in ("BinaryCrossEntropy", "CrossEntropy", "Huber", "KLDivergence", "MeanAvgErr", "MeanSquareErr"):
        yield name, getattr(S, name), (ONE_HOT if "Cross" in name else _shares(4, 3), _shares(3, 4).T)
    for name, cls in inspect.getmembers(A, lambda cls: inspect.isclass(cls) and cls is not A.Activation):
        yield f"{name}()", cls, 3 * draw(5, 4), HANDED_OUTPUT


def _run(layer: Any, x: Array) -> Array:
    layer.input = x
    layer.forward_pass()
    return layer.output


def _pulled(layer: Any, dy: Array) -> Array:
    layer.dloss_dout = dy
    layer.backward_pass()
    layer.calc_param_grads()
    return layer.dloss_din


def _weights(layer: Any) -> dict[str, Array]:
    return {"weights": layer.dloss_dweights} if hasattr(layer, "weights") else {}


ATTRIBUTES = Convention(forward=_run, backward=_pulled, gradients=_weights)


def dl_with_numpy() -> Iterator[Made]:
    """forward_pass() and backward_pass() take and return nothing: a Convention says where things are."""
    L, A = (import_module(f"dl_with_numpy.{part}") for part in ("linear_layer", "activation_functions"))
    yield "LinearLayer", lambda: L.LinearLayer(4, 3), draw(5, 4), ATTRIBUTES
    yield "SigmoidActivation", lambda: A.SigmoidActivation(4), draw(5, 4), ATTRIBUTES


PACKAGES = (
    Package("numpy-ml", "0.1.2", "numpy_ml", numpy_ml),
    Package("neuralnetlib", "5.0.0", "neuralnetlib", neuralnetlib),
    Package("mpneuralnetwork", "1.1.1", "mpneuralnetwork", mpneuralnetwork),
    Package("nnfs-implementation", "0.0.1", "nnfs", nnfs),
    Package("dl-with-numpy", "0.0.3", "dl_with_numpy", dl_with_numpy),
    Package("caspian-ml", "1.1.0", "caspian", caspian),
)
