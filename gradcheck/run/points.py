"""What `run` adds to a case: the other mode of a training switch. Special points come with a later version."""

from gradcheck.gather.specimen import LayerSpecimen, Specimen


def points_for(specimen: Specimen) -> list[str]:
    """Names of the special points to try; none in this version."""
    del specimen
    return []


def modes_for(specimen: Specimen) -> list[str]:
    """The mode that the layer is not in, where it has a boolean `training`."""
    training = getattr(specimen.layer, "training", None) if isinstance(specimen, LayerSpecimen) else None
    if not isinstance(training, bool):
        return []
    return ["eval" if training else "train"]


def enter(specimen: Specimen, mode: str | None) -> None:
    """Switch the layer; nothing for mode=None."""
    if mode is not None and isinstance(specimen, LayerSpecimen):
        specimen.layer.training = mode == "train"
