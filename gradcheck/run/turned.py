"""A layer in its other mode after it has run in the first: a mask of training that backward uses in eval as well."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradcheck.base.errors import LayerError, UsageError
from gradcheck.base.randomness import signed, stream
from gradcheck.gather.specimen import LayerSpecimen, Specimen
from gradcheck.judge.verdict import Verdict
from gradcheck.run.breach import Slack
from gradcheck.run.modes import EVAL, TRAIN, enter
from gradcheck.run.opened import subject_of
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult
from gradcheck.subjects.guard import RandomState, Snapshot
from gradcheck.subjects.recognise import layer_driver

_WORDS = {TRAIN: "training", EVAL: "eval"}


def after_the_other(
    specimen: Specimen, mode: str | None, result: CheckResult, options: Options, check: Callable[[], CheckResult]
) -> CheckResult:
    """The result in `mode`, or that after a forward in the other mode where it is right from a fresh state alone.

    Where the layer raises when fresh it was not made for the mode; what it does after the other is said with that.
    The layer is left as it was. check: a check of the specimen as it is.
    """
    if mode is None or not isinstance(specimen, LayerSpecimen) or result.verdict not in (Verdict.PASS, Verdict.ERROR):
        return result
    before, other = Snapshot(specimen.layer), TRAIN if mode == EVAL else EVAL
    try:
        known = None if result.error is not None else _Known(specimen, options)
        _run_in(specimen, other, mode)
        found = result if known is not None and known.again() else check()
    except (LayerError, UsageError):
        return result
    finally:
        before.restore()
    if found.verdict is not Verdict.FAIL:
        return result
    where = f"after a forward in {_WORDS[other]} mode"
    if result.error is not None:
        wrong = ", ".join(dict.fromkeys(f.leaf for f in found.findings))
        text = f"{result.error.message}; {where} it runs, and the gradient of {wrong} is wrong"
        return replace(result, error=replace(result.error, message=text))
    note = f"checked {where}, which leaves something behind: from a fresh state it is right"
    return replace(found, notes=(*found.notes, note))


class _Known:
    """Output and gradients from the fresh state."""

    def __init__(self, specimen: LayerSpecimen, options: Options) -> None:
        self._specimen, self._options = specimen, options
        subject = subject_of(specimen, options)
        self._output = subject.forward()
        self._cotangent = signed(stream(options.seed, "cotangent"), self._output.shape)
        self._gradients = subject.vjp(self._cotangent)

    def again(self) -> bool:
        """Are both the same from the present state?"""
        subject = subject_of(self._specimen, self._options)
        if not np.array_equal(subject.forward(), self._output, equal_nan=True):
            return False
        given, slack = subject.vjp(self._cotangent), Slack.of(self._cotangent, self._output, subject.output_dtype)
        return all(
            leaf.name in given and slack.apart(leaf, self._gradients.get(leaf.name), given[leaf.name]) == 0.0
            for leaf in subject.leaves
        )


def _run_in(specimen: LayerSpecimen, other: str, mode: str) -> None:
    """One forward in the other mode; random state is put back."""
    random = RandomState(specimen.layer)
    enter(specimen, other)
    driver = layer_driver(specimen.layer, specimen.x, specimen.convention)
    driver.trial(driver.inputs.handed())
    enter(specimen, mode)
    random.restore()
