"""The drift table, in 80 columns."""

import pytest

from gradcheck.render.drift import drift_text
from gradcheck.store.drift import Drift
from gradcheck.store.ledger import Drifted, Ledger


def text(*drifts: Drift) -> str:
    ledger = Ledger(drifted=[Drifted("a.py:A", {"numpy": "2.0"}, {"numpy": "\x1b[31m", "else": "x"}, drifts)])
    return drift_text(ledger, (), lambda target: target, "reports/baselines")


def number(before: float, now: float, *, leaf: str = "weights", share: float = 1.23e-07) -> Drift:
    return Drift("A()", leaf, "sum 8", before, now, share, 1.13e-06)


WIDEST = -1.2345678901234e-13
ROWS = {
    "small": number(WIDEST, WIDEST * (1 + 1e-11)),
    "smallest": number(WIDEST * 1e-290, WIDEST * 1e-290 * (1 + 1e-11)),
    "long name": number(WIDEST, WIDEST * (1 + 1e-11), leaf="encoder.layers[3].attention.projection"),
    "not finite": number(1.0, float("nan"), share=float("nan")),
    "hostile": number(1.0, 2.0, leaf="<script>|\x1b[31m\x00\u2028"),
    "words": Drift("A() " * 40, "W", "outcome", "pass", "raises " + "VeryLongNameOfAnError" * 3),
    "shapes": Drift("A()", "W", "shape", "(2, 3, 4, 5, 6, 7)", "(7, 6, 5, 4, 3, 2)"),
}


@pytest.mark.parametrize("kind", ROWS)
def test_no_line_is_longer_than_80_columns(kind: str) -> None:
    for drifts in ((ROWS[kind],), (ROWS[kind], Drift(ROWS[kind].case, "W", "verdict", "inconclusive", "error"))):
        lines = text(*drifts).splitlines()
        assert max(map(len, lines)) <= 80, max(lines, key=len)
        assert all(line.isprintable() for line in lines)


def test_two_values_that_differ_look_different() -> None:
    row = next(line for line in text(number(-3.0, -3.0 * (1 + 1.1e-9))).splitlines() if "sum 8" in line)
    assert row.split()[-4:] == ["-3.0000000000", "-3.0000000033", "1.23e-07", "1.13e-06"]


def test_both_environments_are_told() -> None:
    shown = " ".join(text(number(1.0, 2.0)).split())
    assert "baseline made with numpy 2.0 now with numpy \\x1b[31m" in shown
