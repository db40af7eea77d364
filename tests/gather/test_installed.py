"""Conventions that installed packages bring along, told by a distribution in a folder of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck import UsageError, check
from gradcheck.gather import installed
from tests.cli.tools import process

STYLE = """
from gradcheck import Convention

style = Convention(forward="evaluate", backward="transpose", gradients="slopes")
number = 3

def known(layer):
    if type(layer).__name__ == "Opaque":
        return Convention(forward=lambda layer, x: layer.a * x, backward=lambda layer, dy: layer.pull(dy))

def nothing(layer):
    return "style"

def broken(layer):
    return 1 / 0
"""


class Scaled:
    def __init__(self, n_in: int, factor: float = 1.0) -> None:
        self.a, self.factor = np.linspace(2.0, -3.0, n_in), factor
        self.slopes: dict[str, Any] = {}

    def evaluate(self, x: Any) -> Any:
        self.x = x
        return self.a * x

    def transpose(self, dy: Any) -> Any:
        self.slopes = {"a": self.factor * (dy * self.x).sum(axis=0)}
        return self.a * dy


class Opaque:
    def __init__(self, factor: float = 1.0) -> None:
        self.a, self.factor = np.array([2.0, -3.0]), factor

    def pull(self, dy: Any) -> Any:
        return self.factor * self.a * dy


X = np.array([[1.0, 2.0], [0.5, -1.5], [3.0, 0.25]])
Packed = Callable[[str], None]


def pack(folder: Path, value: str) -> None:
    (folder / "stylish.py").write_text(STYLE)
    about = folder / "stylish-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stylish\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[gradcheck.conventions]\nmine = {value}\n")


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packed]:
    monkeypatch.syspath_prepend(str(tmp_path))
    installed._points.cache_clear()
    yield lambda value: pack(tmp_path, value)
    installed._points.cache_clear()


def test_a_convention_is_used_for_layers_that_have_its_methods(packed: Packed) -> None:
    packed("stylish:style")
    right, wrong = check(Scaled(2), X), check(Scaled(2, 1.5), X)
    assert right.passed, str(right)
    assert list(right.leaves) == ["input", "a"]
    assert wrong.leaves["a"].verdict == "fail"
    with pytest.raises(UsageError, match="Opaque: has no forward and backward"):
        check(Opaque(), X)


def test_a_function_is_asked_of_each_layer(packed: Packed) -> None:
    packed("stylish:known")
    assert check(Opaque(), X).leaves["input"].verdict == "pass"
    assert check(Opaque(0.5), X).leaves["input"].verdict == "fail"
    with pytest.raises(UsageError, match="Scaled: has no forward and backward"):
        check(Scaled(2), X)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("stylish:gone", r"'mine' = 'stylish:gone' of stylish .* cannot be loaded: AttributeError"),
        ("stylish_gone:style", r"cannot be loaded: ModuleNotFoundError: No module named 'stylish_gone'; mend that"),
        ("stylish:number", "is a int, neither a Convention nor a function"),
        ("stylish:nothing", "gives a str, not a Convention or None"),
        ("stylish:broken", "raises ZeroDivisionError for a Scaled: division by zero"),
    ],
)
def test_a_faulty_entry_point_is_named_with_its_package(packed: Packed, value: str, words: str) -> None:
    packed(value)
    with pytest.raises(UsageError, match=words):
        check(Scaled(2), X)


def test_on_the_command_line_a_class_is_built_by_it(tmp_path: Path) -> None:
    pack(tmp_path, "stylish:style")
    source = Path(__file__).read_text(encoding="utf-8")
    scaled = source[source.index("class Scaled") : source.index("class Opaque")]
    (tmp_path / "mine.py").write_text(f"from typing import Any\nimport numpy as np\n\n{scaled}")
    done = process(tmp_path, "run", "mine.py", "--no-config", "--format", "json")
    assert done.code == 0, done.out
    assert {check["target"] for check in done.record["checks"]} == {"mine.py:Scaled"}
