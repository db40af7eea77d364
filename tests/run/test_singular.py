"""Infinity from backward where forward itself has no finite slope is a note; where it has one, `non-finite`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gradcheck import check
from gradcheck.base.arrays import Array
from tests.cli.tools import process, write

POINT = np.array([0.0, 0.3, 0.7])
LONG = np.concatenate([[0.0], np.linspace(0.1, 0.9, 299)])

Function = Callable[[Array], Array]
SINGULAR: dict[str, tuple[Function, Function]] = {
    "root": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "cube root": (np.cbrt, lambda x: 1 / (3 * np.cbrt(x) ** 2)),
    "root of the size": (lambda x: np.sqrt(np.abs(x)), lambda x: 0.5 * np.sign(x) / np.sqrt(np.abs(x))),
    "entropy": (lambda x: np.where(x > 0, x * np.log(np.where(x > 0, x, 1.0)), 0.0), lambda x: np.log(x) + 1),
    "arccos": (lambda x: np.arccos(1 - x), lambda x: 1 / np.sqrt(1 - (1 - x) ** 2)),
    "left side missing": (lambda x: x * np.sqrt(x), lambda x: 1.5 * x / np.sqrt(x)),
}
FINITE: dict[str, tuple[Function, Function]] = {
    "line": (lambda x: 2 * x, lambda x: 2 * x / x),
    "kink": (np.abs, lambda x: x / np.abs(x)),
    "soft kink": (lambda x: np.abs(x) ** 1.05, lambda x: 1.05 * x / np.abs(x) ** 0.95),
    "steep": (lambda x: np.tanh(1e5 * x), lambda x: 1e5 * (1 - np.tanh(1e5 * x) ** 2) * x / x),
    "oscillation": (lambda x: np.sin(50 * x), lambda x: 50 * np.cos(50 * x) * x / x),
    "step": (np.floor, lambda x: 0 / x),
}


def handed_on(prime: Function) -> Callable[[Array, Array], Array]:
    return lambda x, dy: dy * prime(x)


@pytest.mark.parametrize("x", [POINT, LONG], ids=["entries", "screen"])
@pytest.mark.parametrize("name", SINGULAR)
def test_a_true_singularity_is_a_note(name: str, x: Array) -> None:
    forward, prime = SINGULAR[name]
    result = check(forward, handed_on(prime), (x,))
    assert result.passed, str(result)
    assert any(note.startswith("dE/dX is not judged at (0,): forward itself has no finite") for note in result.notes)


@pytest.mark.parametrize("x", [POINT, LONG], ids=["entries", "screen"])
@pytest.mark.parametrize("name", FINITE)
def test_where_the_slopes_are_finite_it_fails(name: str, x: Array) -> None:
    forward, prime = FINITE[name]
    result = check(forward, handed_on(prime), (x,))
    assert [f.cause for f in result.findings] == ["non-finite"]
    assert result.leaves["input"].wrong == ((0,),)


def test_what_is_wrong_beside_it_fails_all_the_same() -> None:
    result = check(np.sqrt, lambda x, dy: dy / np.sqrt(x), (POINT,))
    assert (result.verdict, result.findings[0].cause) == ("fail", "constant-factor")
    assert result.leaves["input"].wrong == ((1,), (2,))


@pytest.mark.parametrize("prime", [lambda x: 0.5 / np.sqrt(x), lambda x: 0.0 * x], ids=["infinite", "zero"])
def test_singular_entries_alone_are_inconclusive_with_the_reason(prime: Function) -> None:
    result = check(np.sqrt, handed_on(prime), (np.zeros(2),))
    assert (result.verdict, result.findings) == ("inconclusive", ())
    assert result.notes[0].startswith("dE/dX is not judged at (0,) and (1,)")


def test_at_an_added_point_it_is_a_note_and_no_check(tmp_path: Path) -> None:
    ran = process(write(tmp_path, {"root.py": _ROOT}), "run", "root.py", "--no-config", "--format", "json")
    assert ran.code == 0
    (check_,) = [c for c in ran.record["checks"] if not c["case"].endswith("]")]
    assert any("zeros" in note and "not finite" in note for note in check_["notes"])


_ROOT = """import numpy as np
class Root:
    def forward(self, x):
        self.x = x
        return np.cbrt(x)
    def backward(self, dy):
        return dy / (3 * np.cbrt(self.x) ** 2)
def gradcheck_cases():
    yield Root(), np.array([0.5, -1.0, 2.0])
"""
