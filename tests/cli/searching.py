"""What a search has added to a record."""

from typing import Any

from tests.cli.tools import Ran


def found(ran: Ran) -> list[dict[str, Any]]:
    """The checks that a search has added."""
    return [check for check in ran.record["checks"] if "[found by search]" in check["case"]]


def notes(ran: Ran) -> list[str]:
    """What the searches said."""
    return [note for check in ran.record["checks"] for note in check["notes"] if note.startswith("search:")]
