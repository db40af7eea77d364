"""The record of a whole run."""

import json
from dataclasses import dataclass

from gradcheck.render.text import run_text
from gradcheck.run.result import CheckResult
from gradcheck.store.record import run_record
from tests.render.samples import convolution, nondeterministic, passing, raising


@dataclass(frozen=True)
class Checked:
    target: str
    index: int
    result: CheckResult
    expected: bool = False
    reason: str | None = None
    replay: str | None = None


@dataclass(frozen=True)
class Trouble:
    target: str
    kind: str
    message: str
    where: str | None
    output: str = ""


@dataclass(frozen=True)
class Fault:
    target: str
    leaf: str
    cause: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    checks: tuple[Checked, ...] = ()
    problems: tuple[Trouble, ...] = ()
    vanished: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: bool = False


OUTCOME = Outcome(
    (
        Checked("fc.py:FCLayer", 0, passing(1)),
        Checked("c.py:ConvLayer", 3, convolution(), True, "on purpose"),
        Checked("c.py:ConvLayer", 4, convolution(2, 3)),
        Checked("n.py:Noise", 0, nondeterministic()),
        Checked("my layers/x.py:X", 0, raising()),
    ),
    (Trouble("broken.py", "SyntaxError", "invalid syntax", "broken.py:1"),),
    (Fault("a.py:A", "bias", "constant-factor", "old"),),
    ("Base is abstract: not checked",),
)


def test_the_keys_are_the_contracts() -> None:
    record = run_record(OUTCOME, seed=7, version="0.1.0")
    assert list(record)[:6] == ["schema", "gradcheck", "seed", "summary", "problems", "checks"]
    assert (record["schema"], record["gradcheck"], record["seed"]) == (1, "0.1.0", 7)
    assert record["problems"] == [
        {
            "target": "broken.py",
            "kind": "SyntaxError",
            "message": "invalid syntax",
            "where": "broken.py:1",
            "output": "",
        }
    ]
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_an_expected_check_counts_twice() -> None:
    record = run_record(OUTCOME, seed=0, version="0.1.0")
    assert record["summary"] == {"pass": 1, "fail": 2, "inconclusive": 1, "error": 1, "expected": 1}


def test_replay_and_index_are_those_of_the_outcome() -> None:
    replay = "gradcheck run 'my layers/x.py:X' --seed 7 --case 3 --no-config"
    outcome = Outcome((Checked("my layers/x.py:X", 3, raising(), replay=replay),))
    check = run_record(outcome, seed=7, version="0.1.0")["checks"][0]
    assert (check["replay"], check["index"]) == (replay, 3)


def test_a_run_of_nothing() -> None:
    record = run_record(Outcome(), seed=0, version="0.1.0")
    assert record["summary"] == {"pass": 0, "fail": 0, "inconclusive": 0, "error": 0, "expected": 0}
    assert record["checks"] == record["problems"] == []


def test_text_takes_what_the_record_gives() -> None:
    text = run_text(run_record(OUTCOME, seed=0, version="0.1.0"))
    for words in ("expected: on purpose", "has", "vanished", "problem: broken.py", "note: Base is abstract"):
        assert words in text
