"""Baselines as data: what counts as drift, and what is taken from a file that anybody may have written."""

import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck.base.errors import UsageError
from gradcheck.judge.verdict import Verdict
from gradcheck.run.fingerprint import DOUBLE, SINGLE, GradientPrint
from gradcheck.store import shelf as shelves
from gradcheck.store.baselines import Baseline, CaseBaseline, LeafBaseline, NewerError, from_bytes, slug, to_text
from gradcheck.store.drift import Drift, better, drifts
from gradcheck.store.shelf import DamagedError, Shelf
from gradcheck.store.strict import MalformedError

SUMS = (1.0, -2.0, 3.0, 0.5, -0.25, 4.0, 1.5, -3.0)
PRINT = GradientPrint((2, 3), DOUBLE, norm=4.0, largest=3.0, projections=SUMS)
LEAF = LeafBaseline("parameter", (2, 3), "float64", Verdict.PASS, 11.0, PRINT)
CASE = CaseBaseline(Verdict.PASS, None, "0a1b", {"W": LEAF})


def baseline(case: CaseBaseline = CASE, *, name: str = "A()", **more: Any) -> Baseline:
    return replace(Baseline("a.py:A", 0, {"numpy": "2.0"}, {name: case}), **more)


def with_leaf(**changes: Any) -> Baseline:
    return baseline(replace(CASE, leaves={"W": replace(LEAF, **changes)}))


def with_print(base: GradientPrint = PRINT, **changes: Any) -> Baseline:
    return with_leaf(gradient=replace(base, **changes))


def moved(gap: float, base: GradientPrint = PRINT) -> Baseline:
    """One sum moved by so much of the norm."""
    return with_print(base, projections=(*SUMS[:7], SUMS[7] + gap * base.norm))


SINGLES = replace(PRINT, precision=SINGLE)


@pytest.mark.parametrize(("base", "allowed"), [(PRINT, 1e-9), (SINGLES, 1e-4)], ids=["float64", "float32"])
def test_the_limit_is_a_share_of_the_norm(base: GradientPrint, allowed: float) -> None:
    then = with_print(base)
    assert drifts(then, moved(0.9 * allowed, base)) == []
    (drift,) = drifts(then, moved(-1.1 * allowed, base))
    assert (drift.case, drift.leaf, drift.what, drift.factor) == ("A()", "W", "sum 8", None)
    assert drift.share == pytest.approx(1.1 * allowed, rel=1e-4)
    assert drift.allowed == pytest.approx(allowed)


def test_the_rounding_of_an_ill_conditioned_gradient_widens_it_and_a_file_does_not() -> None:
    rounded = replace(PRINT, rounding=1e-7)
    assert drifts(with_print(), moved(1e-7, rounded)) == []
    assert drifts(with_print(rounded), moved(1e-7)) != []


def test_two_gradients_of_rounding_alone_agree_and_one_that_has_grown_does_not() -> None:
    tiny = GradientPrint((2, 3), DOUBLE, 1e-17, 1e-17, tuple(1e-17 * s for s in SUMS), rounding=1e-12, vacuous=True)
    other = replace(tiny, projections=tuple(-p for p in tiny.projections))
    assert drifts(with_print(tiny), with_print(other)) == []
    assert drifts(with_print(tiny), with_print()) != []
    assert drifts(with_print(), with_print(tiny)) != []


def test_a_multiple_is_told() -> None:
    (drift,) = drifts(with_print(), with_print(norm=6.0, largest=4.5, projections=tuple(1.5 * s for s in SUMS)))
    assert drift.factor == pytest.approx(1.5)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_agrees_with_itself_alone(value: float) -> None:
    odd = with_print(projections=(value, *SUMS[1:]))
    assert drifts(odd, odd) == []
    for then, now in ((with_print(), odd), (odd, with_print())):
        assert [drift.what for drift in drifts(then, now)] == ["sum 1"]


