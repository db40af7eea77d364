"""What the README shows is what happens."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gradcheck.base.causes import causes
from gradcheck.cli import main
from gradcheck.gather.config import load
from reports import readme

TEXT = readme.PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def masked(text: str) -> str:
    """Without what differs from machine to machine: numbers, and the widths that they need."""
    return " ".join(re.sub(r"[-=]{3,}", "-", re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", "#", text)).split())


def test_the_table_is_printed_by_the_command() -> None:
    shown, _ = blocks("text")
    assert masked(shown) == masked(readme.printed())


def test_what_would_have_passed_is_printed_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "equal.py").write_text(
        "from layers.convolution import ConvLayer\n\n\n"
        "def gradcheck_cases():\n    yield ConvLayer((4, 4, 2), (2, 2), 2)\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(readme.PAGE.parent))
    assert main(["run", "equal.py", "--power", "--no-config"]) == 0
    _, shown = blocks("text")
    assert shown.rstrip() in capsys.readouterr().out


def test_the_table_goes_where_the_marks_are() -> None:
    text = f"a\n{readme.BEGIN}\nold\n{readme.END}\nb\n"
    assert readme.page(text, "new") == f"a\n{readme.BEGIN}\n```text\nnew\n```\n{readme.END}\nb\n"
    with pytest.raises(ValueError, match=r"README\.md: expected the lines"):
        readme.page("a", "new")


def scale_layer() -> str:
    return next(block for block in blocks("python") if "class ScaleLayer" in block)


def run(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> int:
    (folder / "my_layer.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(folder)
    return main(["run", "my_layer.py", "--no-config"])


def test_the_layer_of_ones_own_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(tmp_path, scale_layer(), monkeypatch) == 0


def test_with_its_update_moved_up_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = scale_layer().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if "self.scale -=" in line)
    lines[at - 1], lines[at] = lines[at], lines[at - 1]
    assert run(tmp_path, "".join(lines), monkeypatch) == 1
    assert "updated-before-use" in capsys.readouterr().out


def test_the_convention_of_the_example_fits_its_layer() -> None:
    source = next(block for block in blocks("python") if "class Shift" in block)
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 -- the page's own example
    assert names["result"].passed, str(names["result"])
    assert list(names["result"].leaves) == ["input", "theta"]
    exec(source.replace("dy * (1 -", "dy * (2 -"), names)  # noqa: S102
    assert not names["result"].passed


def test_the_other_examples_are_valid(tmp_path: Path) -> None:
    for block in blocks("python"):
        compile(block, "README.md", "exec")
    (toml,) = blocks("toml")
    tomllib.loads(toml)
    (tmp_path / "pyproject.toml").write_text(toml, encoding="utf-8")
    assert load(tmp_path / "pyproject.toml").expected[0].cause in causes()


def test_nothing_of_a_machine_is_in_it() -> None:
    assert not re.search(r"/(home|work|root|tmp|Users)/", TEXT)
