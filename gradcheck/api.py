"""The Python API: check and assert_gradients."""

from dataclasses import fields
from typing import Any

from gradcheck.base.errors import GradientMismatch, UsageError
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.run.check import check_specimen
from gradcheck.run.factors import name_alone
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult
from gradcheck.store.record import check_record


class Result(CheckResult):
    """A check's result; str(result) is the text table and the findings, 80 columns wide."""

    def __str__(self) -> str:
        from gradcheck.render.text import result_text  # noqa: PLC0415 -- tabulate is needed only to print

        return result_text(check_record(self))


def check(layer: Any, *given: Any, seed: int = 0, rtol: float | None = None, method: str = "auto") -> Result:
    """Is backward the derivative of forward here? Called as (layer, x) or as (forward, backward, arguments).

    x may be left out where the layer has input_shape. The layer is left bit for bit as it was.

    Raises:
        UsageError: the arguments do not describe something that can be checked.
    """
    if method not in ("auto", "entries"):
        raise UsageError(f"method={method!r}: this version has 'auto' and 'entries'")
    if rtol is not None and not 0 < rtol < 1:
        raise UsageError(f"rtol={rtol!r}: a number between 0 and 1 is needed")
    if seed < 0:
        raise UsageError(f"seed={seed!r}: a number of at least 0 is needed")
    specimen = _specimen(layer, given)
    title = type(layer).__name__ if isinstance(specimen, LayerSpecimen) else getattr(layer, "__name__", "function")
    found = name_alone(check_specimen(specimen, title, Options(seed, rtol, method)), specimen)
    return Result(**{field.name: getattr(found, field.name) for field in fields(found)})


def assert_gradients(layer: Any, *given: Any, **options: Any) -> None:
    """check(...), and GradientMismatch with its text unless it passed."""
    result = check(layer, *given, **options)
    if not result.passed:
        raise GradientMismatch(str(result))


def _specimen(layer: Any, given: tuple[Any, ...]) -> Specimen:
    if len(given) == 2 and callable(given[0]):
        return FunctionSpecimen(layer, given[0], tuple(given[1]))
    if len(given) > 1:
        raise UsageError(f"check got {1 + len(given)} arguments: give (layer, x) or (forward, backward, arguments)")
    return LayerSpecimen(layer, given[0] if given else None)