STRUCTURE: dict[str, tuple[Baseline, Drift]] = {
    "role": (with_leaf(role="input"), Drift("A()", "W", "role", "parameter", "input")),
    "shape": (with_leaf(shape=(3, 2)), Drift("A()", "W", "shape", "(2, 3)", "(3, 2)")),
    "dtype": (with_leaf(dtype="float32"), Drift("A()", "W", "dtype", "float64", "float32")),
    "not measured": (with_leaf(gradient=None), Drift("A()", "W", "gradient", "(2, 3)", "not measured")),
    "supplied": (with_print(shape=None), Drift("A()", "W", "gradient", "(2, 3)", "none")),
    "of shape": (with_print(shape=(6,)), Drift("A()", "W", "gradient", "(2, 3)", "(6,)")),
    "precision": (with_print(SINGLES), Drift("A()", "W", "precision", "float64", "float32")),
    "verdict": (with_leaf(verdict=Verdict.FAIL), Drift("A()", "W", "verdict", "pass", "fail")),
    "verdict of the case": (
        baseline(replace(CASE, verdict=Verdict.INCONCLUSIVE)),
        Drift("A()", "", "verdict", "pass", "inconclusive"),
    ),
    "raises": (baseline(replace(CASE, error="ValueError")), Drift("A()", "", "outcome", "pass", "raises ValueError")),
    "point": (baseline(replace(CASE, origin="ffff")), Drift("A()", "", "point", "0a1b", "ffff")),
    "leaf gone": (baseline(replace(CASE, leaves={})), Drift("A()", "W", "leaf", "there", "gone")),
    "leaf new": (baseline(replace(CASE, leaves={"W": LEAF, "b": LEAF})), Drift("A()", "b", "leaf", "-", "new")),
    "seed": (baseline(seed=1), Drift("", "", "seed", "0", "1")),
}


@pytest.mark.parametrize("kind", STRUCTURE)
def test_structure_is_compared_exactly(kind: str) -> None:
    now, drift = STRUCTURE[kind]
    assert drifts(baseline(), now) == [drift]


def test_a_case_renamed_is_one_gone_and_one_new() -> None:
    found = [(drift.case, drift.what, drift.now) for drift in drifts(baseline(), baseline(name="B()"))]
    assert found == [("A()", "case", "gone"), ("B()", "case", "new")]


def test_a_verdict_that_gets_better_and_another_environment_are_no_drift() -> None:
    failing = baseline(replace(CASE, verdict=Verdict.FAIL, leaves={"W": replace(LEAF, verdict=Verdict.FAIL)}))
    assert drifts(failing, baseline()) == []
    assert better(failing, baseline()) == ["A()"]
    assert drifts(baseline(), baseline(environment={"numpy": "3.0"})) == []


def test_what_is_written_is_read_again_and_unknown_keys_are_passed_over() -> None:
    odd = with_print(norm=math.inf, largest=-math.inf, projections=(math.nan, *SUMS[1:]), rounding=5e-324)
    bare = [with_leaf(gradient=gradient) for gradient in (None, GradientPrint(None, DOUBLE))]
    for one in (baseline(), odd, *bare, baseline(name="<a>\x00\u2028é")):
        text = to_text(one)
        assert to_text(from_bytes(text.encode())) == text
        record = json.loads(text)
        assert (record["schema"], list(record)) == (1, sorted(record))
    assert from_bytes(json.dumps({**json.loads(to_text(baseline())), "later": [1]}).encode()) == baseline()


GOOD = to_text(baseline()).encode()


def edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    record = json.loads(GOOD)
    change(record)
    return json.dumps(record).encode()


