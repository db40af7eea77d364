"""How numbers, indices, counts and other people's text are written in a report of 80 columns."""

import math
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from gradcheck.store.numbers import Json

WIDTH = 80

PART = "located in part"
MARKS = {
    "kink": "judged by one-sided slopes",
    "vacuous": "nothing was really compared",
    "noisy": "the error bar is too wide to decide",
    "float64": "judged with the layer's arrays cast up to it",
    "precision": "right up to the rounding of a lower precision",
    PART: "more entries are wrong than are listed",
}

_WHOLE = re.compile(r"\(-?\d+,[-\d, ]*\)|\[[\d:, ]+\]|--case \d+")  # (391, 77), [5, :], --case 3: never broken
_HOLD = "\N{NO-BREAK SPACE}"


def clean(text: object) -> str:
    """Someone else's text on one line: what does not print (escapes, controls) as in its repr."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def clean_lines(text: object) -> list[str]:
    """The same for text of several lines."""
    return [clean(line.expandtabs(4)) for line in str(text).splitlines()] or [""]


def clip(text: str, limit: int) -> str:
    """The text, cut where it is longer than any name or message should be."""
    return text if len(text) <= limit else f"{text[:limit]} [{len(text) - limit} more characters]"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 entry`, `2 entries`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def index(position: Sequence[int]) -> str:
    """`(391, 77)`, `(1,)`, `()`: as numpy takes it."""
    return str(tuple(position))


def value(number: float, digits: int = 6) -> str:
    """A gradient with its significant digits, trailing zeros kept so that columns compare."""
    return f"{number:#.{digits}g}".rstrip(".")


def size(number: float) -> str:
    """The magnitude of a difference, an error or a tolerance."""
    return f"{number:.3g}"


def agreement(digits: float) -> str:
    """Digits of agreement, one decimal; values that differ by more than themselves agree in none."""
    return "-" if math.isnan(digits) else f"{max(digits, 0.0) + 0.0:.1f}"  # + 0.0: no "-0.0"


def telling_digits(pairs: Sequence[tuple[float, float]]) -> int:
    """Significant digits that show the difference of each pair, between 4 and 12."""
    needed = [4]
    for a, n in pairs:
        gap, larger = abs(a - n), max(abs(a), abs(n))
        if 0 < gap < larger < math.inf:
            needed.append(math.ceil(-math.log10(gap / larger)) + 3)
    return min(max(needed), 12)


def mark(note: str) -> str:
    """A leaf's note, its marks explained: `kink (judged by one-sided slopes)`."""
    parts = [part.strip() for part in note.split(", ") if part.strip()]
    return ", ".join(f"{clean(p)} ({MARKS[p]})" if p in MARKS else clean(p) for p in parts)


def wrap(text: str, *, indent: str = "", hanging: str | None = None, keep: Sequence[str] = ()) -> str:
    """Text in lines of 80 columns; indices and the phrases in `keep` stay in one piece."""
    held = _WHOLE.sub(lambda match: match[0].replace(" ", _HOLD), text)
    for phrase in keep:
        held = held.replace(phrase, phrase.replace(" ", _HOLD))
    lines = textwrap.wrap(
        held,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_HOLD, " ")


def command(text: str, *, indent: str = "") -> str:
    """A command line, continued as a shell takes it where it is long (quoted words stay as they are)."""
    lines = textwrap.wrap(text, WIDTH - len(indent) - 6, break_long_words=False, break_on_hyphens=False)
    return f"{indent}{text}" if "'" in text or not lines else indent + f" \\\n{indent}    ".join(lines)


def quote(text: str, *, indent: str = "") -> str:
    """What user code printed, a bar before every line, long lines folded."""
    folded = (textwrap.wrap(line, WIDTH - len(indent) - 2) or [""] for line in clean_lines(text.rstrip()))
    return "\n".join(f"{indent}| {part}".rstrip() for lines in folded for part in lines)


def unique(names: Sequence[str], spelled: str = "{name} ({number})") -> Iterator[str]:
    """The names, no two alike: a reader would keep the last of them. spelled: how one is written that is taken."""
    taken, times = set(names), Counter[str]()
    for name in names:
        times[name] += 1
        made = name
        while times[name] > 1 and made in taken:
            made = spelled.format(name=name, number=times[name])
            times[name] += made in taken
        taken.add(made)
        yield made


def pastes(check: Json) -> list[tuple[str, str]]:
    """What a search has found, as lines of Python to paste, each with a title; nothing for any other check."""
    paste = check.get("paste") or {}
    titles = {"case": "To keep it as a case, in the layer's module:", "test": "As a test:"}
    return [(title, "\n".join(map(clean, paste[key].split("\n")))) for key, title in titles.items() if paste.get(key)]
