"""Running a family: which reading, which cases, what becomes a note."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from gradcheck.base.errors import Failure
from gradcheck.gather.family import Family, Reading
from gradcheck.gather.specimen import Case, LayerSpecimen
from gradcheck.judge.verdict import Verdict
from gradcheck.run import family as family_module
from gradcheck.run.family import Checked, FamilyRun
from gradcheck.run.messages import Key
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult, LeafResult


class Line:
    """A line to nobody, which remembers."""

    def __init__(self, known: dict[Key, CheckResult | Failure] | None = None) -> None:
        self.settled_before = known or {}
        self.steps: list[tuple[Key, str]] = []
        self.results: dict[Key, CheckResult] = {}

    def known(self, key: Key) -> CheckResult | Failure | None:
        return self.settled_before.get(key)

    def started(self, key: Key, name: str) -> None:
        self.steps.append((key, name))

    def settled(self, key: Key, result: CheckResult) -> None:
        self.results[key] = result


class Doubles:
    """Fails at some inputs as its name for them says."""

    def __init__(self, *bad: str) -> None:
        self.bad = bad
        self.training = True
        self.seen: list[Any] = []

    def forward(self, x: Any) -> Any:
        return 2 * x

    def backward(self, d: Any) -> Any:
        return 2 * d


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the engine: passes, or raises where the layer's `bad` names something of the case."""
    monkeypatch.setattr(family_module, "check_case", check)


def check(case: Case, options: Options) -> CheckResult:
    specimen = case.build()
    assert isinstance(specimen, LayerSpecimen)
    specimen.layer.training = case.mode != "eval"
    specimen.layer.seen.append(case.mode)
    for word in specimen.layer.bad:
        if word in case.name:
            return CheckResult(case.name, Verdict.ERROR, error=Failure("ValueError", f"bad {word}", "a.py:3"))
    if "interrupts" in specimen.layer.bad:
        raise KeyboardInterrupt
    shape = np.shape(specimen.x)
    return CheckResult(case.name, Verdict.PASS, {"input": LeafResult("input", "input", shape, "float64", Verdict.PASS)})


def reading(*names: str, bad: tuple[str, ...] = (), distinct: int = 1, notes: tuple[str, ...] = ()) -> Reading:
    cases = (
        Case(name, at, partial(LayerSpecimen, Doubles(*bad), np.ones((2, at + 2)))) for at, name in enumerate(names)
    )
    return Reading(tuple(cases), distinct, notes)


def run(*readings: Reading, authored: bool = False, line: Line | None = None) -> list[Checked]:
    return FamilyRun(Family("Doubles", authored, lambda: readings), Options(), line or Line(), "a.py").run()


def names(checks: list[Checked]) -> list[str]:
    return [checked.result.name for checked in checks]


def test_own_cases_and_added_ones_are_counted_together() -> None:
    checks = run(reading("A", "B"))
    assert names(checks) == ["A", "A [zeros]", "A [eval]", "B", "B [zeros]", "B [eval]"]
    assert [checked.case.index for checked in checks] == list(range(6))
    assert [checked.case.parent for checked in checks] == [None, 0, 0, None, 3, 3]
    assert {checked.result.path for checked in checks} == {"a.py"}


def test_an_added_case_that_raises_is_a_note_of_its_own_case_and_no_check() -> None:
    checks = run(reading("A", "B", bad=("[zeros]",)), authored=True)
    assert names(checks) == [name + added for name in "AB" for added in ("", " [batch of 1]", " [eval]")]
    assert checks[0].final.notes == ("[zeros]: raises ValueError: bad [zeros] (a.py:3); no check",)
    assert checks[3].final.notes == checks[0].final.notes


def test_what_a_built_class_was_not_made_for_is_said_once() -> None:
    checks = run(reading("A", "B", bad=("[zeros]",)))
    assert [len(checked.final.notes) for checked in checks] == [1, 0, 0, 0]


def test_a_shape_that_a_built_class_was_not_made_for_is_a_note() -> None:
    checks = run(reading("A", "B", "C", bad=("B",), notes=("D cannot be built",)))
    assert [name for name in names(checks) if "[" not in name] == ["A", "C"]
    assert checks[0].final.notes == ("D cannot be built", "B: raises ValueError: bad B (a.py:3); no check")


def test_an_authors_case_that_raises_is_an_error() -> None:
    checks = run(reading("A", "B", bad=("B",)), authored=True)
    verdicts = {checked.result.name: checked.result.verdict for checked in checks}
    assert (verdicts["A"], verdicts["B"]) == (Verdict.PASS, Verdict.ERROR)


def test_the_first_reading_that_works_at_distinct_sizes_is_taken() -> None:
    one = reading("A1", "A2", bad=("A1",))
    two = reading("B1", "B2")
    assert [name for name in names(run(one, two)) if "[" not in name] == ["B1", "B2"]


def test_a_reading_that_works_only_at_other_sizes_is_better_than_none() -> None:
    one = reading("A1", "A2", bad=("A",))
    two = reading("B1", "B2", bad=("B1",))
    assert [name for name in names(run(one, two)) if "[" not in name] == ["B2"]


def test_where_no_reading_works_each_error_is_shown_once() -> None:
    (checked,) = run(reading("A1", "A2", bad=("A",)), reading("B1", bad=("B",)))
    assert checked.result.name == "A1"
    assert checked.failed_to_run


def test_a_layer_that_raises_keyboard_interrupt_is_an_error() -> None:
    (checked, *_) = run(reading("A", bad=("interrupts",)), authored=True)
    assert checked.result.error is not None
    assert checked.result.error.kind == "KeyboardInterrupt"


def test_an_authors_object_is_left_as_it_was() -> None:
    layer = Doubles()
    case = Case("A", 0, lambda: LayerSpecimen(layer, np.ones((1, 3))))
    checks = run(Reading((case, case), 2), authored=True)
    assert layer.training is True
    assert [checked.case.mode for checked in checks] == [None, None, "eval"] * 2


def test_what_an_earlier_child_has_settled_is_not_run_again() -> None:
    first = Line()
    run(reading("A", "B"), authored=True, line=first)
    settled = {key: result for key, result in first.results.items() if key.own == 0}
    failure = Failure("Killed", "this case ended because ...")
    second = Line({**settled, Key("case", "Doubles", 0, 1): failure})
    checks = run(reading("A", "B"), authored=True, line=second)
    assert not any(key.step == "case" and key.own == 0 for key, _ in second.steps)
    assert checks[-1].result.error is failure


def test_a_case_that_costs_its_process_ends_the_search_of_a_built_class() -> None:
    line = Line({Key("case", "Doubles", 0, 0): Failure("Timeout", "this case was not finished")})
    checks = run(reading("A", "B"), reading("C"), line=line)
    assert names(checks) == ["A"]


def test_points_are_for_small_cases_and_the_first_of_each_rank() -> None:
    def large() -> Iterator[Case]:
        for at, shape in enumerate(((10, 10), (10, 11), (5, 5, 5))):
            x = np.random.default_rng(0).normal(size=shape)
            yield Case(f"L{at}", at, partial(LayerSpecimen, Doubles(), x))

    found = names(run(Reading(tuple(large()), 3)))
    assert [name for name in found if "[zeros]" in name] == ["L0 [zeros]", "L2 [zeros]"]