def leaf_of(record: dict[str, Any]) -> dict[str, Any]:
    leaf: dict[str, Any] = record["cases"]["A()"]["leaves"]["W"]
    return leaf


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not valid JSON: Expecting value"),
    "truncated": (GOOD[: len(GOOD) // 2], "is not valid JSON: "),
    "binary": (b"\xff\xfe\x00", "is not valid JSON: 'utf-8' codec"),
    "pickle": (b"\x80\x04N.", "is not valid JSON: "),
    "deep": (b'{"schema": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "is nested too deeply"),
    "one key twice": (b'{"schema": 1, "sch\\u0065ma": 2}', "has the key 'schema' twice"),
    "a bare NaN": (GOOD.replace(b'"seed": 0', b'"seed": NaN'), "holds a bare NaN"),
    "many digits": (b'{"schema": ' + b"9" * 5000 + b"}", "holds an integer of 5000 digits"),
    "a list": (b"[]", "the file: expected an object, got list of 0"),
    "no schema": (b"{}", "the file has no 'schema'"),
    "schema 0": (edited(lambda r: r.update(schema=0)), "has schema 0; expected 1"),
    "schema true": (edited(lambda r: r.update(schema=True)), "schema: expected a whole number of at least 0, got True"),
    "schema 1.0": (edited(lambda r: r.update(schema=1.0)), "schema: expected a whole number of at least 0, got 1.0"),
    "cases": (edited(lambda r: r.update(cases=[1])), "cases: expected an object, got list of 1"),
    "no leaves": (edited(lambda r: r["cases"]["A()"].pop("leaves")), "cases['A()'] has no 'leaves'"),
    "verdict": (edited(lambda r: leaf_of(r).update(verdict="good")), "verdict: expected one of pass, fail, "),
    "shape": (edited(lambda r: leaf_of(r).update(shape=[-1])), "shape: expected a whole number of at least 0, got -1"),
    "seven sums": (edited(lambda r: leaf_of(r)["gradient"]["projections"].pop()), "expected 8 numbers, got 7"),
    "a sum of text": (
        edited(lambda r: leaf_of(r)["gradient"].update(projections=["1"] * 8)),
        "projections[0]: expected a number, got '1'",
    ),
    "too large": (edited(lambda r: leaf_of(r)["gradient"].update(norm=10**400)), "a number that float64 holds"),
    "vacuous": (edited(lambda r: leaf_of(r)["gradient"].update(vacuous=1)), "vacuous: expected true or false, got 1"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_in_one_short_line(kind: str) -> None:
    data, message = HOSTILE[kind]
    with pytest.raises(MalformedError) as caught:
        from_bytes(data)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_a_newer_schema_is_no_fault_of_the_file() -> None:
    with pytest.raises(NewerError, match=r"has schema 2, this gradcheck reads 1: .* upgrade gradcheck$"):
        from_bytes(edited(lambda r: r.update(schema=2, cases="of another kind")))


def test_long_names_of_a_file_are_cut() -> None:
    with pytest.raises(MalformedError) as caught:
        from_bytes(edited(lambda r: r["cases"].update({"x" * 10_000: 1})))
    assert len(str(caught.value)) < 200


@given(st.text(), st.text())
@settings(max_examples=200, deadline=None)
def test_a_file_name_stays_in_its_folder_and_is_the_targets_alone(one: str, other: str) -> None:
    name = slug(one)
    assert Path(name).name == name
    assert name.isascii()
    assert len(name) <= 104
    assert not set(name) & set('/\\:*?"<>| \n')
    assert (slug(other) == name) == (one == other)


def test_a_target_that_points_outside_is_written_inside(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "kept", tmp_path)
    name = shelf.write(baseline(target="../../outside.py:A"))
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [name] == shelf.names()
    assert shelf.read(name).target == "../../outside.py:A"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_file_in_anothers_place_is_refused(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, tmp_path)
    (tmp_path / "other.json").write_bytes(GOOD)
    with pytest.raises(DamagedError, match=r"is not the file of its target, 'a\.py:A': that is a-py-a\."):
        shelf.read("other.json")


def test_what_is_no_plain_file_or_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tmp_path, tmp_path)
    name = shelf.write(baseline())
    (tmp_path / "link.json").symlink_to(name)
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    reasons = {
        "link": "is a symbolic link",
        "folder": "is no regular file|Is a directory",
        "pipe": "is no regular file",
    }
    for kind, reason in reasons.items():
        with pytest.raises(DamagedError, match=reason):
            shelf.read(f"{kind}.json")
    monkeypatch.setattr(shelves, "LARGEST", len(GOOD) - 1)
    with pytest.raises(DamagedError, match="is larger than 0 MiB"):
        shelf.read(name)
    with pytest.raises(DamagedError, match="would be larger than 0 MiB; give the layer fewer cases"):
        shelf.write(baseline())
    assert (tmp_path / name).read_bytes() == GOOD


def test_a_folder_that_is_a_link_or_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").write_text("")
    for folder, reason in (
        ("link/kept", "is a symbolic link"),
        ("link", "is a symbolic link"),
        ("file", "is no folder"),
    ):
        with pytest.raises(UsageError, match=reason):
            Shelf(tmp_path / folder, tmp_path)
