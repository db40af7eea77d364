"""Functions paired by name: `f`/`f_prime`, `f`/`f_derivative`, `x_forward`/`x_backward`."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

from gradcheck.base.randomness import stream
from gradcheck.gather.cases import draw
from gradcheck.gather.family import CannotBuildError, Reading
from gradcheck.gather.losses import ids_below
from gradcheck.gather.naming import call, distinct, parameters_of
from gradcheck.gather.problem import Problem
from gradcheck.gather.snippet import function_snippet
from gradcheck.gather.specimen import Case, FunctionSpecimen
from gradcheck.subjects.results import result_names
from gradcheck.subjects.spelling import gradient_names, is_truth_name

Function = Callable[..., Any]
_SUFFIXES = ("_prime", "_derivative", "_deriv", "_der", "_grad", "_gradient", "_backward")
_PREFIXES = ("grad_", "d_", "derivative_of_")
_SCORES = ((4, 3), (3, 5), (1, 2))
_SHAPES = ((2, 3), (5,), (1,), (3, 2, 4))
_SIZES = ({"N": 4, "D": 5, "M": 3}, {"N": 3, "D": 2, "M": 6}, {"N": 1, "D": 1, "M": 1})
_IMAGE = {"C": 3, "H": 5, "W": 6, "F": 2, "K": 3, "L": 2}
_LAYOUTS: Mapping[str, str] = {"x": "ND", "X": "ND", "w": "DM", "W": "DM", "b": "M", "gamma": "D", "beta": "D"}
_CONV: Mapping[str, str] = {"x": "NCHW", "w": "FCKL", "b": "F"}
_SETTINGS: Mapping[str, dict[str, Any]] = {
    "conv_param": {"stride": 1, "pad": 1},
    "pool_param": {"pool_height": 2, "pool_width": 2, "stride": 2},
    "bn_param": {"mode": "train"},
    "ln_param": {},
    "dropout_param": {"p": 0.6, "mode": "train", "seed": 0},
}


def function_pairs(module: ModuleType) -> dict[str, tuple[Function, Function | None]]:
    """Forward's name -> (forward, backward), of functions defined in the module.

    backward is None for a loss that returns (value, gradient) itself, as its return statement says.
    """
    own = {n: f for n, f in vars(module).items() if isinstance(f, FunctionType) and f.__module__ == module.__name__}
    pairs: dict[str, tuple[Function, Function | None]] = dict(_paired(own))
    alone = {n: f for n, f in own.items() if n not in pairs and "loss" in n and _gives_gradient(f)}
    return pairs | {name: (function, None) for name, function in alone.items()}


def activations(module: ModuleType) -> list[tuple[Function, Function]]:
    """Pairs of one argument each that the module defines or imports."""
    functions = {n: f for n, f in vars(module).items() if isinstance(f, FunctionType) or type(f).__name__ == "ufunc"}
    pairs = _paired(functions).items()
    return [pair for name, pair in pairs if not name.endswith("_forward") and _takes(pair[0], 1) and _takes(pair[1], 1)]


def function_readings(name: str, pair: tuple[Function, Function | None], target: str) -> list[Reading]:
    """The cases of one pair.

    Raises:
        CannotBuildError: the arguments cannot be guessed from the parameters.
    """
    forward, backward = pair
    made = _arguments(name, forward, backward)
    if not made:
        raise _unguessable(name, pair, target)
    names = distinct(call(name, dict(zip(_required(forward), arguments, strict=False))) for arguments in made)
    cases = (
        Case(title, number, partial(FunctionSpecimen, forward, backward, arguments))
        for number, (title, arguments) in enumerate(zip(names, made, strict=True))
    )
    return [Reading(tuple(cases), 1)]


def _arguments(name: str, forward: Function, backward: Function | None) -> list[tuple[Any, ...]]:
    """What to call them with; nothing where that cannot be guessed."""
    if backward is None:
        return [(draw(shape), ids_below(shape)) for shape in _SCORES] if _takes(forward, 2) else []
    if name.endswith("_forward"):
        return _staged(forward)
    if _takes(forward, 1) and (_takes(backward, 1) or backward.__name__.endswith("_backward")):
        return [(draw(shape),) for shape in _SHAPES]
    if _takes(forward, 2) and _takes(backward, 2):
        return [_loss_arguments(shape) for shape in _SHAPES]
    return _staged(forward)


def _gives_gradient(function: Function) -> bool:
    """Do its return statements say (value, gradient) for two parameters, the second a truth?"""
    names, required = result_names(function), _required(function)
    return (
        names is not None
        and len(names) == len(required) == 2
        and is_truth_name(required[1])
        and names[1] in gradient_names(required[0])
    )


def _paired(functions: Mapping[str, Function]) -> dict[str, tuple[Function, Function]]:
    pairs = {}
    for name, function in functions.items():
        partners = [*(name + suffix for suffix in _SUFFIXES), *(prefix + name for prefix in _PREFIXES)]
        if name.endswith("_forward"):
            partners.append(name.removesuffix("_forward") + "_backward")
        partner = next((functions[other] for other in partners if other in functions), None)
        if partner is not None:
            pairs[name] = (function, partner)
    return pairs


def _required(function: Function) -> list[str]:
    return [p.name for p in parameters_of(function) if p.default is inspect.Parameter.empty]


def _takes(function: Function, number: int) -> bool:
    """Can it be called with this many positional arguments?"""
    try:
        inspect.signature(function).bind(*range(number))
    except TypeError:
        return False
    except ValueError:  # a ufunc: no signature
        return getattr(function, "nin", None) == number
    return len(_required(function)) == number or (not _required(function) and number == 1)


def _loss_arguments(shape: tuple[int, ...]) -> tuple[Any, ...]:
    """y_true and y_pred inside (0, 1), where logarithms are at home too."""
    generator = stream(0, "loss", shape)
    return generator.uniform(0.1, 0.9, size=shape), generator.uniform(0.1, 0.9, size=shape)


def _staged(forward: Function) -> list[tuple[Any, ...]]:
    """Arguments of x_forward(x, w, b, ...) by their names; none where a name is unknown."""
    names = _required(forward)
    images = bool({"conv_param", "pool_param"} & set(names))
    layouts = _CONV if images else _LAYOUTS
    if not names or any(name not in layouts and name not in _SETTINGS for name in names):
        return []
    sets = [{**_IMAGE, **sizes} for sizes in _SIZES[: 1 if images else None]]
    return [tuple(_argument(name, layouts, sizes) for name in names) for sizes in sets]


def _argument(name: str, layouts: Mapping[str, str], sizes: Mapping[str, int]) -> Any:
    if name in _SETTINGS:
        return dict(_SETTINGS[name])
    return draw(tuple(sizes[axis] for axis in layouts[name])) + (0.1 if name in ("gamma", "beta") else 0.0)


def _unguessable(name: str, pair: tuple[Function, Function | None], target: str) -> CannotBuildError:
    forward, backward = pair[0], pair[1] or pair[0]
    names = [p.name for p in parameters_of(forward)]
    snippet = function_snippet(name, backward.__name__, names)
    message = (
        f"{name}({', '.join(names)}) and {backward.__name__} make a pair, but what to call them with cannot be guessed "
        f"from these names.\nSay it in their module, for example:\n{snippet}"
    )
    return CannotBuildError(Problem(target, "CannotBuild", message))
