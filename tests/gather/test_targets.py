"""From what the user types to files, without running any of them."""

import os
from pathlib import Path

import pytest

from gradcheck.gather.problem import Problem
from gradcheck.gather.targets import Source, project_root, resolve, split_class, unique


def make(folder: Path, *files: str) -> None:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise AssertionError('nothing may be imported')\n", encoding="utf-8")


def found(target: str, base: Path) -> list[Source]:
    sources = resolve(target, base)
    assert isinstance(sources, list), sources
    return sources


def missing(target: str, base: Path) -> Problem:
    problem = resolve(target, base)
    assert isinstance(problem, Problem)
    assert problem.target == target
    return problem


def test_a_file_keeps_its_spelling(tmp_path: Path) -> None:
    make(tmp_path, "net/conv.py")
    for spelled in ("net/conv.py", "./net/conv.py", "net/../net/conv.py", str(tmp_path / "net" / "conv.py")):
        (source,) = found(spelled, tmp_path)
        assert (source.spelled, source.path, source.only) == (spelled, tmp_path / "net" / "conv.py", None)
        assert source.label("Conv") == f"{spelled}:Conv"


def test_a_class_is_told_apart(tmp_path: Path) -> None:
    make(tmp_path, "conv.py")
    (source,) = found("conv.py:Conv", tmp_path)
    assert (source.spelled, source.only, source.target, source.direct) == ("conv.py", "Conv", "conv.py:Conv", True)


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("a.py", ("a.py", None)),
        ("a.py:A", ("a.py", "A")),
        ("pkg.mod:A", ("pkg.mod", "A")),
        ("a.py:", ("a.py:", None)),
        ("a.py:1", ("a.py:1", None)),
        (":", (":", None)),
        ("", ("", None)),
    ],
)
def test_splitting(target: str, parts: tuple[str, str | None], tmp_path: Path) -> None:
    assert split_class(target, tmp_path) == parts


def test_a_name_with_a_colon_that_exists_is_a_file(tmp_path: Path) -> None:
    make(tmp_path, "a:B")
    assert split_class("a:B", tmp_path) == ("a:B", None)


def test_a_folder_is_its_files_sorted_without_hidden_ones_and_environments(tmp_path: Path) -> None:
    make(tmp_path, "b.py", "a.py", "sub/c.py", ".hidden/d.py", "__pycache__/e.py", "env/lib/f.py", ".g.py", "h.txt")
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert [source.spelled for source in found(".", tmp_path)] == ["./a.py", "./b.py", "./sub/c.py"]


def test_a_module_is_found_without_being_imported(tmp_path: Path) -> None:
    make(tmp_path, "net/__init__.py", "net/conv.py", "net/deep/__init__.py", "net/deep/pool.py")
    (source,) = found("net.conv:Conv", tmp_path)
    assert (source.path, source.spelled, source.only) == (tmp_path / "net" / "conv.py", "net.conv", "Conv")
    assert [source.spelled for source in found("net", tmp_path / "elsewhere" / "..")] == [
        "net/__init__.py", "net/conv.py", "net/deep/__init__.py", "net/deep/pool.py"
    ]  # fmt: skip
    assert [source.spelled for source in found("net.deep", tmp_path)] == ["net.deep", "net.deep.pool"]


def test_an_installed_module_is_found(tmp_path: Path) -> None:
    (source,) = found("json.decoder", tmp_path)
    assert source.path.name == "decoder.py"


def test_the_root_is_the_first_folder_that_is_no_package(tmp_path: Path) -> None:
    make(tmp_path, "src/net/__init__.py", "src/net/deep/__init__.py", "src/net/deep/pool.py", "src/alone.py")
    assert project_root(tmp_path / "src/net/deep/pool.py") == tmp_path / "src"
    (source,) = found("src/net/deep/pool.py", tmp_path)
    assert (source.root, source.module) == (tmp_path / "src", "net.deep.pool")
    (source,) = found("src/alone.py", tmp_path)
    assert (source.root, source.module) == (tmp_path / "src", "alone")


@pytest.mark.parametrize("name", ["my layer.py", "2d.py", "a-b.py"])
def test_a_file_that_no_import_could_name(name: str, tmp_path: Path) -> None:
    make(tmp_path, name)
    (source,) = found(name, tmp_path)
    assert source.module is None


def test_a_package_file_is_the_package(tmp_path: Path) -> None:
    make(tmp_path, "net/__init__.py")
    (source,) = found("net/__init__.py", tmp_path)
    assert (source.root, source.module) == (tmp_path, "net")


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("convolutoin.py", "convolution.py"),
        ("net/pol.py", "net/pool.py"),
        ("nett/pool.py", "net/pool.py"),
        ("nett", "net"),
        ("net.pol", "net.pool"),
        ("nett.pool", "net.pool"),
        ("net/pol.py:Pool", "net/pool.py"),
        ("convolution.txt", "convolution.py"),
    ],
)
def test_a_missing_target_has_a_suggestion(target: str, hint: str, tmp_path: Path) -> None:
    make(tmp_path, "convolution.py", "net/pool.py", "net/__init__.py")
    problem = missing(target, tmp_path)
    assert problem.kind == "Missing"
    assert problem.message.endswith(f"Did you mean {hint}?")


@pytest.mark.parametrize("target", ["zzz.py", "zzz", "", ":", "a b", "..", "net:Pool:x", os.sep + "no/such/file.py"])
def test_nothing_is_suggested_where_nothing_is_like_it(target: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "Did you mean" not in getattr(resolve(target, tmp_path / "empty"), "message", "")


def test_a_link_to_nothing_is_not_suggested(tmp_path: Path) -> None:
    (tmp_path / "pool.py").symlink_to("gone")
    assert "Did you mean" not in missing("pool.py", tmp_path).message


def test_a_colon_without_a_class_is_told(tmp_path: Path) -> None:
    make(tmp_path, "pool.py")
    assert missing("pool.py:", tmp_path).message == "'pool.py:' names no class behind the colon"


def test_a_file_that_is_no_python_and_a_folder_without(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "data").mkdir()
    assert "is not a Python file" in missing("notes.txt", tmp_path).message
    assert missing("data", tmp_path).message == "nothing found to check: data holds no Python file"


def test_a_file_is_visited_once_and_no_class_of_it_besides(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b.py")
    (tmp_path / "link.py").symlink_to(tmp_path / "a.py")
    targets = ("a.py:A", "a.py", "b.py:A", "b.py:B", "./b.py:B", "link.py")
    kept = unique([source for target in targets for source in found(target, tmp_path)])
    assert [source.target for source in kept] == ["a.py", "b.py:A", "b.py:B"]
