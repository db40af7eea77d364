"""What could not be checked at all, and why."""

from dataclasses import dataclass

from gradcheck.base.errors import Failure


@dataclass(frozen=True)
class Problem:
    """Something that kept a target, or a class of it, from being checked (exit code 2).

    target: as the user spelled it · kind: exception type name, or one of ours ("Missing", "Nothing",
    "CannotBuild", "Timeout", "Exit", "Killed") · where: "file.py:12" or None · output: the last 2,000
    characters that the user's code printed.
    """

    target: str
    kind: str
    message: str
    where: str | None = None
    output: str = ""

    @classmethod
    def of(cls, target: str, failure: Failure) -> "Problem":
        """The failure, as a problem of this target."""
        return cls(target, failure.kind, failure.message, failure.where, failure.output)
