"""A specimen as a subject, and what the diagnosis may know of its sizes."""

from typing import Any

from gradcheck.base.errors import UsageError
from gradcheck.base.looking import look
from gradcheck.base.randomness import stream
from gradcheck.diagnose.symbols import blind_spots, function_symbols, symbols
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.run.options import Options
from gradcheck.subjects.chain import Chain
from gradcheck.subjects.layer import LayerSubject, function_subject, layer_subject
from gradcheck.subjects.spelling import is_network


def subject_of(specimen: Specimen, options: Options) -> LayerSubject:
    """The subject that is checked: a network as the chain of its layers."""
    declared = specimen.convention
    if isinstance(specimen, FunctionSpecimen):
        return function_subject(specimen.forward, specimen.backward, specimen.arguments, options.seed, declared)
    layer = Chain(specimen.layer) if declared is None and is_network(specimen.layer) else specimen.layer
    return layer_subject(layer, _input(specimen, options.seed), options.seed, declared)


def _input(specimen: LayerSpecimen, seed: int) -> Any:
    if specimen.x is not None:
        return specimen.x
    shape: Any = look(specimen.layer, "input_shape")
    if shape is None:
        raise UsageError(f"x=None: {type(specimen.layer).__name__} has no input_shape, so an input x is needed")
    sizes = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    return stream(seed, "input").normal(size=sizes)


def symbols_of(specimen: Specimen) -> dict[str, float]:
    """The named quantities of the case."""
    if isinstance(specimen, FunctionSpecimen):
        return function_symbols(specimen.forward, specimen.arguments)
    return symbols(specimen.layer, specimen.first)


def blind_of(specimen: Specimen) -> list[str]:
    """Which factors this case would not show."""
    return blind_spots(specimen.layer) if isinstance(specimen, LayerSpecimen) else []
