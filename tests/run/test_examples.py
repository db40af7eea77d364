"""What is said of the examples of a search."""

from typing import Any

import pytest

from gradcheck.base.errors import Failure
from gradcheck.gather.drawing import Drawn
from gradcheck.gather.points import Point
from gradcheck.gather.specimen import Case, LayerSpecimen
from gradcheck.judge.verdict import Verdict
from gradcheck.run.examples import Tally
from gradcheck.run.result import CheckResult


def told(*examples: tuple[Verdict, dict[str, Any]], found: bool = False) -> str:
    """The note over examples of (verdict, options)."""
    tally = Tally()
    for number, (verdict, options) in enumerate(examples):
        case = Case(f"case {number}", 0, lambda: LayerSpecimen(None))
        error = (
            Failure("ValueError", f"size {number} does not fit\nat all", "a.py:3") if verdict is Verdict.ERROR else None
        )
        point = Point((1,), "zeros") if number else Point((1,))
        tally.add(Drawn(case, "Layer", None, point, options), CheckResult(case.name, verdict, error=error))
    (note,) = tally.notes(found=found)
    return note


def passing(name: str, *values: Any) -> str:
    return told(*((Verdict.PASS, {name: value}) for value in values))


@pytest.mark.parametrize(
    ("values", "span"),
    [
        pytest.param((3, 1, 2), "n 1 to 3; inputs", id="whole"),
        pytest.param((0.25, 1 / 3), "n 0.25 to 0.333; inputs", id="fractions"),
        pytest.param((True, False), "n True, False; inputs", id="flags"),
        pytest.param(((1, 4, 2), (1, 2, 3)), "n (1, 2 to 4, 2 to 3); inputs", id="shapes"),
        pytest.param(((1,), (1, 2)), "n (1,), (1, 2); inputs", id="shapes of different ranks"),
        pytest.param(("a", "b", "c", "d", "e"), "n 'a', 'b', 'c', 'd', ...; inputs", id="words"),
        pytest.param((7, 7), "(over inputs", id="always the same"),
        pytest.param((None, 3), "n None, 3; inputs", id="with none"),
    ],
)
def test_what_was_drawn(values: tuple[Any, ...], span: str) -> None:
    assert span in passing("n", *values)


def test_what_the_layer_raises_is_told_once_with_how_often() -> None:
    note = told((Verdict.PASS, {}), (Verdict.ERROR, {}), (Verdict.ERROR, {}))
    assert note == (
        "search: 1 example passed (over inputs random); 2 more were left out, for the layer raises there: "
        "ValueError: size 1 does not fit, and the like (2 times)"
    )


def test_a_single_example_left_out() -> None:
    assert told((Verdict.PASS, {}), (Verdict.ERROR, {})).endswith(
        "; 1 more was left out, for the layer raises there: ValueError: size 1 does not fit"
    )


def test_inconclusive_is_counted_and_no_failure() -> None:
    assert "; 1 was inconclusive, which is no failure" in told((Verdict.PASS, {}), (Verdict.INCONCLUSIVE, {}))


def test_nothing_could_be_run() -> None:
    assert told((Verdict.ERROR, {})).startswith("search: no example could be run; 1 more was left out")


def test_what_failed_is_counted() -> None:
    note = told((Verdict.PASS, {}), (Verdict.FAIL, {}), found=True)
    assert note.startswith("search: 1 example passed and 1 failed, the smallest of which stands below (over")
