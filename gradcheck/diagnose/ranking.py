"""From the evidence to the findings: the simplest accepted hypothesis, else a place, else what comes close."""

from collections.abc import Sequence

import numpy as np

from gradcheck.diagnose.altered import turned_kept
from gradcheck.diagnose.attention import softmax_mean
from gradcheck.diagnose.attention_axis import softmax_axis
from gradcheck.diagnose.contributions import diagonal_alone, overwritten, repeated_rows
from gradcheck.diagnose.cropped import cut_out
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.factors_at_hand import parameter_factor, point_factor
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.fused import fused_activation
from gradcheck.diagnose.gates import gated_term, scaled_skip
from gradcheck.diagnose.groups import grouped_factor
from gradcheck.diagnose.hidden import hidden_slope
from gradcheck.diagnose.hypothesis import Hypothesis, Match, match
from gradcheck.diagnose.layout import memory_layout
from gradcheck.diagnose.local import left_out_mask, mask_in_eval, other_function, wrong_local_derivative
from gradcheck.diagnose.near import approximation
from gradcheck.diagnose.normalised import other_normalisation
from gradcheck.diagnose.operands import turned_cotangent, turned_parameter
from gradcheck.diagnose.own import label_term, own_multiple
from gradcheck.diagnose.paths import path_factor
from gradcheck.diagnose.places import located, ratio, scattered, there
from gradcheck.diagnose.products import product_term
from gradcheck.diagnose.recurrence import weighted_sums
from gradcheck.diagnose.reductions import other_operand, other_reduction, summed_too_far, wrong_shape
from gradcheck.diagnose.relatives import others_gradient, others_values
from gradcheck.diagnose.rnn import unrolled_back
from gradcheck.diagnose.rounding import precision_lost
from gradcheck.diagnose.scale_free import norm_held_fixed, statistics_held_fixed
from gradcheck.diagnose.scaling import constant_factor, point_hides_shape, sign_flipped, sliced_factor
from gradcheck.diagnose.screened import diagnose_screened, is_screened
from gradcheck.diagnose.separable import other_slope_of_loss, two_slopes
from gradcheck.diagnose.shuffles import (
    axis_flipped,
    memory_order,
    shifted,
    slices_moved,
    swapped_leaves,
    transposed,
    values_elsewhere,
)
from gradcheck.diagnose.softmax import other_axis
from gradcheck.diagnose.steps import loop_too_short, time_step
from gradcheck.diagnose.suspect import Suspect
from gradcheck.diagnose.terms import (
    constant_per_row,
    normalisation_terms,
    regulariser,
    row_multiple,
    row_term,
    skip_term,
)
from gradcheck.diagnose.tied import one_use
from gradcheck.diagnose.together import together
from gradcheck.diagnose.vanishing import ghost_gradient, non_finite, nothing_supplied, zero_gradient
from gradcheck.diagnose.words import listed
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.verdict import Verdict

# A stage is looked at only where no hypothesis of those before it was accepted. Adding a cause is adding a line here.
EXACT: tuple[Hypothesis, ...] = (
    memory_layout, zero_gradient, sign_flipped, transposed, swapped_leaves, summed_too_far, other_reduction,
    axis_flipped, memory_order, left_out_mask, mask_in_eval, constant_factor, ghost_gradient,
)  # fmt: skip
FITTED: tuple[Hypothesis, ...] = (
    loop_too_short, row_term, skip_term, parameter_factor, wrong_local_derivative, sliced_factor, point_factor,
    regulariser, slices_moved, shifted, grouped_factor, gated_term, scaled_skip, path_factor, two_slopes, label_term,
    other_normalisation, norm_held_fixed, other_operand, others_gradient, others_values,
    one_use, product_term, statistics_held_fixed, other_axis, cut_out, unrolled_back,
)  # fmt: skip
PROBED: tuple[Hypothesis, ...] = (
    turned_parameter,
    turned_cotangent,
    fused_activation,
    softmax_mean,
    softmax_axis,
    hidden_slope,
    turned_kept,
    weighted_sums,
    time_step,
    diagonal_alone,
    repeated_rows,
    overwritten,
)
LOOSE: tuple[Hypothesis, ...] = (
    constant_per_row, row_multiple, values_elsewhere, other_function, normalisation_terms, approximation, own_multiple,
    other_slope_of_loss,
)  # fmt: skip
STAGES = (EXACT, FITTED, PROBED, LOOSE)
PLAIN: tuple[Hypothesis, ...] = (zero_gradient, ghost_gradient)  # at an input of equal entries the rest look alike

