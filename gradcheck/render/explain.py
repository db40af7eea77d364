"""The pages about causes: `gradcheck explain`."""

import re

from gradcheck.base.causes import causes, page

_SENTENCE = re.compile(r"(.+?[.:])(?=\s|$)", re.DOTALL)


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
