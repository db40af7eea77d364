"""`[tool.gradcheck]` of the nearest pyproject.toml upward."""

import difflib
import math
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcheck.base.causes import causes, nearest
from gradcheck.base.errors import UsageError
from gradcheck.gather.problem import Problem
from gradcheck.gather.targets import resolve

# Settings of one run, which the command line alone takes.
_TYPED = ("budget", "power", "jobs", "timeout", "strict", "allow_inconclusive", "format", "report", "all")
_METHODS = ("auto", "entries", "screen")
_FAULT_KEYS = ("target", "leaf", "cause", "reason")


@dataclass(frozen=True)
class ExpectedFault:
    """A fault that the project knows of.

    target: as the configuration spells it · files: the absolute files that it means, empty where there
    are none · label: the class, or None for every class of the file.
    """

    target: str
    leaf: str
    cause: str
    reason: str
    files: frozenset[str] = frozenset()
    label: str | None = None


@dataclass(frozen=True)
class NamedConvention:
    """A Convention for layers of the project.

    text: "module:name" · config: the file that says so, as messages name it · folder: of that file, where the module
    is looked for first · files, label: of a target, the absolute files and the class; files is None for every layer
    that it fits.
    """

    text: str
    config: str
    folder: str
    files: frozenset[str] | None = None
    label: str | None = None


@dataclass(frozen=True)
class Config:
    """The settings in force; None where the project says nothing. targets, baselines: relative to `folder`."""

    file: Path | None = None
    targets: tuple[str, ...] = ()
    seed: int | None = None
    rtol: float | None = None
    method: str | None = None
    search: int | None = None
    expected: tuple[ExpectedFault, ...] = ()
    baselines: str = "reports/baselines"
    conventions: tuple[NamedConvention, ...] = ()

    @property
    def folder(self) -> Path:
        """What relative targets are relative to."""
        return Path.cwd() if self.file is None else self.file.parent


def find(start: Path) -> Path | None:
    """The nearest pyproject.toml, in `start` or above it, that has a table [tool.gradcheck]."""
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and _table(file) is not None:
            return file
    return None


def load(file: Path) -> Config:
    """Read one file.

    Raises:
        UsageError: not TOML, no such table, an unknown key, a value of the wrong kind.
    """
    table = _table(file)
    if table is None:
        raise UsageError(f"{file}: there is no table [tool.gradcheck]")
    _known(file, "[tool.gradcheck]", table, tuple(_READERS))
    values = {key: _READERS[key](file, value) for key, value in table.items()}
    return Config(file=file, **values)


def _table(file: Path) -> Mapping[str, Any] | None:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError
        raise UsageError(f"{file}: is not valid TOML: {error}") from error
    tool = data.get("tool", {})
    table = tool.get("gradcheck") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{file}: tool.gradcheck={table!r} is no table; write [tool.gradcheck]")
    return table


def _known(file: Path, place: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in table:
        if key in _TYPED and place == "[tool.gradcheck]":
            option = f"--{key.replace('_', '-')}"
            raise UsageError(f"{file}: {place} has the key {key!r}, which the command line alone takes: {option}")
        if key not in keys:
            close = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(keys)}"
            raise UsageError(f"{file}: {place} has an unknown key {key!r}; {hint}")


def _targets(file: Path, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _wrong(file, "targets", "a list of strings", value)
    return tuple(value)


def _seed(file: Path, value: object) -> int:
    return _whole(file, "seed", value)


def _search(file: Path, value: object) -> int:
    return _whole(file, "search", value)


def _whole(file: Path, key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(file, key, "an integer of at least 0", value)
    return value


def _rtol(file: Path, value: object) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < float(value) < 1 or not math.isfinite(float(value)):  # type: ignore[arg-type]  # `number` says so
        raise _wrong(file, "rtol", "a number between 0 and 1", value)
    return float(value)  # type: ignore[arg-type]  # `number` says so


def _method(file: Path, value: object) -> str:
    if value not in _METHODS:
        raise _wrong(file, "method", " or ".join(map(repr, _METHODS)), value)
    return str(value)


def _baselines(file: Path, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise _wrong(file, "baselines", "the name of a folder", value)
    return value


def _conventions(file: Path, value: object) -> tuple[NamedConvention, ...]:
    """A list of "module:name", or a table of targets with one each."""
    expected = "a list of 'module:name', or a table of targets with 'module:name' each"
    pairs: list[tuple[str, object]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = [("", text) for text in value]
    else:
        raise _wrong(file, "conventions", expected, value)
    return tuple(_convention(file, target, text) for target, text in pairs)


def _convention(file: Path, target: str, text: object) -> NamedConvention:
    if not isinstance(text, str) or not all(text.partition(":")[::2]):
        raise _wrong(file, "conventions", "'module:name', such as 'mylayers.style:STYLE'", text)
    if not target:
        return NamedConvention(text, file.name, str(file.parent))
    found = resolve(target, file.parent)
    if isinstance(found, Problem):
        raise UsageError(f"{file}: [tool.gradcheck.conventions] {target!r}: {found.message}")
    files = frozenset(str(source.path.resolve()) for source in found)
    return NamedConvention(text, file.name, str(file.parent), files, found[0].only)


def _expected(file: Path, value: object) -> tuple[ExpectedFault, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _wrong(file, "expected", "an array of tables, [[tool.gradcheck.expected]]", value)
    return tuple(_fault(file, number, item) for number, item in enumerate(value, start=1))


def _fault(file: Path, number: int, table: Mapping[str, Any]) -> ExpectedFault:
    place = f"[[tool.gradcheck.expected]] number {number}"
    _known(file, place, table, _FAULT_KEYS)
    for key in _FAULT_KEYS:
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise UsageError(f"{file}: {place} needs {key} = a string that is not empty, got {table.get(key)!r}")
    if table["cause"] not in causes():
        raise UsageError(f"{file}: {place} has the unknown cause {table['cause']!r}; {nearest(table['cause'])}")
    target = table["target"]
    found = resolve(target, file.parent)
    if isinstance(found, Problem):
        return ExpectedFault(target, table["leaf"], table["cause"], table["reason"])
    files = frozenset(str(source.path.resolve()) for source in found if not source.starts_a_program)
    return ExpectedFault(target, table["leaf"], table["cause"], table["reason"], files, found[0].only)


def _wrong(file: Path, key: str, expected: str, value: object) -> UsageError:
    return UsageError(f"{file}: [tool.gradcheck] {key}: expected {expected}, got {value!r}")


_READERS: Mapping[str, Callable[[Path, object], Any]] = {
    "targets": _targets,
    "seed": _seed,
    "rtol": _rtol,
    "method": _method,
    "search": _search,
    "expected": _expected,
    "baselines": _baselines,
    "conventions": _conventions,
}


def spelled_from(folder: Path, target: str, cwd: Path) -> str:
    """A target of the configuration, spelled so that it means the same from `cwd`."""
    path = folder / target.partition(":")[0]
    if folder == cwd or not path.exists():
        return target
    return os.path.relpath(folder / target, cwd)
