"""One check in text: the leaves, the worst entries, the findings, what stopped it."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from gradcheck.render.screened import chance_of_a_miss, wrong_entries
from gradcheck.render.tables import entry_table, gravity, leaf_table
from gradcheck.render.wording import clean, clean_lines, command, count, index, mark, pastes, quote, wrap
from gradcheck.store.numbers import Json, from_json

BODY = "  "
Known = set[tuple[Any, ...]]  # what this report has explained already


def check_block(check: Json, *, show_all: bool, known: Known | None = None) -> str:
    """The whole check; findings in `known` (explained further up in the same report) take one line."""
    known = set() if known is None else known
    explained = [finding_text(finding, check["target"], known) for finding in check["findings"]]
    parts = [headline(check), error_text(check["error"]), leaves_text(check["leaves"], show_all=show_all)]
    notes = [*map(note_text, check["notes"]), _chance(check)]
    parts += [*explained, *notes, _expected(check), _replay(check), _paste(check)]
    return "\n\n".join(part for part in parts if part)


def headline(check: Json) -> str:
    """`FAIL  FCLayer(input_shape=(1, 3), output_shape=(1, 2))`."""
    word = "expected" if check["expected"] else check["verdict"].upper()
    word = "pass" if word == "PASS" else word
    hang = " " * (len(word) + 2)
    return wrap(f"{word}  {clean(check['case'])}", hanging=hang)


def leaves_text(leaves: list[Json], *, show_all: bool) -> str:
    """The table, then the worst entries of each failing leaf."""
    shown = leaves if show_all else [leaf for leaf in leaves if leaf["verdict"] != "pass"]
    parts = [leaf_table(shown, indent=BODY)] if shown else []
    parts += [_also_passing(leaves, shown), "\n".join(_marks(shown))]
    parts += [_wrong(leaf) for leaf in sorted(leaves, key=gravity) if leaf["verdict"] == "fail"]
    return "\n\n".join(part for part in parts if part)


def finding_text(finding: Json, target: str, known: Known) -> str:
    """`constant-factor: dE/dbias is 0.6667 times ...` and where to read on."""
    signature = (target, finding["cause"], finding["leaf"], finding["expression"])
    if signature in known:
        return wrap(f"{finding['cause']}: {_again(finding)}", indent=BODY, hanging=BODY * 2, keep=names_in(finding))
    known.add(signature)
    sentence = wrap(_sentence(finding), indent=BODY, hanging=BODY * 2, keep=names_in(finding))
    return f"{sentence}\n{BODY * 2}more: gradcheck explain {clean(finding['cause'])}"


def error_text(error: Json | None) -> str:
    """What the user's code raised, where, and what it had printed."""
    if error is None:
        return ""
    first, *rest = clean_lines(error["message"])
    lines = [wrap(f"{clean(error['kind'])}: {first}", indent=BODY, hanging=BODY * 2)]
    lines += [wrap(line, indent=BODY * 2, hanging=_hanging(line)) for line in rest if line.strip()]
    if error["where"]:
        lines.append(f"{BODY}at {clean(error['where'])}")
    if error.get("output", "").strip():
        lines += [f"{BODY}it had printed:", quote(error["output"], indent=BODY)]
    return "\n".join(lines)


def error_line(error: Json) -> str:
    """`ValueError: bad input, at dense.py:31`, the message's first line."""
    where = f", at {clean(error['where'])}" if error["where"] else ""
    return f"{clean(error['kind'])}: {clean_lines(error['message'])[0]}{where}"


def factor_of(finding: Json) -> str:
    """`, factor 2.5 = layer_depth / input_depth` where the cause is one."""
    if finding["factor"] is None:
        return ""
    number, name = f"{from_json(finding['factor']):.4g}", clean(finding["expression"] or "")
    return f", factor {number} = {name}" if name not in ("", number) else f", factor {number}"


def note_text(note: str) -> str:
    """One note, wrapped."""
    return wrap(f"note: {clean(note)}", indent=BODY, hanging=BODY * 2)


def _chance(check: Json) -> str:
    told = chance_of_a_miss([check])
    return wrap(told, indent=BODY, hanging=BODY * 2) if told else ""


