"""The exception tree. Misuse and a failed check are different exceptions."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """What went wrong in user code, as data: it travels into results and JSON.

    kind: exception type name or "Timeout", "Exit", "Killed" · message: its text · where: "file.py:12"
    or None · output: the last 2,000 characters that the user's code printed.
    """

    kind: str
    message: str
    where: str | None = None
    output: str = ""


class GradcheckError(Exception):
    """Base of everything this package raises on purpose."""


class UsageError(GradcheckError, ValueError):
    """The caller's mistake: what, where, the value, what to do."""


class LayerError(GradcheckError):
    """The user's layer raised, returned the wrong thing or could not be driven."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class GradientMismatch(GradcheckError, AssertionError):  # noqa: N818 -- the name is fixed by the contract
    """A check that did not pass; the message is the text report."""
