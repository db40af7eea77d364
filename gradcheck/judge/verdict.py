"""The closed set of verdicts; each member owns its sentence and its rank."""

from enum import StrEnum


class Verdict(StrEnum):
    """How a leaf or a check ended."""

    PASS = "pass"  # noqa: S105 -- a verdict, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"

    @property
    def sentence(self) -> str:
        """What the verdict says, in words."""
        return _SENTENCES[self]

    @property
    def rank(self) -> int:
        """Order of gravity; the worst verdict of the parts is the verdict of the whole."""
        return list(_SENTENCES).index(self)


_SENTENCES = {
    Verdict.PASS: "backward is the derivative of this forward at this point",
    Verdict.INCONCLUSIVE: "the evidence does not decide",
    Verdict.FAIL: "backward is not the derivative of this forward",
    Verdict.ERROR: "the layer could not be run to the end",
}


def worst(verdicts: list[Verdict]) -> Verdict:
    """The gravest of the verdicts; an empty list passes."""
    return max(verdicts, key=lambda v: v.rank, default=Verdict.PASS)
