"""Importing a target file as its project would."""

import importlib
import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

from gradcheck.gather.targets import Source


def seed_everything(seed: int) -> None:
    """Seed the global generators: numpy's, Python's, and PyTorch's where that is loaded."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 -- the user's layers draw from it
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def load(source: Source) -> ModuleType:
    """Import the file, its project's root first on the path; raises whatever the file raises."""
    _search_first(source.root)
    if source.module is None or _taken(source.module, source.root):
        return _by_location(source.path)
    module = importlib.import_module(source.module)
    return module if _is_file(module, source.path) else _by_location(source.path)


def _search_first(root: Path) -> None:
    """The root, then the current folder, before everything else."""
    for folder in (str(Path.cwd()), str(root)):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)
    importlib.invalidate_caches()


def _taken(name: str, root: Path) -> bool:
    """Is the name, or a package above it, loaded already from elsewhere (`random.py`, `numpy/`)?"""
    parts = name.split(".")
    loaded = (sys.modules.get(".".join(parts[:number])) for number in range(1, len(parts) + 1))
    return any(module is not None and not _is_below(module, root) for module in loaded)


def _is_below(module: ModuleType, root: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).resolve().is_relative_to(root.resolve())


def _is_file(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).resolve() == path.resolve()


def _by_location(path: Path) -> ModuleType:
    """Load a file whose name is no module name, or is the name of another module."""
    name = "_target_" + "".join(c if c.isalnum() else "_" for c in path.stem)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} cannot be loaded as a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
