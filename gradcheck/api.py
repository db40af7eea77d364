"""The Python API: check and assert_gradients."""

import html
from dataclasses import fields
from numbers import Integral, Real
from typing import Any

from gradcheck.base.errors import GradcheckError, GradientMismatch, UsageError
from gradcheck.gather.handed import specimen_of
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.progress import one
from gradcheck.run.check import check_specimen
from gradcheck.run.factors import name_alone
from gradcheck.run.options import LEAST_BUDGET, METHODS, Options
from gradcheck.run.result import CheckResult
from gradcheck.store.record import check_record
from gradcheck.subjects.convention import Convention, resolve_convention


class Result(CheckResult):
    """A check's result; str(result) is the text table and the findings, 80 columns wide."""

    def __str__(self) -> str:
        from gradcheck.render.text import result_text

        return result_text(check_record(self))

    def __repr__(self) -> str:
        """One line: the verdict, the case, what is wrong."""
        from gradcheck.render.standing import one_line

        return one_line(check_record(self))

    def _repr_html_(self) -> str:
        """For a notebook: the section of the HTML report; without the extra `report` the text."""
        from gradcheck.render.formats import FORMATS

        if FORMATS["html"].missing:
            return f"<pre>{html.escape(str(self))}</pre>"
        from gradcheck.render.html import result_html

        return result_html(check_record(self))


def check(
    layer: Any,
    x: Any = None,
    arguments: Any = None,
    *,
    seed: int = 0,
    rtol: float | None = None,
    method: str = "auto",
    convention: Any = None,
    budget: int | None = None,
) -> Result:
    """Is backward the derivative of forward here? Called as (layer, x) or as (forward, backward, arguments).

    x: input of the layer (a tuple of several, or a dict by forward's names), may be left out where the layer has
    input_shape · convention: how the layer is called, where that is not recognised: a Convention or "module:name"
    seed: of every random choice · rtol:
    relative tolerance, None for that of the precision. The layer is left bit for bit as it was. A check that takes
    longer than a second shows on a terminal's stderr what it is at.

    Raises:
        UsageError: the arguments do not describe something that can be checked.
    """
    _accepted(seed, rtol, method, budget)
    seed, rtol = int(seed), None if rtol is None else float(rtol)
    budget = None if budget is None else int(budget)
    specimen = _specimen(layer, x, arguments, resolve_convention(convention))
    if isinstance(specimen, LayerSpecimen):
        title = type(specimen.layer).__name__
    else:
        title = getattr(specimen.forward, "__name__", "function")
    with one(title):
        found = name_alone(check_specimen(specimen, title, Options(seed, rtol, method, budget)), specimen)
    return Result(**{field.name: getattr(found, field.name) for field in fields(found)})


def assert_gradients(layer: Any, x: Any = None, arguments: Any = None, **options: Any) -> None:
    """check(...), and GradientMismatch with its text unless it passed."""
    __tracebackhide__ = True  # pytest shows the line of the test, and no frames of ours below it
    try:
        result = check(layer, x, arguments, **options)
    except GradcheckError as error:
        raise error.with_traceback(None)  # noqa: B904 -- the same exception
    if not result.passed:
        raise GradientMismatch(str(result))


def _accepted(seed: Any, rtol: Any, method: Any, budget: Any) -> None:
    """UsageError for an option that makes no sense."""
    if not _whole(seed) or seed < 0:
        raise UsageError(f"seed={seed!r}: a whole number of at least 0 is needed")
    if rtol is not None and not (isinstance(rtol, Real) and 0 < float(rtol) < 1):
        raise UsageError(f"rtol={rtol!r}: a number between 0 and 1 is needed")
    if method not in METHODS:
        raise UsageError(f"method={method!r}: expected one of {', '.join(METHODS)}")
    if budget is not None and (not _whole(budget) or budget < LEAST_BUDGET):
        raise UsageError(f"budget={budget!r}: a whole number of at least {LEAST_BUDGET} forward evaluations is needed")
    if budget is not None and method == "entries":
        raise UsageError(
            f"budget={budget}: method='entries' measures every entry; use 'auto' or 'screen' with a budget"
        )


def _whole(value: Any) -> bool:
    """An integer, of numpy's too; True is none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def _specimen(layer: Any, x: Any, arguments: Any, convention: Convention | None) -> Specimen:
    if arguments is None:
        if callable(x):
            raise UsageError("arguments=None: a pair of functions needs them, check(forward, backward, (x, w))")
        return specimen_of(layer, x, convention)
    if not callable(layer) or not callable(x):
        raise UsageError(
            f"arguments={type(arguments).__name__}: only a pair of functions, forward and backward, has them"
        )
    if not isinstance(arguments, tuple | list):
        raise UsageError(f"arguments={type(arguments).__name__}: a tuple is needed, check(forward, backward, (x,))")
    return FunctionSpecimen(layer, x, tuple(arguments), convention)
