"""From what the user typed to files: no user code runs here."""

import difflib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from gradcheck.gather.problem import Problem

_SKIPPED = frozenset({"__pycache__", "node_modules"})


@dataclass(frozen=True)
class Source:
    """One file to check.

    path: absolute · spelled: path or dotted module name in the user's own spelling · module: dotted name
    below `root`, None where the file has no importable name · root: what must stand first on sys.path
    only: the class asked for, or None · target: what the user typed · direct: the file itself was named.
    """

    path: Path
    spelled: str
    module: str | None
    root: Path
    only: str | None
    target: str
    direct: bool

    def label(self, name: str) -> str:
        """`path:Class`, as reports name it."""
        return f"{self.spelled}:{name}"

    @property
    def starts_a_program(self) -> bool:
        """A `__main__.py` that nobody has named: it is not imported."""
        return self.path.name == "__main__.py" and not self.direct


def resolve(target: str, base: Path) -> list[Source] | Problem:
    """The files of one TARGET; a relative path is relative to `base`.

    Args:
        target: file.py, folder or package.module, with an optional :Class.
        base: an absolute folder.
    """
    where, only = split_class(target, base)
    path = Path(os.path.normpath(base / where)) if where else base / "\0"
    if path.is_dir():
        return _folder(path, where, only, target) or _nothing(target, f"{where} holds no Python file")
    if path.is_file():
        return _single(path, where, only, target)
    return _module(where, only, target, base) or _missing(target, where, base)


def split_class(target: str, base: Path) -> tuple[str, str | None]:
    """`layers/conv.py:ConvLayer` -> (`layers/conv.py`, `ConvLayer`)."""
    where, colon, name = target.rpartition(":")
    if not colon or not (name.isidentifier() or name == "<lambda>") or (base / target).exists():
        return target, None
    return where, name


def unique(sources: list[Source]) -> list[Source]:
    """Each file once, each class of a file once, and no class of a file that is there as a whole."""
    whole = {source.path.resolve() for source in sources if source.only is None}
    kept: dict[tuple[Path, str | None], Source] = {}
    for source in sources:
        path = source.path.resolve()
        if source.only is None or path not in whole:
            kept.setdefault((path, source.only), source)
    return list(kept.values())


def project_root(path: Path) -> Path:
    """The first folder upward without `__init__.py`."""
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder = folder.parent
    return folder


def _single(path: Path, spelled: str, only: str | None, target: str) -> list[Source] | Problem:
    if path.suffix != ".py":
        return Problem(target, "Missing", f"{spelled} is not a Python file; a TARGET is file.py, a folder or a module")
    return [_source(path, spelled, only, target, direct=True)]


def _source(path: Path, spelled: str, only: str | None, target: str, *, direct: bool) -> Source:
    root = project_root(path)
    parts = path.relative_to(root).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
    module = ".".join(parts) if all(part.isidentifier() for part in parts) else None
    return Source(path, spelled, module, root, only, target, direct)


def _folder(folder: Path, spelled: str, only: str | None, target: str) -> list[Source]:
    """Every Python file below, sorted, as the user would spell it."""
    files = sorted(_files(folder), key=lambda path: path.parts)
    names = (os.path.join(spelled, path.relative_to(folder)) for path in files)  # noqa: PTH118 -- keeps "./"
    return [_source(path, name, only, target, direct=False) for path, name in zip(files, names, strict=True)]


def _files(folder: Path) -> Iterator[Path]:
    """Not below hidden folders, caches and virtual environments."""
    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        folders[:] = [
            f for f in folders if f not in _SKIPPED and f[0] != "." and not (here / f / "pyvenv.cfg").exists()
        ]
        yield from (here / name for name in files if name.endswith(".py") and name[0] != ".")


def _module(name: str, only: str | None, target: str, base: Path) -> list[Source] | None:
    """A dotted name, looked up without importing anything; a package means all its modules."""
    found = _find(name, [str(base), *_search_path()])
    if found is None:
        return None
    if found.name != "__init__.py":
        return [_source(found, name, only, target, direct=True)]
    files = sorted(_files(found.parent), key=lambda path: path.parts)
    return [_source(path, _dotted(name, found.parent, path), only, target, direct=False) for path in files]


def _dotted(package: str, folder: Path, path: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join([package, *(parts[:-1] if parts[-1] == "__init__" else parts)])


def _search_path() -> list[str]:
    return [entry for entry in sys.path if entry]


def _find(name: str, search: list[str]) -> Path | None:
    """The file of a dotted module name, found on `search` without importing its parents."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for number in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:number]), search)
        if spec is None:
            return None
        search = list(spec.submodule_search_locations or ())
    origin = spec.origin if spec else None
    return Path(origin) if origin and origin.endswith(".py") else None


def _missing(target: str, where: str, base: Path) -> Problem:
    if target.endswith(":"):
        return Problem(target, "Missing", f"{target!r} names no class behind the colon")
    message = f"{where or target!r} does not exist: there is no such file or folder here, and no module of that name"
    close = _suggestion(where, base)
    return Problem(target, "Missing", f"{message}. Did you mean {close}?" if close else message)


def _suggestion(where: str, base: Path) -> str | None:
    """What could have been meant: the first part that does not exist, replaced by the likest that does."""
    dotted = os.sep not in where and not where.endswith(".py")
    parts = where.split(".") if dotted else list(Path(where).parts)
    there = next((n for n in range(len(parts), 0, -1) if base.joinpath(*parts[:n]).exists()), 0)
    wrong, known = parts[there : there + 1], _names(base.joinpath(*parts[:there]), dotted=dotted)
    close = difflib.get_close_matches(wrong[0], known, n=1, cutoff=0.7) if wrong else []
    if not close:
        return None
    if dotted and close[0] == wrong[0]:  # a file of that name, and another ending: good.txt
        return str(Path(*parts[:there], f"{wrong[0]}.py"))
    meant = [*parts[:there], close[0], *parts[there + 1 :]]
    return ".".join(meant) if dotted else str(Path(*meant))


def _names(folder: Path, *, dotted: bool) -> list[str]:
    """Python files and folders, as a path or a dotted name spells them."""
    try:
        found = sorted(p for p in folder.iterdir() if (p.suffix == ".py" and p.is_file()) or p.is_dir())
    except OSError:
        return []
    return [path.stem if dotted else path.name for path in found]


def _nothing(target: str, message: str) -> Problem:
    return Problem(target, "Nothing", f"nothing found to check: {message}")
