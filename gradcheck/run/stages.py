"""The layers of a network, each as a subject of its own at the point that the network visits.

Only where that is the same thing: the layers run one by one give the network's output bit for bit, also where every
leaf has moved, and no layer's output hangs on what belongs to another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.base.arrays import Array
from gradcheck.base.errors import Failure, LayerError, UsageError
from gradcheck.base.looking import look
from gradcheck.base.randomness import stream
from gradcheck.gather.specimen import LayerSpecimen, Specimen
from gradcheck.subjects.calls import as_output, call
from gradcheck.subjects.guard import arrays_below
from gradcheck.subjects.layer import LayerSubject, layer_subject
from gradcheck.subjects.leaf import Leaf, Role, kept
from gradcheck.subjects.spelling import paired_method_names

_FAR = 2.0**-4  # the moved point of the proof, in scales of each leaf


@dataclass(eq=False)
class Stage:
    """One layer of a network. output: at the point that the network visits."""

    number: int
    specimen: LayerSpecimen
    subject: LayerSubject
    output: Array

    @property
    def title(self) -> str:
        """`layers[2] (FCLayer)`."""
        return f"layers[{self.number}] ({type(self.specimen.layer).__name__})"

    @property
    def input(self) -> Leaf | None:
        """The leaf that is the layer's input; None where that is no float array."""
        return next((leaf for leaf in self.subject.leaves if leaf.role is Role.INPUT), None)

    def full_name(self, leaf: Leaf) -> str:
        """By which the network's own subject, or a table of it, knows a leaf."""
        alone = leaf is self.input and self.number == 0
        return leaf.name if alone else f"layers[{self.number}].{leaf.name}"


@dataclass(eq=False)
class Stages:
    """The layers in order. runs: how often a layer was run by itself, beside what its subject counts."""

    stages: list[Stage]
    runs: int

    @property
    def forward_calls(self) -> int:
        """Of the network: as many layers as it has count as one."""
        own = sum(stage.subject.calls.forward for stage in self.stages)
        return -(-(own + self.runs) // len(self.stages))

    @property
    def backward_calls(self) -> int:
        """See forward_calls."""
        return -(-sum(stage.subject.calls.backward for stage in self.stages) // len(self.stages))


def stages_of(subject: LayerSubject, specimen: Specimen, output: Array, seed: int) -> Stages | None:
    """None for what is no row of layers, or where a layer by itself is not what it is in the network."""
    layers = _row(specimen)
    given = subject.inputs.arguments
    if layers is None or len(given) != 1 or not isinstance(given[0], np.ndarray):
        return None
    if any(leaf.vast for leaf in subject.leaves):
        return None
    try:
        with subject.session():
            stages = list(_made(layers, given[0], seed))
        proven = _matched(subject.leaves, stages) and _proven(subject, stages, output, seed)
    except (LayerError, UsageError):
        return None
    return Stages(stages, 2 * len(stages)) if proven else None


def _row(specimen: Specimen) -> Sequence[Any] | None:
    if not isinstance(specimen, LayerSpecimen) or specimen.convention is not None:
        return None
    layers = look(specimen.layer, "layers")
    if not isinstance(layers, list | tuple) or len(layers) < 2:
        return None
    return layers if all(paired_method_names(layer) is not None for layer in layers) else None


def _made(layers: Sequence[Any], x: Any, seed: int) -> Iterator[Stage]:
    """Each subject is made before its layer runs, so that it starts from the state, drawn numbers included, as here."""
    for number, layer in enumerate(layers):
        specimen = LayerSpecimen(layer, x.copy(order="K"))
        subject = layer_subject(layer, specimen.x, seed)
        x = _ran(layer, x)
        yield Stage(number, specimen, subject, as_output(x, type(layer).__name__))


def _ran(layer: Any, x: Any) -> Any:
    names = paired_method_names(layer) or ("forward", "backward")
    output = call(getattr(layer, names[0]), x.copy(order="K"))
    if not isinstance(output, np.ndarray | np.floating | float):
        raise LayerError(Failure("TypeError", f"{type(layer).__name__} hands on a {type(output).__name__}"))
    return np.array(output)


def _matched(leaves: Sequence[Leaf], stages: Sequence[Stage]) -> bool:
    """Has every leaf of the network exactly one layer that it belongs to, and every layer an input to be checked?

    A layer may have more: what it depends on and its network does not, as a bias ahead of a normalisation.
    """
    whole = {leaf.name: leaf for leaf in leaves}
    own = {stage.full_name(leaf): leaf for stage in stages for leaf in stage.subject.leaves}
    hidden = {stage.full_name(stage.input) for stage in stages[1:] if stage.input is not None}
    if len(hidden) != len(stages) - 1 or not set(whole) <= set(own) - hidden:
        return False
    return all(
        leaf.array is own[name].array or leaf.role is Role.INPUT or leaf.publish is not None
        for name, leaf in whole.items()
    ) and not _shared(stages)


def _shared(stages: Sequence[Stage]) -> bool:
    """Does a layer hold an array that is a leaf of another?"""
    held = [arrays_below(stage.specimen.layer) for stage in stages]
    return any(
        np.may_share_memory(leaf.array, array)
        for stage in stages
        for leaf in stage.subject.leaves
        for number, arrays in enumerate(held)
        if number != stage.number
        for array in arrays
    )


def _proven(subject: LayerSubject, stages: Sequence[Stage], output: Array, seed: int) -> bool:
    """Two proofs by moving; the first runs each layer twice, the second once."""
    if not np.array_equal(stages[-1].output, output, equal_nan=True):
        return False
    generator = stream(seed, "stages")
    with kept(subject.leaves) as saved:
        for leaf, values in saved:
            leaf.displace(values, _FAR, generator)
        if not _is_row(subject, stages):
            return False
        return all(_is_apart(stage, _by_array(saved)) for stage in stages)


def _by_array(saved: Sequence[tuple[Leaf, Array]]) -> dict[int, Array]:
    """The values of each leaf by the identity of its array."""
    return {id(leaf.array): values for leaf, values in saved}


def _is_row(subject: LayerSubject, stages: Sequence[Stage]) -> bool:
    """Is the network's output here that of the layers run one by one?"""
    here = subject.forward()
    with subject.session():
        x = subject.inputs.handed()[0]
        for stage in stages:
            x = _ran(stage.specimen.layer, x)
    return np.array_equal(as_output(x, "forward"), here, equal_nan=True)


def _is_apart(stage: Stage, values: dict[int, Array]) -> bool:
    """With its own leaves back where they were and those of all others moved: is the output the same?"""
    own = [leaf for leaf in stage.subject.leaves if id(leaf.array) in values]
    with kept(own):
        for leaf in own:
            leaf.write(values[id(leaf.array)])
        return np.array_equal(stage.subject.forward(), stage.output, equal_nan=True)
