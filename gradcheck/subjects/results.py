"""Which result of a backward is the gradient of what: by name, by place, by shape."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from gradcheck.base.errors import Failure, LayerError
from gradcheck.subjects.inputs import Inputs
from gradcheck.subjects.leaf import Leaf
from gradcheck.subjects.no_input import parameters_alone
from gradcheck.subjects.spelling import gradient_names
from gradcheck.subjects.trees import floats

_OF_INPUT = ("dx", "dX", "dinput", "dinputs", "d_input", "d_inputs", "grad_input", "input_grad", "input_gradient",
             "input_error", "dA_prev", "dprev", "d_prev", "dprev_layer", "gx", "in_grad")  # fmt: skip
_NESTED = (Mapping, tuple, list)
_MOST_SHUFFLED = 6  # results whose order is sought among the shapes


@dataclass(eq=False)
class Results:
    """Reads what one backward returns.

    names: what its return statement calls the results · parameters: may some of them belong to parameters?
    owner: the layer that holds these.
    """

    inputs: Inputs
    who: str
    names: tuple[str, ...] | None = None
    parameters: bool = True
    notes: list[str] = field(default_factory=list)
    owner: Any = None
    _alone: bool | None = None
    _order: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def split(self, returned: Any) -> tuple[dict[str, Any], Any]:
        """(gradient of each input leaf that has one, what belongs to parameters or None)."""
        leaves = self.inputs.leaves
        if hasattr(returned, "_asdict"):
            returned = returned._asdict()
        if isinstance(returned, Mapping):
            keyed = self._keyed(returned)
            return (keyed, None) if keyed is not None else self._named(returned)
        if self._lacks_input(returned):
            named = self.names is not None and isinstance(returned, tuple)
            return {}, dict(zip(self.names or (), returned, strict=True)) if named else returned
        if not isinstance(returned, tuple | list):
            return ({leaves[0].name: returned} if leaves else {}), None
        if isinstance(returned, list) and len(self.inputs.arguments) == 1 and len(leaves) == len(returned):
            return self._placed(returned, leaves), None
        if self._is_one_of_all(returned):
            return self._placed(returned, leaves), None
        by_name = self._by_names(returned)
        return by_name if by_name is not None else self._by_place(list(returned))

    def _lacks_input(self, returned: Any) -> bool:
        """See parameters_alone; told once."""
        if self._alone is None:
            leaves = self.inputs.leaves
            self._alone = self.parameters and parameters_alone(returned, self.names, leaves, self.owner)
        return self._alone

    def _is_one_of_all(self, returned: Sequence[Any]) -> bool:
        """A tuple for the one argument that is a tuple itself, of arrays of these shapes: forward((x, residual))."""
        shapes = [leaf.shape for leaf in self.inputs.leaves]
        alone = len(self.inputs.arguments) == 1 and len(shapes) > 1
        return alone and [np.shape(g) if _is_array(g) else None for g in returned] == shapes

    def _keyed(self, returned: Mapping[Any, Any]) -> dict[str, Any] | None:
        """For the one argument that is a dict itself, a dict of the same keys; None where it is another."""
        held = self.inputs.arguments[0] if len(self.inputs.arguments) == 1 else None
        leaves = self.inputs.leaves
        if not isinstance(held, Mapping) or held.keys() != returned.keys() or len(leaves) != len(held):
            return None
        return {leaf.name: returned[key] for leaf, key in zip(leaves, held, strict=True)}

    def _named(self, returned: Mapping[Any, Any]) -> tuple[dict[str, Any], Any]:
        """A dict: by the leaves' names or those of their gradients; the rest is the parameters'."""
        found: dict[str, Any] = {}
        rest = dict(returned)
        for number, leaf in enumerate(self.inputs.leaves):
            key = next((k for k in rest if self._means(str(k), leaf, number)), None)
            if key is not None and leaf.name not in found:
                found |= self._of(number, rest.pop(key))
        return found, rest if rest and self.parameters else None

    def _means(self, word: str, leaf: Leaf, number: int, *, own: bool = True) -> bool:
        """Does a word name this leaf's gradient, or (own) the leaf itself?"""
        name = self.inputs.names[self.inputs.owners[number]]
        spelled = (name, leaf.name, _key(leaf.name))
        known = {word for one in spelled for word in gradient_names(one, short=False)}
        return word in known or (own and word in (leaf.name, name)) or (number == 0 and word in _OF_INPUT)

    def _by_names(self, returned: Sequence[Any]) -> tuple[dict[str, Any], Any] | None:
        """By what the return statement calls them; None where not every result is told so."""
        if self.names is None or len(self.names) != len(returned):
            return None
        found: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for word, value in zip(self.names, returned, strict=True):
            leaves = enumerate(self.inputs.leaves)
            free = (i for i, leaf in leaves if leaf.name not in found and self._means(word, leaf, i, own=False))
            number = next(free, None)
            if number is not None:
                found |= self._of(number, value)
            else:
                rest[word] = value
        if not self.parameters and not rest and self._fits_in_order(returned, list(found)):
            return None
        self._say_order(list(found))
        missed = [leaf for leaf in self.inputs.leaves if leaf.name not in found]
        others = [value for value in rest.values() if floats(value)]
        if (not self.parameters and others and missed) or (self.inputs.leaves and not found):
            return None
        if not self.parameters:
            return found, None
        nested = [v for v in others if isinstance(v, list | tuple | dict)]
        return found, (nested[0] if nested and len(others) == 1 else rest) if others else None

    def _fits_in_order(self, returned: Sequence[Any], names: list[str]) -> bool:
        """Of functions: named in another order than the arguments', though the shapes fit that one. Order decides.

        A caller goes by the order; where it mixes two arguments up, that is the fault.
        """
        wanted = self.inputs.leaves
        mixed = [leaf.name for leaf in wanted] != names
        return mixed and [np.shape(value) for value in returned] == [leaf.shape for leaf in wanted]

    def _say_order(self, names: list[str]) -> None:
        """Read by name though the order is another: said, for whoever goes by the order gets them mixed up."""
        usual = [leaf.name for leaf in self.inputs.leaves if leaf.name in names]
        if names != usual and not self.notes:
            self.notes.append(
                f"{self.who} returns its gradients in the order {', '.join(names)}, not in that of the arguments; they "
                f"are read by the names in its return statement"
            )

    def _by_place(self, returned: list[Any]) -> tuple[dict[str, Any], Any]:
        """One an argument, or one a float argument; what comes after them is the parameters'."""
        inputs = self.inputs
        owners = list(dict.fromkeys(inputs.owners))
        if len(returned) == len(inputs.arguments) and len(returned) > len(owners):
            returned = [returned[i] for i in owners]
        if len(returned) == len(owners):
            return self._arguments(returned, owners), None
        if self.parameters and len(returned) > len(owners):
            first, rest = returned[: len(owners)], returned[len(owners) :]
            return self._arguments(first, owners), rest[0] if len(rest) == 1 and not _is_array(rest[0]) else rest
        if self.parameters and len(returned) < len(owners):
            return self._arguments(returned, owners[: len(returned)]), None
        raise LayerError(
            Failure(
                "TypeError",
                f"{self.who} returned {len(returned)} gradients; {len(inputs.arguments)} are needed, one for each "
                f"argument in order (or {len(owners)}, one for each float argument)",
            )
        )

    def _arguments(self, returned: Sequence[Any], owners: Sequence[int]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        plain = [self.inputs.of(i) for i in owners]
        if all(len(leaves) == 1 for leaves in plain) and not any(isinstance(value, Mapping) for value in returned):
            return self._placed(returned, [leaves[0] for leaves in plain])
        for value, owner in zip(returned, owners, strict=True):
            found |= self._inside(value, owner)
        return found

    def _of(self, number: int, value: Any) -> dict[str, Any]:
        """A leaf's gradient, or those of all leaves in its argument: dparams, a dict as params is one."""
        owner = self.inputs.owners[number]
        nested = isinstance(value, _NESTED) and isinstance(self.inputs.arguments[owner], _NESTED)
        return self._inside(value, owner) if nested else {self.inputs.leaves[number].name: value}

    def _inside(self, value: Any, owner: int) -> dict[str, Any]:
        """The gradients of the leaves in one argument."""
        leaves, held = self.inputs.of(owner), self.inputs.arguments[owner]
        if isinstance(value, Mapping) and isinstance(held, Mapping):
            return {leaf.name: _looked_up(value, key) for leaf, key in zip(leaves, held, strict=True)}
        if len(leaves) == 1:
            return {leaves[0].name: value}
        return self._placed(value, leaves) if isinstance(value, tuple | list) else {}

    def _placed(self, returned: Sequence[Any], leaves: Sequence[Leaf]) -> dict[str, Any]:
        """In order; in the one other order that fits the shapes where this one does not."""
        if len(returned) not in self._order:
            self._order[len(returned)] = order_by_shape([np.shape(v) for v in returned], [x.shape for x in leaves])
        order = self._order[len(returned)]
        return {leaf.name: returned[i] for leaf, i in zip(leaves, order, strict=False)}


def order_by_shape(given: Sequence[tuple[int, ...]], wanted: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Which of `given` belongs to each of `wanted`: as they stand, or in the only other order that fits."""
    plain = tuple(range(len(given)))
    if len(given) != len(wanted) or len(given) > _MOST_SHUFFLED or list(given) == list(wanted):
        return plain
    fits = [p for p in itertools.permutations(plain) if all(given[i] == w for i, w in zip(p, wanted, strict=True))]
    return fits[0] if len(fits) == 1 else plain


def result_names(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """What the return statements of a function call its results, where they all agree: `return dx, dW` -> dx, dW."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return None if code is None else _names_in(code)


@lru_cache(maxsize=1024)
def _names_in(code: CodeType) -> tuple[str, ...] | None:
    """The same; to parse a source takes as long as many forwards, and a layer's class is met again and again."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    if not tree.body or not isinstance(tree.body[0], ast.FunctionDef):
        return None
    found = {_names(node.value) for node in _own_returns(tree.body[0]) if node.value is not None}
    return next(iter(found)) if len(found) == 1 else None


def _own_returns(function: ast.FunctionDef) -> list[ast.Return]:
    inner = {r for f in ast.walk(function) if f is not function and isinstance(f, ast.FunctionDef | ast.Lambda)
             for r in ast.walk(f)}  # fmt: skip
    return [node for node in ast.walk(function) if isinstance(node, ast.Return) and node not in inner]


def _names(value: ast.expr) -> tuple[str, ...] | None:
    if not isinstance(value, ast.Tuple):
        return None
    words = [_word(item) for item in value.elts]
    named = [word for word in words if word is not None]
    return tuple(named) if len(set(named)) == len(words) else None


def _word(item: ast.expr) -> str | None:
    """`dx`, `self.dW` -> dW; None stands for no gradient; an expression has no name."""
    if isinstance(item, ast.Attribute):
        return item.attr
    if isinstance(item, ast.Constant) and item.value is None:
        return f"None {item.col_offset}"
    return item.id if isinstance(item, ast.Name) else None


def _looked_up(value: Mapping[Any, Any], key: Any) -> Any:
    return next((value[k] for k in (key, *gradient_names(str(key))) if k in value), None)


def _key(name: str) -> str:
    """`parameters['Wax']` -> Wax."""
    return name.rpartition("[")[2].strip("]'\"")


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | float | int)