def _also_passing(leaves: list[Json], shown: list[Json]) -> str:
    right = [f"{clean(leaf['name'])} ({_entries(leaf['checked'])})" for leaf in leaves if leaf not in shown]
    return wrap(f"pass: {', '.join(right)}", indent=BODY, hanging=BODY * 2) if right else ""


def _marks(leaves: list[Json]) -> Iterator[str]:
    for leaf in leaves:
        if leaf["note"]:
            yield wrap(f"{clean(leaf['name'])}: {mark(leaf['note'])}", indent=BODY, hanging=BODY * 2)


def _wrong(leaf: Json) -> str:
    """The wrong entries of one leaf, worst first, and what was allowed."""
    name, entries = clean(leaf["name"]), leaf["wrong_entries"] or [e for e in [leaf["worst"]] if e]
    if not entries:
        return wrap(f"{name}: not compared entry by entry; the finding below says why.", indent=BODY)
    text = f"{name}: {_share(leaf, len(entries))}{_excess(entries[0])}."
    return f"{wrap(text, indent=BODY, hanging=BODY * 2)}\n\n{entry_table(entries, indent=BODY)}"


def _share(leaf: Json, listed: int) -> str:
    """`2 of 36 entries are wrong, the worst 8 of them`."""
    if not leaf["wrong"]:
        return "the worst entry"
    verb = "is" if leaf["wrong"] == 1 else "are"
    share = f"{wrong_entries(leaf)} of {_entries(leaf['checked'])} {verb} wrong"
    return share if listed == 1 else f"{share}, worst first" + (f", {listed} shown" if leaf["wrong"] > listed else "")


def _excess(entry: Json) -> str:
    """By how much the worst difference exceeds what was allowed."""
    if entry["tolerance"] is None or entry["analytic"] is None:
        return ""
    tolerance = from_json(entry["tolerance"])
    times = abs(from_json(entry["analytic"]) - from_json(entry["numeric"])) / tolerance if tolerance > 0 else math.nan
    at = index(entry["index"])
    return f"; the difference at {at} is {times:.2g} times the tolerance" if math.isfinite(times) else ""


def _sentence(finding: Json) -> str:
    """Cause, the message, and what the message leaves unsaid of leaf, expression, tie and place."""
    message = " ".join(clean_lines(finding["message"]))
    text = f"{clean(finding['cause'])}: {message}"
    additions: list[tuple[str, Callable[[str], str]]] = [
        (finding["leaf"], "Leaf: {}.".format),
        (finding["expression"] or "", "The factor is {}.".format),
        (" or ".join(finding["tied"]), "These shapes do not tell it from {}.".format),
        (finding["where"] or "", "See {}.".format),
    ]
    for said, sentence in additions:
        if said and clean(said) not in message:
            text = f"{text.rstrip('.')}. {sentence(clean(said))}"
    return text


def _again(finding: Json) -> str:
    """The short form for a further case of the same class."""
    return f"leaf {clean(finding['leaf'])}{factor_of(finding)}, as explained above"


def _hanging(line: str) -> str:
    """A line of code to paste goes on below itself."""
    return BODY * 3 + " " * (len(line) - len(line.lstrip()))


def names_in(finding: Json) -> list[str]:
    """The expressions of a finding, which are not broken over two lines."""
    return [clean(name) for name in (finding["expression"], *finding["tied"]) if name]


def _expected(check: Json) -> str:
    if not check["expected"]:
        return ""
    reason = clean(check.get("reason") or "no reason given")
    return wrap(f"expected: {reason}", indent=BODY, hanging=BODY * 2)


def _replay(check: Json) -> str:
    shown = check["replay"] and not check["expected"] and check["verdict"] != "pass"
    return command(f"again: {clean(check['replay'])}", indent=BODY) if shown else ""


def _paste(check: Json) -> str:
    """The lines to paste, as they are: code is not wrapped."""
    return "\n\n".join(f"{BODY}{title}\n\n{_code(text)}" for title, text in pastes(check))


def _code(text: str) -> str:
    return "\n".join(f"{BODY * 2}{line}".rstrip() for line in text.split("\n"))


def _entries(number: int) -> str:
    return count(number, "entry", "entries")
