"""What a check comes to for its reader, the same in every format: its outcome, its order, its reason, its one line."""

from collections.abc import Iterable
from typing import Any

from gradcheck.judge.verdict import Verdict
from gradcheck.render.wording import clean, clip, count
from gradcheck.store.numbers import Json

_GRAVITY = ("error", "fail", "inconclusive", "warning", "expected", "pass")  # the gravest first


def outcome(check: Json) -> str:
    """The verdict; "expected" for a fault that is listed, "warning" for a pass with a finding."""
    if check["expected"]:
        return "expected"
    if check["verdict"] == Verdict.PASS.value and check["findings"]:
        return "warning"
    return str(check["verdict"])


def gravity(check: Json) -> int:
    """Sort key: the gravest first."""
    return _GRAVITY.index(outcome(check))


def gravest(checks: Iterable[Json]) -> str:
    """The outcome of several checks together."""
    return _GRAVITY[min(map(gravity, checks), default=-1)]


def fails(check: Json, record: Json) -> bool:
    """Does this check fail the run, with the options that it had?"""
    options = record.get("options") or {}
    kind = outcome(check)
    if kind == "inconclusive":
        return not options.get("allow_inconclusive")
    return kind in ("error", "fail") or (kind == "warning" and bool(options.get("strict")))


def run_outcome(record: Json) -> str:
    """Of the whole run: "fail" where anything fails it, or nothing was checked."""
    gone = record["problems"] or record.get("expected_vanished") or record.get("interrupted")
    bad = gone or not record["checks"] or any(fails(check, record) for check in record["checks"])
    return "fail" if bad else "pass"


def tally(record: Json) -> str:
    """`15 checks: 8 pass, 7 fail; 7 of these expected; 1 problem`."""
    numbers = record["summary"]
    kinds = [f"{numbers[v.value]} {v.value}" for v in Verdict if numbers[v.value] or v is Verdict.PASS]
    extra = [f"{numbers['expected']} of these expected"] if numbers["expected"] else []
    extra += [count(len(record["problems"]), "problem")] if record["problems"] else []
    extra += ["interrupted: more was to come"] if record.get("interrupted") else []
    return "; ".join([f"{count(len(record['checks']), 'check')}: {', '.join(kinds)}", *extra])


def verified(checks: Iterable[Json]) -> str:
    """`Verified 8 checks, 22 leaves, 239 entries: ...`: what a pass promises."""
    passing = [check for check in checks if check["verdict"] == Verdict.PASS.value]
    leaves = [leaf for check in passing for leaf in check["leaves"]]
    checked = sum(leaf["checked"] for leaf in leaves)
    entries = count(checked, "entry", "entries")
    amount = f"{count(len(passing), 'check')}, {count(len(leaves), 'leaf', 'leaves')}, {entries}"
    return f"Verified {amount}: {'the derivative of this forward' if checked else 'nothing is promised'}."


def by_reason(checks: Iterable[Json]) -> list[list[Json]]:
    """Groups of checks that are wrong for the same reason."""
    groups: dict[Any, list[Json]] = {}
    for check in checks:
        groups.setdefault(_reason(check), []).append(check)
    return list(groups.values())


def by_target(checks: Iterable[Json]) -> dict[str, list[Json]]:
    """The checks of each target, the gravest first: targets, and the checks of each."""
    groups: dict[str, list[Json]] = {}
    for check in checks:
        groups.setdefault(check["target"], []).append(check)
    ordered = sorted(groups.items(), key=lambda item: min(map(gravity, item[1])))
    return {name: sorted(group, key=gravity) for name, group in ordered}


def in_short(check: Json) -> str:
    """`bias: 2 of 2 wrong (constant-factor)`; the first line of an error; empty for a plain pass."""
    if check["error"]:
        return clip(f"{clean(check['error']['kind'])}: {clean(check['error']['message'])}", 200)
    parts = []
    for leaf in check["leaves"]:
        if leaf["verdict"] != Verdict.PASS.value:
            causes = [clean(f["cause"]) for f in check["findings"] if f["leaf"] == leaf["name"]]
            share = f"{leaf['wrong']} of {leaf['checked']} wrong" if leaf["wrong"] else leaf["verdict"]
            parts.append(f"{clip(clean(leaf['name']), 100)}: {share}{f' ({causes[0]})' if causes else ''}")
    return "; ".join(parts) or ", ".join(dict.fromkeys(clean(f["cause"]) for f in check["findings"]))


def one_line(check: Json) -> str:
    """`<Result fail: FCLayer(...); bias: 2 of 2 wrong (constant-factor)>`."""
    short = in_short(check)
    return f"<Result {check['verdict']}: {clip(clean(check['case']), 200)}{f'; {short}' if short else ''}>"


def _reason(check: Json) -> tuple[Any, ...]:
    error = check["error"] or {}
    leaves = tuple((leaf["name"], leaf["verdict"]) for leaf in check["leaves"] if leaf["verdict"] != "pass")
    findings = tuple(sorted({(finding["leaf"], finding["cause"]) for finding in check["findings"]}))
    pasted = (check.get("paste") or {}).get("case")  # what a search has found is never told in short
    return (pasted, check["expected"], check["verdict"], error.get("kind"), error.get("where"), leaves, findings)
