"""The closed list of causes: one page each, `gradcheck explain`."""

import difflib
from functools import cache
from importlib.resources import files

from gradcheck.base.errors import UsageError


@cache
def causes() -> tuple[str, ...]:
    """The slugs that have a page, sorted."""
    pages = (page.name for page in files("gradcheck").joinpath("diagnose", "causes").iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in pages if name.endswith(".md")))


def page(cause: str) -> str:
    """The page of one cause.

    Raises:
        UsageError: there is no such cause.
    """
    if cause not in causes():
        raise UsageError(f"there is no cause {cause!r}; {nearest(cause)}")
    return files("gradcheck").joinpath("diagnose", "causes", f"{cause}.md").read_text(encoding="utf-8")


def nearest(cause: str) -> str:
    """What may have been meant, in capitals or with underscores too; else where the list is."""
    close = difflib.get_close_matches(cause.strip().lower().replace("_", "-").replace(" ", "-"), causes(), n=3)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else "`gradcheck explain` lists them all"
