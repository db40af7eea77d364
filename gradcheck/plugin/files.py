"""Which Python files are looked into: all but those that are pytest's own or that start a program when imported."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradcheck.subjects.spelling import BACKWARD_NAMES, FORWARD_NAMES

_CASES = "gradcheck_cases"
_INSTALLERS = ("setuptools", "distutils")


def left_out(file: Path, patterns: Sequence[str], *, named: bool) -> str | None:
    """Why a file is not looked into: a sentence for the notes, "" where there is nothing to say; else None.

    patterns: pytest's python_files · named: the file itself stands on the command line.
    """
    try:
        source = file.read_bytes()
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # its child process says what is wrong
    if _is_bare(tree):
        return ""
    if file.name == "__main__.py" and not named:
        return "starts a program when imported: not checked"
    if file.name == "setup.py" and any(word.encode() in source for word in _INSTALLERS):
        return "is an installer: not checked"
    if _is_pytests(file, tree, patterns) and not _has_cases(tree):
        layers = list(_layers(tree))
        return f"holds tests and no gradcheck_cases(): {', '.join(layers)} not checked" if layers else ""
    return None


def _is_bare(tree: ast.Module) -> bool:
    """Nothing but a docstring and constants, as in most `__init__.py`."""
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in tree.body)


def _is_pytests(file: Path, tree: ast.Module, patterns: Sequence[str]) -> bool:
    """conftest.py, or a file that python_files means and that has tests; python_files may mean every file."""
    if file.name == "conftest.py":
        return True
    return any(file.match(pattern) for pattern in patterns) and any(map(_is_test, tree.body))


def _is_test(node: ast.stmt) -> bool:
    named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return isinstance(node, named) and node.name.lower().startswith("test")


def _has_cases(tree: ast.Module) -> bool:
    """Does the file define gradcheck_cases, by whatever statement?"""
    return any(
        (isinstance(node, ast.FunctionDef) and node.name == _CASES)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == _CASES)
        for node in ast.walk(tree)
    )


def _layers(tree: ast.Module) -> Iterator[str]:
    """Classes with a forward and a backward of their own."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            own = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
            if own & {*FORWARD_NAMES} and own & {*BACKWARD_NAMES}:
                yield node.name
