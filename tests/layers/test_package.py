"""The house rules of layers/: who imports whom, how long a file may be, what is exported."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import layers
import layers.article

FOLDER = Path(layers.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
EACH_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@EACH_FILE
def test_only_numpy_scipy_and_the_standard_library_are_imported(path: Path) -> None:
    allowed = {"numpy", "scipy", "layers"} | set(sys.stdlib_module_names)
    assert {name.split(".")[0] for name in imports(path)} <= allowed


@EACH_FILE
def test_nothing_outside_the_article_imports_it(path: Path) -> None:
    if "article" not in path.relative_to(FOLDER).parts:
        assert not [name for name in imports(path) if name.startswith("layers.article")]


@EACH_FILE
def test_a_file_stays_short_and_has_a_docstring(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(ast.parse(text))


@EACH_FILE
def test_there_is_no_bare_assert(path: Path) -> None:
    assert not [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Assert)]


@pytest.mark.parametrize("package", [layers, layers.article], ids=lambda package: package.__name__)
def test_everything_exported_is_there_and_sorted(package: object) -> None:
    names: list[str] = vars(package)["__all__"]
    assert names == sorted(names)
    assert all(hasattr(package, name) for name in names)
