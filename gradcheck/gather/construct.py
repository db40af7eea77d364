"""Constructor parameters -> values: a table of the names that people use, then what annotations and words tell."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcheck.gather.choices import choices
from gradcheck.gather.naming import parameters_of
from gradcheck.gather.sizes import SETS, Sizes

Value = Callable[[Sizes], Any]

DEPTH_OUT = ("layer_depth", "depth", "out_channels", "output_channels", "output_depth", "out_depth", "num_filters",
              "n_filters", "nb_filters", "filters", "num_kernels", "n_kernels", "out_channel", "c_out", "Cout",
              "num_filter")  # fmt: skip
_DEPTH_IN = ("in_channels", "input_channels", "input_depth", "in_depth", "channels", "n_channels", "num_channels",
             "in_channel", "c_in", "Cin")  # fmt: skip
N_IN = ("in_features", "input_size", "n_in", "n_inputs", "num_inputs", "input_dim", "in_dim", "in_size", "fan_in",
         "nin", "input_features", "n_features", "num_features", "features", "size", "dim", "n", "d_model",
         "embed_dim", "normalized_shape", "dim_in", "n_input", "input_len", "D_in")  # fmt: skip
N_OUT = ("out_features", "output_size", "n_out", "n_outputs", "num_outputs", "output_dim", "out_dim", "out_size",
          "fan_out", "nout", "output_features", "units", "n_units", "num_units", "n_neurons", "neurons",
          "num_classes", "n_classes", "dim_out", "n_output", "output_len", "nodes", "D_out")  # fmt: skip
_HIDDEN = ("hidden_size", "hidden_dim", "n_hidden", "hidden", "hidden_units", "d_ff")
WINDOW = ("kernel_shape", "pool_shape", "kernel_size", "pool_size", "filter_size", "filter_shape", "window",
           "window_size", "pool", "kernel")  # fmt: skip
_RATE = ("rate", "p", "drop_prob", "dropout_rate", "drop_rate", "dropout", "prob", "dropout_prob")


def _table() -> dict[str, Value]:
    table: dict[str, Value] = {}
    table |= dict.fromkeys(DEPTH_OUT, lambda s: s.depth_out)
    table |= dict.fromkeys(_DEPTH_IN, lambda s: s.depth_in)
    table |= dict.fromkeys(N_IN, lambda s: s.n_in)
    table |= dict.fromkeys(N_OUT, lambda s: s.n_out)
    table |= dict.fromkeys(_HIDDEN, lambda s: s.hidden)
    table |= dict.fromkeys(WINDOW, lambda s: s.kernel)
    table |= dict.fromkeys(("height", "input_height", "in_height"), lambda s: s.height)
    table |= dict.fromkeys(("width", "input_width", "in_width"), lambda s: s.width)
    table |= dict.fromkeys(("num_embeddings", "vocab_size", "num_words"), lambda s: s.height + 1)
    table |= dict.fromkeys(("embedding_dim", "embedding_size", "embed_size"), lambda s: s.n_in)
    table |= dict.fromkeys(("input_shape", "shape", "in_shape", "output_shape", "out_shape"), lambda s: s.image)
    table |= dict.fromkeys(("batch_size",), lambda s: s.batch)
    return table


SHAPE_LIKE = _table()  # these vary with the sizes, also where they have a default
VARIED: Mapping[str, int] = {"stride": 2, "strides": 2, "padding": 1, "pad": 1}
_FIXED: dict[str, Value] = {
    **dict.fromkeys(_RATE, lambda _: 0.3),
    **dict.fromkeys(("keep_prob", "keep_rate"), lambda _: 0.7),
    **dict.fromkeys(("stride", "strides"), lambda _: 1),
    **dict.fromkeys(("padding", "pad"), lambda _: 0),
    **dict.fromkeys(("learning_rate", "lr", "eta"), lambda _: 0.1),
    **dict.fromkeys(("eps", "epsilon"), lambda _: 1e-5),
    **dict.fromkeys(("alpha", "negative_slope", "slope"), lambda _: 0.3),
    **dict.fromkeys(("momentum", "beta", "decay"), lambda _: 0.9),
    **dict.fromkeys(("bias", "use_bias", "training", "train", "is_training"), lambda _: True),
    **dict.fromkeys(("seed", "random_state", "random_seed"), lambda _: 0),
    **dict.fromkeys(("rng", "generator", "random_generator"), lambda _: np.random.default_rng(0)),
    **dict.fromkeys(("axis",), lambda _: -1),
    **dict.fromkeys(("name",), lambda _: "layer"),
    **dict.fromkeys(("dtype",), lambda _: np.float64),
    **dict.fromkeys(("n_heads", "num_heads", "heads", "groups", "num_groups"), lambda _: 1),
}
_ALWAYS = frozenset({"seed", "random_state", "random_seed"})  # a default of None would differ at every run
IMAGES = frozenset({*DEPTH_OUT, *_DEPTH_IN, *WINDOW, "stride", "strides", "padding", "pad"})


def activation(x: Any) -> Any:
    """Our own tanh, for classes that want an activation."""
    return np.tanh(x)


def activation_prime(x: Any) -> Any:
    """Its derivative, 1 - tanh² x."""
    return 1 - np.tanh(x) ** 2


def wants_activation(cls: type) -> bool:
    """Does the constructor take a function and its derivative?"""
    return {"activation", "activation_prime"} <= {p.name for p in parameters_of(cls)}


def unknown_parameters(cls: type) -> list[str]:
    """The required parameters for which no value is known."""
    known = {*SHAPE_LIKE, *_FIXED, "activation", "activation_prime"}
    required = [p for p in parameters_of(cls) if p.default is inspect.Parameter.empty and p.name not in known]
    return [p.name for p in required if not choices(cls, p)]


def arguments_for(cls: type, sizes: Sizes, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the parameters that need one, or that are shape-like; `given` goes before the table."""
    values: dict[str, Any] = {}
    for parameter in parameters_of(cls):
        value = _value(parameter, sizes, given)
        if value is inspect.Parameter.empty and parameter.default is inspect.Parameter.empty:
            value = _chosen(cls, parameter, sizes)
        if value is not inspect.Parameter.empty:
            values[parameter.name] = value
    return values


def _value(parameter: inspect.Parameter, sizes: Sizes, given: Mapping[str, Any]) -> Any:
    """What to pass; Parameter.empty leaves the default."""
    name, required = parameter.name, parameter.default is inspect.Parameter.empty
    if name in given and (required or _replaces(parameter.default, given[name], sizes)):
        return given[name]
    if sizes.vary and name in VARIED and (required or type(parameter.default) is int):
        return VARIED[name]
    if name in SHAPE_LIKE and (required or _replaces(parameter.default, SHAPE_LIKE[name](sizes), sizes)):
        return SHAPE_LIKE[name](sizes)
    return _FIXED[name](sizes) if name in _FIXED and (required or name in _ALWAYS) else inspect.Parameter.empty


def _chosen(cls: type, parameter: inspect.Parameter, sizes: Sizes) -> Any:
    """Of the values that its annotation or its class's source tells, another at each set of sizes."""
    values = choices(cls, parameter)
    number = SETS.index(sizes) if sizes in SETS else 0
    return values[number % len(values)] if values else inspect.Parameter.empty


def _replaces(default: object, value: object, sizes: Sizes) -> bool:
    """May a value of ours stand where there is a default? Only one of its kind: an int for an int."""
    if sizes.defaults or default is None or isinstance(default, bool):
        return False
    if isinstance(default, tuple) and isinstance(value, tuple):
        return len(default) == len(value)
    return isinstance(default, int) and isinstance(value, int)
