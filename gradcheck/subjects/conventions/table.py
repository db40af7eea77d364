"""The families in the order in which they are tried; a new one is one file and one line here."""

from collections.abc import Callable

from gradcheck.base.errors import Failure, LayerError
from gradcheck.subjects.conventions import cached, derivative, returned, stored, together
from gradcheck.subjects.conventions.way import NoFitError, Seen, Way

FAMILIES: tuple[tuple[str, Callable[[Seen], Way]], ...] = (
    (together.FAMILY, together.fit),
    (cached.FAMILY, cached.fit),
    (stored.FAMILY, stored.fit),
    (derivative.FAMILY, derivative.fit),
    (returned.FAMILY, returned.fit),
)


def recognised(seen: Seen) -> Way:
    """The first family that fits.

    Raises:
        LayerError: none does; the message says of each what was missing.
    """
    missing: dict[str, list[str]] = {}
    for family, fit in FAMILIES:
        try:
            return fit(seen)
        except NoFitError as error:
            missing.setdefault(str(error), []).append(family)
    told = "; ".join(f"{' / '.join(families)}: {reason}" for reason, families in missing.items())
    raise LayerError(Failure("TypeError", f"{_headline(seen)}. No convention fits: {told}. {_HINT}"))


def _headline(seen: Seen) -> str:
    if seen.run.returned is None or (isinstance(seen.roles, str) is False and seen.outputs_at is None):
        return f"{seen.who[0]} returned {described(seen.run.returned)}; a float array or number is needed"
    return f"{seen.who[0]} and {seen.who[1]} are not understood"


def described(value: object) -> str:
    """None, `a list`, `an array of int64`."""
    if value is None:
        return "None"
    kind, dtype = type(value).__name__, getattr(value, "dtype", None)
    return f"a {kind}" if dtype is None else f"a {kind} of {dtype}"


_HINT = "Say how it is called with Convention(forward=..., backward=...)"
