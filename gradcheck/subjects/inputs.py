"""What forward is called with: its arguments, and the float arrays in them, which are leaves."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array, another, is_float_array
from gradcheck.base.errors import UsageError
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.spelling import is_predicted_name, is_switch_name, is_truth_name, positional
from gradcheck.subjects.trees import copied


@dataclass(frozen=True, eq=False)
class Inputs:
    """The arguments of forward.

    names: as forward spells them · arguments: ours, perturbed in place · leaves: the float arrays in them
    owners: the argument that each leaf is in · keywords: handed over by name.
    """

    names: tuple[str, ...]
    arguments: tuple[Any, ...]
    leaves: tuple[Leaf, ...]
    owners: tuple[int, ...]
    keywords: bool = False

    def handed(self, *, elsewhere: bool = False) -> list[Any]:
        """Copies of the arguments, or other numbers of the same shapes."""
        return [_moved(a) if elsewhere else copied(a) for a in self.arguments]

    def moved(self, values: Mapping[str, Array]) -> tuple[Any, ...]:
        """The arguments with other arrays in the places of these leaves, by name."""
        drawn = {id(leaf.array): values[leaf.name] for leaf in self.leaves if leaf.name in values}
        return tuple(_exchanged(argument, drawn) for argument in self.arguments)

    def as_x(self, arguments: tuple[Any, ...]) -> Any:
        """Arguments in the form in which a layer's x is given."""
        if self.keywords:
            return dict(zip(self.names, arguments, strict=True))
        return arguments[0] if len(arguments) == 1 else arguments

    def renamed(self, taken: Container[str]) -> tuple[Leaf, ...]:
        """The leaves, named input0, input1, ... where a parameter has the name of one of them."""
        if any(leaf.name in taken for leaf in self.leaves):
            for number, leaf in enumerate(self.leaves):
                leaf.name = f"input{number}" if len(self.leaves) > 1 else "input"
        return self.leaves

    def call(self, forward: Callable[..., Any], handed: Sequence[Any]) -> Any:
        """Forward of these very arguments."""
        if self.keywords:
            return forward(**dict(zip(self.names, handed, strict=True)))
        return forward(*handed)

    def of(self, number: int) -> list[Leaf]:
        """The leaves in one argument."""
        return [leaf for leaf, owner in zip(self.leaves, self.owners, strict=True) if owner == number]

    @property
    def predicted(self) -> int | None:
        """The argument that a loss or a derivative belongs to: by its name, else the first float that is no truth."""
        owners = list(dict.fromkeys(self.owners))
        named = [i for i in owners if is_predicted_name(self.names[i])]
        others = [i for i in owners if not is_truth_name(self.names[i])]
        return next(iter([*named, *others, *owners]), None)


def layer_inputs(forward: Callable[..., Any], x: Any) -> Inputs:
    """The x of a layer: an array; a tuple, one item an argument of forward; a dict, by forward's own names."""
    names = [p.name for p in positional(forward) or []]
    if isinstance(x, dict) and x and all(name in names or len(names) == 0 for name in x):
        order = [name for name in names if name in x] or list(x)
        return _inputs(tuple(order), tuple(x[name] for name in order), keywords=True)
    arguments = _spread(forward, x)
    names += [f"argument{i}" for i in range(len(names), len(arguments))]
    return _inputs(tuple(names[: len(arguments)]), arguments)


def function_inputs(forward: Callable[..., Any], arguments: Sequence[Any]) -> Inputs:
    """Arguments of a function: the first float is `input`, the others keep their own names."""
    names = [p.name for p in positional(forward) or []]
    names += [f"argument{i}" for i in range(len(names), len(arguments))]
    return _inputs(tuple(names[: len(arguments)]), tuple(arguments), function=True)


def _spread(forward: Callable[..., Any], x: Any) -> tuple[Any, ...]:
    parameters = [p for p in positional(forward) or [] if not is_switch_name(p.name)]
    required = [p for p in parameters if p.default is p.empty]
    several = isinstance(x, tuple | list) and any(isinstance(item, np.ndarray | tuple | list) for item in x)
    if several and isinstance(x, tuple) and (1 < len(x) <= len(parameters) or (not parameters and len(x) > 1)):
        return x
    if several and len(required) == len(x) > 1:
        return tuple(x)
    if several and len(required) > 1:
        raise UsageError(f"x=a {type(x).__name__} of {len(x)}: forward takes {len(required)} inputs "
                         f"({', '.join(p.name for p in required)}); give one item for each")  # fmt: skip
    if len(required) > 1:
        raise UsageError(
            f"x={_what(x)}: forward takes {len(required)} inputs ({', '.join(p.name for p in required)}); give them "
            f"as a tuple"
        )
    return (x if several and any(is_float_array(item) for item in x) else _array(x),)


def _array(x: Any) -> Any:
    return x if isinstance(x, dict) else np.asarray(x)


def _what(x: Any) -> str:
    return f"array({np.shape(x)})" if isinstance(x, np.ndarray) else f"a {type(x).__name__}"


def _inputs(
    names: tuple[str, ...],
    arguments: tuple[Any, ...],
    *,
    function: bool = False,
    keywords: bool = False,
) -> Inputs:
    ours = tuple(_own(a, numbers=function) for a in arguments)
    found = [(i, key, array) for i, a in enumerate(ours) for key, array in _places(a)]
    plain = len({i for i, _, _ in found}) == len(found)
    leaves: list[Leaf] = []
    for number, (i, key, array) in enumerate(found):
        if function:
            name = "input" if number == 0 and not key else f"{names[i]}{key}"
            leaves.append(Leaf(name, Role.INPUT if number == 0 else Role.PARAMETER, array))
        else:
            name = names[i] if plain and not names[i].startswith("argument") else f"input{number}"
            leaves.append(Leaf("input" if len(found) == 1 else name, Role.INPUT, array))
    return Inputs(names, ours, tuple(leaves), tuple(i for i, _, _ in found), keywords)


def _own(argument: Any, *, numbers: bool) -> Any:
    if numbers and isinstance(argument, float):
        return np.array(argument)
    return copied(argument)


def _places(argument: Any) -> Iterator[tuple[str, Array]]:
    """Float arrays of an argument with their keys; of a dict only where all that it holds is float arrays."""
    if is_float_array(argument):
        yield "", argument
    elif isinstance(argument, tuple | list):
        for number, item in enumerate(argument):
            yield from ((f"[{number}]{key}", array) for key, array in _places(item))
    elif isinstance(argument, Mapping) and argument and all(is_float_array(v) for v in argument.values()):
        yield from ((f"[{key!r}]", array) for key, array in argument.items())


def _moved(argument: Any) -> Any:
    if isinstance(argument, dict):
        return {key: _moved(value) for key, value in argument.items()}
    if isinstance(argument, tuple | list):
        return type(argument)(map(_moved, argument)) if not hasattr(argument, "_fields") else copied(argument)
    return another(argument)


def _exchanged(argument: Any, drawn: Mapping[int, Array]) -> Any:
    if isinstance(argument, dict):
        return {key: _exchanged(value, drawn) for key, value in argument.items()}
    if isinstance(argument, tuple | list) and not hasattr(argument, "_fields"):
        return type(argument)(_exchanged(value, drawn) for value in argument)
    return drawn.get(id(argument), argument)
