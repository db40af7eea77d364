"""The sentences that a factor's name adds to a finding."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.words import listed, number

_SHOWN = 3  # tied names that the message lists; the finding holds them all
_LISTED = 8
AVERAGED = (
    "Every parameter has this factor and the gradient of the input is right: if the layer averages over the batch on "
    "purpose, declare it with Convention(scale=lambda layer, x: 1 / len(x))."
)


@dataclass(frozen=True)
class Counts:
    """Of a bias: how often forward adds it, and how often backward counts it, named where they have a name."""

    forward: str
    backward: str


def with_name(
    finding: Finding, names: Sequence[str], shapes: int, counts: Counts | None, *, refused: int = 0
) -> Finding:
    """The finding with `expression` and `tied`, and what they mean in its message.

    shapes: how many were seen · refused: how many others were built, at which the layer raised.
    """
    if not names:
        return finding
    others = f" (the layer raised at {refused} others that were tried)" if refused else ""
    over = f"Over {shapes} shapes" if shapes > 1 else f"At this one shape{others}"
    text = f"{finding.message} {over} the factor is {names[0]}"
    tied = tuple(names[1:_LISTED])
    if finding.cause != "constant-factor":
        text += "."
    elif finding.form is not None and counts is not None:
        text += f". {_counted(finding.leaf, finding.form, counts)}"
    else:
        text += f": {_advice(names[0])}."
    if tied:
        text += f" These shapes cannot tell it from {listed(tied[:_SHOWN], 'or')}."
    return replace(finding, expression=names[0], tied=tied, message=text)


def counts_of(factor: float, counted: float, forward: Sequence[str], backward: Sequence[str]) -> Counts:
    """Names where exactly one fits, else numbers. counted: n = counted * sum(dY) · factor: a / n."""
    return Counts(
        forward[0] if len(forward) == 1 else number(counted),
        backward[0] if len(backward) == 1 else number(factor * counted),
    )


def _counted(leaf: str, form: str, counts: Counts) -> str:
    """`forward adds bias input_depth times, so its gradient is input_depth * sum(dY[:, :, k]); look for ...`."""
    once = counts.forward == "1"
    how_often, times = ("once", "") if once else (f"{counts.forward} times", f"{counts.forward} * ")
    adds = f"forward adds {leaf} {how_often}, so its gradient is {times}{form}"
    if counts.backward == "1":
        return f"{adds}; the factor {counts.forward} is missing in backward."
    return f"{adds}; look for a factor {counts.backward} in backward."


def _advice(name: str) -> str:
    """Where to look for a factor of this name."""
    top, _, bottom = name.replace("1/2", "1 / 2").partition(" / ")
    if top.startswith("1 - ") and not bottom:
        return f"in training forward divides what it keeps by {top}; backward must do so too"
    if not bottom:
        return f"look for a factor {top} in backward, or for a division by it that is missing"
    if top in ("1", "-1"):
        return f"look for a division by {bottom} in backward, or for a factor {bottom} that is missing"
    return f"look for a factor {top} in backward where {bottom} belongs"
