"""The pages about causes: `gradcheck explain`."""

import difflib
import re
from importlib.resources import files

from gradcheck.base.errors import UsageError

_SENTENCE = re.compile(r"(.+?[.:])(?=\s|$)", re.DOTALL)


def causes() -> list[str]:
    """The slugs that have a page, sorted."""
    pages = (page.name for page in files("gradcheck.diagnose").joinpath("causes").iterdir())
    return sorted(name.removesuffix(".md") for name in pages if name.endswith(".md"))


def page(cause: str) -> str:
    """The page of one cause.

    Raises:
        UsageError: there is no such cause.
    """
    known = causes()
    if cause not in known:
        close = difflib.get_close_matches(cause, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "`gradcheck explain` lists them all"
        raise UsageError(f"there is no cause {cause!r}; {hint}")
    return files("gradcheck.diagnose").joinpath("causes", f"{cause}.md").read_text(encoding="utf-8")


def overview() -> str:
    """Every cause with the first sentence of its page, one a line."""
    known = causes()
    width = max(map(len, known), default=0)
    return "\n".join(f"{cause:{width}}  {_first_sentence(page(cause))}" for cause in known)


def _first_sentence(text: str) -> str:
    """Of the first paragraph that is no heading."""
    paragraphs = (part.strip() for part in text.split("\n\n"))
    first = next((part for part in paragraphs if part and not part.startswith("#")), "")
    match = _SENTENCE.match(" ".join(first.split()))
    return match[1] if match else first