_CLOSE = 3  # partial matches that are printed
_LAST = ("located", "border-wrong", "unrecognised")  # less telling than a cause


def diagnose(evidence: Evidence) -> list[Finding]:
    """One finding for each failing leaf, best first: causes, then places, then what is not recognised."""
    failing = [c for c in evidence.comparisons.values() if c.verdict is Verdict.FAIL]
    with np.errstate(all="ignore"):
        findings = [_of_leaf(evidence, comparison) for comparison in failing]
    ranked = [f for _, f in sorted(findings, key=_standing)]
    return together(ranked, len(evidence.comparisons), loss=evidence.output.ndim == 0)


def _standing(found: tuple[int, Finding]) -> int:
    """Exact causes of one leaf before loose fits of another, places after both."""
    stage, finding = found
    return len(STAGES) + _LAST.index(finding.cause) if finding.cause in _LAST else int(stage == len(STAGES) - 1)


def _of_leaf(evidence: Evidence, comparison: Comparison) -> tuple[int, Finding]:
    """(the stage that it was found in, the finding)."""
    if comparison.analytic is None:
        return 0, nothing_supplied(comparison, evidence.where)
    plain = wrong_shape(comparison, evidence.where) or non_finite(comparison, evidence.where)
    if plain is not None:
        return 0, plain
    suspect = Suspect(evidence, comparison)
    return (0, diagnose_screened(suspect)) if is_screened(suspect) else _recognised(suspect)


def _recognised(suspect: Suspect) -> tuple[int, Finding]:
    """The simplest hypothesis that reproduces a, from the first stage that has one."""
    tried: list[Match] = []
    for number, stage in enumerate((PLAIN,) if point_hides_shape(suspect) else STAGES):
        matches = [match(prediction, suspect) for hypothesis in stage for prediction in hypothesis(suspect)]
        accepted = sorted((m for m in matches if m.accepted), key=lambda m: m.prediction.rank)
        if accepted:
            return number, _named(suspect, accepted)
        tried += matches
    blurred = precision_lost(suspect)
    if blurred is not None:
        return 0, blurred
    place = located(suspect) or scattered(suspect)
    if place is not None:
        k = ratio(suspect, suspect.wrong) if place[0] == "constant-factor" else None
        return 0, Finding(place[0], suspect.name, place[1], factor=k, where=suspect.evidence.where)
    return 0, _unrecognised(suspect, tried)


def _named(suspect: Suspect, accepted: Sequence[Match]) -> Finding:
    """The first of the simplest; the others of the same rank are the tie set."""
    best, *others = (m.prediction for m in accepted if m.prediction.rank == accepted[0].prediction.rank)
    sentence = best.sentence
    rivals = list(dict.fromkeys(p.label for p in others if p.cause != best.cause and p.label != best.label))
    if rivals:
        sentence += f" At this shape it cannot be told from {listed(rivals[:_CLOSE], 'or')}."
    return Finding(
        best.cause, suspect.name, sentence, factor=best.factor, where=suspect.evidence.where,
        form=best.form, counts=best.counts,
    )  # fmt: skip


def _unrecognised(suspect: Suspect, tried: Sequence[Match]) -> Finding:
    """What comes close, with |a - H(n)| / |n|; nothing at all is 1."""
    view, wrong = suspect.view, suspect.wrong
    share = "every entry" if np.all(wrong) else f"{int(np.sum(wrong))} of {wrong.size} entries"
    before = float(np.linalg.norm((view.a - view.n)[view.known]) / (np.linalg.norm(view.n[view.known]) or 1.0))
    message = (
        f"{suspect.symbol} is wrong at {share} and no known cause reproduces it: it differs from the numeric gradient "
        f"by {before:.2g} of its length{there(suspect, wrong)}."
    )
    if point_hides_shape(suspect):
        message += " All entries of the input are equal here: try a random one, which tells more."
    close = sorted((m for m in tried if m.residual < 0.9 * before), key=lambda m: m.residual)
    nearest = {m.prediction.cause: m for m in reversed(close)}  # of each cause the best
    labels = [f"{m.prediction.label} (leaves {m.residual:.2g})" for m in close if m is nearest[m.prediction.cause]]
    if labels:
        message += f" Closest: {'; '.join(labels[:_CLOSE])}."
    return Finding("unrecognised", suspect.name, message, where=suspect.evidence.where)
