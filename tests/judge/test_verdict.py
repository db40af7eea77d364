"""Verdicts: their order of gravity."""

from gradcheck.judge.verdict import Verdict, worst


def test_the_gravest_wins() -> None:
    assert worst([]) is Verdict.PASS
    assert worst([Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS]) is Verdict.FAIL
    assert worst([Verdict.INCONCLUSIVE, Verdict.PASS]) is Verdict.INCONCLUSIVE
    assert worst([Verdict.FAIL, Verdict.ERROR]) is Verdict.ERROR
    assert len({verdict.sentence for verdict in Verdict}) == 4
