"""What a search draws beside arguments and input: the mode, the seed of random parameters, flat parameters anew.

Imports hypothesis, so imported where a search is asked for.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gradcheck.gather.drawing import Drawn, rounded
from gradcheck.gather.load import seed_everything
from gradcheck.gather.points import KINDS, Point
from gradcheck.gather.specimen import Case, LayerSpecimen, Specimen
from gradcheck.gather.strategic import written_of
from gradcheck.gather.written import UnwritableError, Written
from gradcheck.run.modes import EVAL, TRAIN, enter, in_mode, mode_of
from gradcheck.run.redraw import flat_places, hides_terms, redrawn

_SEEDS = (0, 0, 0, 0, *range(1, 13))  # sizes and options are to differ more often than weights
_DECIMALS = 2  # of parameters that are drawn again, so that they can be read


@dataclass(frozen=True)
class Variant:
    """What is changed in an example.

    mode: to be entered, None to leave the layer as it is built · seed: what is added to the run's · redrawn: are
    parameters of zeros or ones drawn again?
    """

    mode: str | None = None
    seed: int = 0
    redrawn: bool = False

    @property
    def suffix(self) -> str:
        """What a case's name says of it."""
        told = (self.mode, f"seed {self.seed}" if self.seed else None, "redrawn" if self.redrawn else None)
        return "".join(f" [{word}]" for word in told if word)


@dataclass(frozen=True, eq=False)
class Varied(Drawn):
    """An example with its variant.

    plain: without it · parameters: names of the leaves that may be drawn again · mode: that the layer is in, None
    where it has no switch.
    """

    variant: Variant = Variant()
    plain: Drawn | None = None
    parameters: Collection[str] = ()
    mode: str | None = None


def variants(specimen: Specimen, parameters: Collection[str], *, built: bool) -> SearchStrategy[Variant]:
    """Of things like this one. The plainest (training, the run's own seed, parameters as they are made) comes first.

    built: its class is built by us, after the seed is set.
    """
    modes = (TRAIN, EVAL) if mode_of(specimen) is not None else (None,)
    seeds = st.sampled_from(_SEEDS) if built and parameters else st.just(0)
    flat = st.booleans() if hides_terms(specimen, parameters) else st.just(False)
    return st.builds(Variant, st.sampled_from(modes), seeds, flat)


def varied(drawn: Drawn, variant: Variant, parameters: Collection[str], seed: int) -> Varied:
    """The example in its variant, as far as that makes a difference. seed: the run's own."""
    specimen = drawn.case.build()
    now = mode_of(specimen)
    wanted = None if now is None else variant.mode
    flat = variant.redrawn and hides_terms(specimen, parameters)
    variant = replace(variant, mode=wanted if wanted != now else None, redrawn=flat)
    wider = tuple(partial(_wide, make, variant, parameters, seed) for make in drawn.wider)
    return Varied(
        _case(drawn.case, variant, parameters, seed), drawn.label, drawn.written, drawn.point, drawn.options, wider,
        variant, drawn, parameters, wanted,
    )  # fmt: skip


def plainer(example: Varied, seed: int) -> Varied | None:
    """The example with its input rounded; at equal values and zeros, which hide terms, with a random one.

    None where that is not to be had.
    """
    plain = example.plain
    if plain is not None and plain.point is not None and not KINDS[plain.point.kind].seeded:
        plain = replace(plain, point=Point(plain.point.shape, below=plain.point.below))
    found = None if plain is None else rounded(plain)
    return None if found is None else varied(found, example.variant, example.parameters, seed)


def written_down(example: Varied) -> Written | None:
    """The example as Python; None where it cannot be said. The layer of an author's own is changed."""
    variant, written = example.variant, example.written
    if written is None or example.plain is None or not (variant.mode or variant.redrawn):
        return written
    try:
        if len(written.parts) > 2:  # functions
            return written_of(example.case.build())
        specimen = example.plain.case.build()
        done = _drawn_again(specimen, example.parameters)[1] if variant.redrawn else []
        return replace(written, after=(*done, *enter(specimen, variant.mode)))
    except UnwritableError:
        return None


def _case(case: Case, variant: Variant, parameters: Collection[str], seed: int) -> Case:
    build = partial(_built, case.build, variant, parameters, seed)
    return replace(case, name=f"{case.name}{variant.suffix}", mode=variant.mode, build=build)


def _built(build: Callable[[], Specimen], variant: Variant, parameters: Collection[str], seed: int) -> Specimen:
    if variant.seed:
        seed_everything(seed + variant.seed)
    specimen = build()
    if variant.redrawn:
        specimen, _ = _drawn_again(specimen, parameters)
    return in_mode(specimen, variant.mode) if variant.mode else specimen


def _wide(make: Callable[[], Drawn], variant: Variant, parameters: Collection[str], seed: int) -> Drawn:
    drawn = make()
    return replace(drawn, case=_case(drawn.case, variant, parameters, seed))


def _drawn_again(specimen: Specimen, parameters: Collection[str]) -> tuple[Specimen, list[str]]:
    """The specimen with its flat parameters drawn again; what was done, as statements about `layer`."""
    places = flat_places(specimen, parameters) if isinstance(specimen, LayerSpecimen) else []
    specimen, done = redrawn(specimen, parameters), []
    for place in places:
        value = place.get()
        rounded_value = np.round(value, _DECIMALS)
        if isinstance(value, float):
            place.set(float(rounded_value))
            done.append(f"layer.{place.path} = {float(rounded_value)!r}")
        else:
            value[...] = rounded_value
            done.append(f"layer.{place.path}[...] = np.array({rounded_value.tolist()!r})")
    return specimen, done
