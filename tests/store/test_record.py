"""The record holds the contract's keys, and every number in it is JSON's."""

import dataclasses
import json
import math
from types import MappingProxyType

import numpy as np
import pytest

from gradcheck.base.errors import Failure
from gradcheck.judge.verdict import Verdict
from gradcheck.run.result import EntryComparison
from gradcheck.store.record import LISTED, check_record
from tests.render.samples import convolution, leaf, one_wrong_entry, passing, raising, result

CHECK = {
    "target",
    "case",
    "verdict",
    "expected",
    "error",
    "notes",
    "leaves",
    "findings",
    "evaluations",
    "seconds",
    "replay",
}
LEAF = {
    "name",
    "role",
    "shape",
    "dtype",
    "method",
    "verdict",
    "entries",
    "checked",
    "wrong",
    "worst",
    "agreement_digits",
    "detectable",
    "directions",
    "miss_probability",
    "note",
}
FINDING = {"cause", "severity", "leaf", "factor", "expression", "tied", "message", "where"}


def round_trip(record: dict[str, object]) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(json.dumps(record, allow_nan=False))
    assert loaded == record
    return loaded


def test_a_check_has_the_keys_of_the_contract() -> None:
    record = check_record(convolution(), target="c.py:ConvLayer", replay="gradcheck run c.py --seed 0 --case 3")
    assert set(record) >= CHECK
    assert record["target"] == "c.py:ConvLayer"
    assert record["evaluations"] == {"forward": 812, "backward": 9, "diagnosis": {"forward": 0, "backward": 12}}
    assert all(set(leaf) >= LEAF for leaf in record["leaves"])
    assert set(record["findings"][0]) == FINDING
    assert set(record["leaves"][2]["worst"]) == {"index", "analytic", "numeric", "numeric_error", "tolerance"}
    round_trip(record)


@pytest.mark.parametrize("made", [convolution(), one_wrong_entry(), passing(3), raising()], ids=lambda r: r.name)
def test_every_kind_of_result_goes_through_json_unchanged(made: object) -> None:
    round_trip(check_record(made))  # type: ignore[arg-type]


def test_only_failing_leaves_have_maps_and_curve() -> None:
    record = check_record(convolution())
    with_maps = {leaf["name"] for leaf in record["leaves"] if "maps" in leaf}
    assert with_maps == {leaf["name"] for leaf in record["leaves"] if "curve" in leaf} == {"bias"}
    assert record["leaves"][2]["curve"] == []


def test_numpy_numbers_become_plain_ones() -> None:
    worst = EntryComparison((np.int64(1),), np.float32(1.5), np.float64(1), np.float64(0), np.longdouble(1))  # type: ignore[arg-type]
    record = check_record(result("x", leaf("w", (2,), wrong={(1,): 2.0}, worst=worst, checked=np.int64(2))))
    assert record["leaves"][0]["worst"] == {
        "index": [1],
        "analytic": 1.5,
        "numeric": 1.0,
        "numeric_error": 0.0,
        "tolerance": 1.0,
    }
    assert type(record["leaves"][0]["checked"]) is int
    round_trip(record)


def test_non_finite_numbers_are_strings() -> None:
    worst = EntryComparison((0,), math.nan, math.inf, -math.inf, 1e-9)
    leaf_result = leaf("w", (2,), wrong={(0,): 2.0}, worst=worst, agreement_digits=math.inf, detectable=math.nan)
    record = check_record(result("x", leaf_result))
    stored = record["leaves"][0]
    assert (stored["agreement_digits"], stored["detectable"]) == ("Infinity", "NaN")
    assert list(stored["worst"].values()) == [[0], "NaN", "Infinity", "-Infinity", 1e-9]
    round_trip(record)


def test_an_error_keeps_kind_message_where_and_output() -> None:
    failure = Failure("Timeout", "no end after 300 s", None, "epoch 1")
    record = check_record(result("x", verdict=Verdict.ERROR, error=failure))
    assert record["error"] == {
        "kind": "Timeout",
        "message": "no end after 300 s",
        "where": None,
        "output": "epoch 1",
    }
    assert check_record(passing(1))["error"] is None


def test_wrong_counts_all_and_lists_the_first() -> None:
    record = check_record(result("x", leaf("w", (20,), wrong={(k,): 2.0 for k in range(12)})))
    assert record["leaves"][0]["wrong"] == 12
    assert [entry["index"] for entry in record["leaves"][0]["wrong_entries"]] == [[k] for k in range(LISTED)]


def test_a_screened_leaf_lists_indices_without_values() -> None:
    screened = dict.fromkeys(("analytic", "numeric", "error", "tolerance"))
    made = leaf("w", (100, 80), wrong={(39, 77): 2.0, (1, 2): 2.0}, method="screen", **screened)
    stored = check_record(result("x", made))["leaves"][0]
    assert all(stored["maps"][name] is None for name in ("analytic", "numeric", "difference"))
    wrong = np.array(stored["maps"]["wrong"])
    assert (wrong.sum(), wrong[39 // 2, 77 // 2], wrong[0, 1]) == (2, 1, 1)
    assert stored["wrong_entries"][1]["index"] == [1, 2]
    assert stored["wrong_entries"][1]["numeric"] is None


def test_a_gradient_of_another_shape_has_no_map() -> None:
    made = leaf("w", (2, 3), verdict=Verdict.FAIL, analytic=np.ones((3, 2)), worst=None)
    maps = check_record(result("x", made))["leaves"][0]["maps"]
    assert maps["analytic"] is maps["difference"] is None
    assert len(maps["numeric"]) == 2


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), ()], ids=str)
def test_empty_and_0d_leaves(shape: tuple[int, ...]) -> None:
    made = leaf("w", shape, verdict=Verdict.FAIL)
    record = check_record(result("x", made))
    assert record["leaves"][0]["shape"] == list(shape)
    assert record["leaves"][0]["entries"] == math.prod(shape)
    round_trip(record)


def test_expected_reason_and_replay_are_kept() -> None:
    record = check_record(convolution(), expected=True, reason="kept on purpose", replay="gradcheck run x")
    assert (record["expected"], record["reason"], record["replay"]) == (True, "kept on purpose", "gradcheck run x")
    assert record["verdict"] == "fail"


def test_the_result_is_left_alone() -> None:
    made = convolution()
    check_record(made)
    assert isinstance(made.leaves, MappingProxyType)
    assert dataclasses.is_dataclass(made)
