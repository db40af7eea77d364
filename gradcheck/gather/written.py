"""A case as Python that can be pasted: a gradcheck_cases(), and a test for pytest."""

import enum
import inspect
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.gather.construct import activation, activation_prime

_MOST = 1000  # entries of an array that is written out
_GLOBAL: Any = getattr(random.seed, "__self__", None)  # the generator that the module's functions draw from
_WIDTH = 74  # of a line of code, which stands indented in a report
_OURS = {activation: "np.tanh", activation_prime: "lambda x: 1 - np.tanh(x) ** 2"}


class UnwritableError(ValueError):
    """A value for which there is no expression."""


@dataclass(frozen=True)
class Written:
    """What a case is made of, as expressions.

    parts: the layer and its input (the layer alone where it tells its own), or forward, backward and their arguments
    names: what they take from the module `home` · after: statements about `layer`, once it is made · draws: does that
    module draw from Python's own `random`, which is seeded then too?
    """

    parts: tuple[str, ...]
    names: frozenset[str]
    home: str
    after: tuple[str, ...] = ()
    draws: bool = False


@dataclass(frozen=True)
class Place:
    """Where the names come from.

    module: what to import, "" where the file has no such name · file: as spelled · folder: what must be on the path,
    "" where that is the current one.
    """

    module: str
    file: str
    folder: str = ""


def case_lines(written: Written, seed: int) -> str:
    """The gradcheck_cases() with this one case."""
    parts, made = written.parts, ""
    if written.after:
        made = _statements([f"layer = {_opened(parts[0], 4, 8)}", *written.after])
        parts = ("layer", *parts[1:])
    line = f"    yield {', '.join(parts)}"
    if len(line) > _WIDTH and len(parts) > 1:
        line = "\n".join(["    yield (", *(_broken(part, 8) for part in parts), "    )"])
    seeds = _statements([*(["import random", ""] if written.draws else []), *_seeds(written, seed)])
    return f"def gradcheck_cases():\n{seeds}{made}{line}"


def draws_from_random(home: Mapping[str, Any]) -> bool:
    """Does a module have `random`, or a function of it, by any name?"""
    return any(value is random or getattr(value, "__self__", None) is _GLOBAL for value in home.values())


def _seeds(written: Written, seed: int) -> list[str]:
    return [*([f"random.seed({seed})"] if written.draws else []), f"np.random.seed({seed})"]


def _statements(lines: Sequence[str]) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in lines)


def pytest_lines(written: Written, place: Place, options: Mapping[str, str], seed: int) -> str:
    """A whole test file; options: arguments of assert_gradients that are not its defaults, as expressions."""
    more = "".join(f", {name}={code}" for name, code in options.items())
    names = ("layer", "x") if len(written.parts) < 3 else ("", "", "arguments")
    named = [(name, part) for name, part in zip(names, written.parts, strict=False) if name]
    body = [f"    {name} = {_opened(part, 4, len(name) + 3)}" for name, part in named]
    body[1:1] = _statements(written.after).splitlines()
    handed = ", ".join(name or part for name, part in zip(names, written.parts, strict=False))
    name = re.split(r"\W", written.parts[0])[0].lower()
    head = [*_imports(written, place), "", "", f"def test_{name}_found_by_search():"]
    head += _statements(_seeds(written, seed)).splitlines()
    return "\n".join([*head, *body, f"    assert_gradients({handed}{more})"])


def _imports(written: Written, place: Place) -> list[str]:
    names = sorted(written.names)
    ours = "from gradcheck import assert_gradients"
    python = ["import random"] if written.draws else []
    if not place.module:
        taken = [f'{name} = runpy.run_path("{place.file}")["{name}"]' for name in names]
        return [*python, "import runpy", "", "import numpy as np", "", ours, "", *taken]
    told = [f"# needs {place.folder} on the path: pythonpath in pytest's configuration"] if place.folder else []
    python += [""] if python else []
    return [*python, "import numpy as np", "", ours, *told, f"from {place.module} import {', '.join(names)}"]


def _broken(code: str, indent: int) -> str:
    """One item of a tuple on a line of its own."""
    return f"{' ' * indent}{_opened(code, indent)},"


def _opened(code: str, indent: int, before: int = 0) -> str:
    """A call whose arguments do not fit into one line, one a line; before: characters of the line already taken."""
    match = re.fullmatch(r"([\w.]+)\((\w+=.*)\)", code)
    if indent + before + len(code) < _WIDTH or match is None:
        return code
    arguments = re.split(r", (?=[a-z_A-Z]\w*=)", match[2])
    inside = "".join(f"\n{' ' * (indent + 4)}{argument}," for argument in arguments)
    return f"{match[1]}({inside}\n{' ' * indent})"


def call_code(cls: type, arguments: Mapping[str, Any], names: set[str]) -> str:
    """`ConvLayer(input_shape=(3, 3, 1), stride=2)`; what it needs of the class's module is added to `names`.

    Raises:
        UnwritableError: an argument for which there is no expression.
    """
    names.add(cls.__name__)
    inside = (f"{key}={code_of(value, cls.__module__, names)}" for key, value in arguments.items())
    return f"{cls.__name__}({', '.join(inside)})"


def code_of(value: Any, home: str, names: set[str]) -> str:
    """An expression that makes the value again, from numpy as np and names of the module `home`."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.random.Generator):
        return "np.random.default_rng(0)"
    if isinstance(value, tuple | list):
        inside = ", ".join(code_of(item, home, names) for item in value)
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, dict):
        pairs = (f"{code_of(k, home, names)}: {code_of(v, home, names)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    return _plain(value) or _named(value, home, names)


def _plain(value: Any) -> str:
    """A number or a word; "" for anything else."""
    if isinstance(value, enum.Enum):
        return ""
    if isinstance(value, float) and not np.isfinite(value):
        return f'float("{float(value)}")'
    if isinstance(value, np.generic):
        return f"np.{value.dtype}({value.item()!r})"
    return repr(value) if isinstance(value, bool | int | float | complex | str | bytes | type(None)) else ""


def _array(value: Array) -> str:
    if value.dtype.kind not in "fiub" or value.size > _MOST or not np.all(np.isfinite(value)):
        raise UnwritableError(f"an array of shape {value.shape} and type {value.dtype}")
    if not value.size:
        return f"np.zeros({value.shape}, dtype=np.{value.dtype})"
    usual = value.dtype in (np.float64, np.int64, np.bool_)
    return f"np.array({value.tolist()!r}{'' if usual else f', dtype=np.{value.dtype}'})"


def _named(value: Any, home: str, names: set[str]) -> str:
    """A function, class or member of an Enum that the module has by its name, or that numpy has."""
    if inspect.isfunction(value) and value in _OURS:
        return _OURS[value]
    if isinstance(value, enum.Enum) and type(value).__module__ == home:
        names.add(type(value).__name__)
        return f"{type(value).__name__}.{value.name}"
    name = getattr(value, "__name__", "")
    if name.isidentifier() and getattr(np, name, None) is value:
        return f"np.{name}"
    if (
        name.isidentifier()
        and getattr(value, "__module__", None) == home
        and getattr(value, "__qualname__", "") == name
    ):
        names.add(name)
        return name
    raise UnwritableError(f"a {type(value).__name__}")
