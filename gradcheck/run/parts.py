"""A network's layers, each at the point that the network visits, and its loss: the faulty one is named."""

from collections.abc import Callable, Iterator
from typing import Any

from gradcheck.base.arrays import Array
from gradcheck.base.randomness import stream
from gradcheck.gather.naming import callable_name
from gradcheck.gather.specimen import FunctionSpecimen, LayerSpecimen, Specimen
from gradcheck.run.points import input_of
from gradcheck.subjects.calls import as_output, call
from gradcheck.subjects.spelling import is_network, paired_method_names


def parts(specimen: Specimen) -> list[str]:
    """`layer 0 FCLayer`, ..., `loss mse`: what a network is made of; nothing for anything else."""
    return list(_makers(specimen))


def part_of(specimen: Specimen, name: str) -> Specimen:
    """The part of that name, at its point; LayerError where a layer before it raises."""
    return _makers(specimen)[name]()


def _makers(specimen: Specimen) -> dict[str, Callable[[], Specimen]]:
    if not isinstance(specimen, LayerSpecimen) or not is_network(specimen.layer):
        return {}
    network, made = specimen.layer, {}
    for number, layer in enumerate(network.layers):
        made[f"layer {number} {type(layer).__name__}"] = _layer(specimen, number)
    if callable(network.loss) and callable(network.loss_prime):
        made[f"loss {callable_name(network.loss)}"] = lambda: _loss(specimen)
    return made


def _layer(specimen: LayerSpecimen, number: int) -> Callable[[], Specimen]:
    return lambda: LayerSpecimen(specimen.layer.layers[number], _visited(specimen)[number])


def _loss(specimen: LayerSpecimen) -> Specimen:
    output = _visited(specimen)[-1]
    truth = stream(0, "truth").uniform(0.1, 0.9, size=output.shape)
    return FunctionSpecimen(specimen.layer.loss, specimen.layer.loss_prime, (truth, output))


def _visited(specimen: LayerSpecimen) -> list[Array]:
    """The input of every layer, then the output."""
    return list(_walk(specimen.layer.layers, input_of(specimen)))


def _walk(layers: Any, x: Any) -> Iterator[Any]:
    yield x
    for layer in layers:
        names = paired_method_names(layer) or ("forward", "backward")
        x = as_output(call(getattr(layer, names[0]), x.copy()), f"{type(layer).__name__}.{names[0]}")
        yield x
