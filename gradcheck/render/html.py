"""One self-contained page (the extra `report`): jinja2 escapes every field, matplotlib draws, nothing is fetched."""

import base64
import hashlib
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from gradcheck.base.causes import causes, page
from gradcheck.judge.verdict import Verdict
from gradcheck.render.html_leaf import Pictures, failing_leaf, leaf_row
from gradcheck.render.standing import by_target, gravest, in_short, outcome, run_outcome, tally, verified
from gradcheck.render.tables import quantified
from gradcheck.render.wording import clean, clean_lines, clip, count, pastes
from gradcheck.store.numbers import Json, from_json

_LONGEST = 2000  # characters of one name or message
_OPEN = 12  # failing checks that stand open at first


def run_html(record: Json) -> str:
    """The whole run as one page."""
    style, script = _ours("style.css"), _ours("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    pictures, result = Pictures(), run_outcome(record)
    targets = [
        _target(name, group, at, pictures) for at, (name, group) in enumerate(by_target(record["checks"]).items())
    ]
    _opened(targets)
    return _filled(
        "report.html.j2",
        style=style, script=script, script_hash=f"sha256-{digest}",
        title=f"{result}: gradcheck, {count(len(record['checks']), 'check')}",
        headline=tally(record), outcome=result, version=_text(record["gradcheck"]), seed=record["seed"],
        folder=_text(record.get("folder") or ""), counts=list(_counts(record)), promise=verified(record["checks"]),
        targets=targets, notes=[_text(note) for note in record.get("notes", ())], failures=result == "fail",
        problems=[_failure(problem) | {"target": _text(problem["target"])} for problem in record["problems"]],
        vanished=[{k: _text(v) for k, v in fault.items()} for fault in record.get("expected_vanished", ())],
        causes=_pages(record["checks"]),
    )  # fmt: skip


def result_html(check: Json) -> str:
    """One check for a notebook."""
    return _filled("result.html.j2", style=_ours("style.css"), check=_check(check, "result", Pictures()))


def _filled(name: str, **fields: Any) -> str:
    environment = Environment(loader=PackageLoader("gradcheck.render", "page"), autoescape=True, trim_blocks=True)
    text: str = environment.get_template(name).render(fields)
    return text.lstrip()


def _ours(name: str) -> Markup:
    """A file of this package, which is not escaped; nothing of a user's is ever put in it."""
    return Markup(files("gradcheck.render").joinpath("page", name).read_text(encoding="utf-8"))  # noqa: S704 -- a file of ours


def _text(text: object) -> str:
    return clean(clip(str(text), _LONGEST))


def _lines(text: object) -> str:
    return "\n".join(clean_lines(clip(str(text), _LONGEST)))


def _target(name: str, checks: list[Json], at: int, pictures: Pictures) -> Json:
    """One section. Its id comes from its name, so that a link outlives a run."""
    passing = [check for check in checks if check["verdict"] == Verdict.PASS.value]
    own = f"{_slug(name)}-{hashlib.sha256(repr(name).encode()).hexdigest()[:8]}"
    used: dict[str, int] = {}
    places = [_unique(f"{own}-{_number(check, n)}", used) for n, check in enumerate(checks)]
    return {
        "id": own,
        "name": _text(name) or f"target {at + 1}",
        "outcome": gravest(checks),
        "paths": list(dict.fromkeys(_text(check["path"]) for check in checks if check.get("path"))),
        "passing": len(passing),
        "digits": quantified(passing)[0],
        "causes": list(dict.fromkeys(_text(f["cause"]) for check in checks for f in check["findings"])),
        "checks": [_check(check, place, pictures) for check, place in zip(checks, places, strict=True)],
    }


def _number(check: Json, place: int) -> str:
    return f"case-{check['index']}" if isinstance(check.get("index"), int) else f"check-{place}"


def _unique(identity: str, used: dict[str, int]) -> str:
    used[identity] = used.get(identity, 0) + 1
    return identity if used[identity] == 1 else f"{identity}-{used[identity]}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:60].strip("-") or "layer"


def _check(check: Json, identity: str, pictures: Pictures) -> Json:
    wrong = [leaf for leaf in check["leaves"] if leaf["verdict"] == Verdict.FAIL.value]
    names = [_text(leaf["name"]) for leaf in check["leaves"]]
    return {
        "id": identity,
        "outcome": outcome(check),
        "open": False,
        "case": _text(check["case"]) or "(no name)",
        "short": in_short(check),
        "words": clip(" ".join([clean(check["target"]), clean(check["case"]), *names]).lower(), _LONGEST),
        "reason": _text(check.get("reason") or "no reason given"),
        "expected": check["expected"],
        "error": None if check["error"] is None else _failure(check["error"]),
        "leaves": [leaf_row(leaf) for leaf in sorted(check["leaves"], key=lambda leaf: leaf["verdict"] == "pass")],
        "failing": [failing_leaf(leaf, pictures) for leaf in wrong],
        "findings": [_finding(finding) for finding in check["findings"]],
        "notes": [_text(note) for note in check["notes"]],
        "replay": _text(check["replay"] or ""),
        "pastes": pastes(check),
        "cost": _cost(check),
    }


def _failure(failure: Json) -> Json:
    return {
        "kind": _text(failure["kind"]),
        "message": _lines(failure["message"]),
        "where": _text(failure["where"] or ""),
        "output": _lines((failure.get("output") or "").rstrip()),
    }


def _finding(finding: Json) -> Json:
    """A finding whose factor is split into what stands above and below the line of a fraction."""
    expression = _text(finding["expression"] or "")
    above, slash, below = expression.partition(" / ")
    whole = not slash or " / " in below or "(" in expression
    return {
        "cause": _text(finding["cause"]),
        "severity": finding["severity"],
        "leaf": _text(finding["leaf"]),
        "message": _text(" ".join(str(finding["message"]).split())),
        "where": _text(finding["where"] or ""),
        "tied": [_text(other) for other in finding["tied"]],
        "factor": "" if finding["factor"] is None else f"{from_json(finding['factor']):.4g}",
        "above": expression if whole else above,
        "below": "" if whole else below,
        "page": f"cause-{finding['cause']}" if finding["cause"] in causes() else "",
    }


def _cost(check: Json) -> str:
    calls = check["evaluations"]
    more = calls["diagnosis"]["forward"] + calls["diagnosis"]["backward"]
    asked = f"{count(calls['forward'], 'forward')} and {count(calls['backward'], 'backward')}"
    seconds = f"{from_json(check['seconds']):.2g} s"
    return f"{asked}{f', {more} more for the diagnosis' if more else ''}, {seconds}"


def _counts(record: Json) -> Iterator[Json]:
    """What the summary shows in large."""
    numbers = record["summary"]
    words = {"pass": "pass", "fail": "fail", "error": "error", "inconclusive": "inconclusive"}
    for kind, word in words.items():
        if numbers[kind] or kind in ("pass", "fail"):
            yield {"kind": kind, "number": numbers[kind], "word": word}
    if numbers["expected"]:
        yield {"kind": "expected", "number": numbers["expected"], "word": "of these expected"}
    if record["problems"]:
        yield {"kind": "problem", "number": len(record["problems"]), "word": "could not be checked"}


def _opened(targets: list[Json]) -> None:
    """The first failing check of each layer stands open, the others show their line."""
    firsts = [target["checks"][0] for target in targets if target["outcome"] != "pass"]
    for check in firsts[:_OPEN]:
        check["open"] = True


def _pages(checks: list[Json]) -> list[Json]:
    known = set(causes())
    named = dict.fromkeys(f["cause"] for check in checks for f in check["findings"] if f["cause"] in known)
    return [{"id": f"cause-{cause}", "name": cause, "page": page(cause).partition("\n")[2].strip()} for cause in named]
