"""Names that mean something to a format, in every field of a record."""

import random
import sys
from collections.abc import Sequence
from typing import Any

from gradcheck.base.errors import Failure
from gradcheck.diagnose.finding import Finding
from gradcheck.judge.verdict import Verdict
from gradcheck.store.record import check_record
from tests.render.samples import leaf, passing, result, run

NAME = "<script>alert(1)</script>|\"'&]]>\x1b[31m\x00"
WORSE = (
    NAME,
    "</style><img src=x onerror=alert(1)>\n\n::error::injected\r\n# heading\n| a | b |",
    "`code``` **bold** [link](javascript:alert(1)) @everyone http://example.com ![x](y) $x$ {{ 7 * 7 }} {% raw %}",
    "]]><![CDATA[<failure/>&amp;&#x3c;\ufffe\uffff\ud800\u202e%0A%25,:",
)


def names(number: int) -> list[str]:
    """Random Unicode, surrogates and controls included; the same in every run."""
    drawn = random.Random(7)  # noqa: S311 -- no secret
    return [
        "".join(chr(drawn.randrange(sys.maxunicode + 1)) for _ in range(drawn.randrange(12))) for _ in range(number)
    ]


def checks(name: str, kinds: Sequence[int] = range(4)) -> list[dict[str, Any]]:
    """A failing check, an error, an expected fault and a pass, or those of them, all of whose texts are this one."""
    return [_check(name, kind) for kind in kinds]


def _check(name: str, kind: int) -> dict[str, Any]:
    told: dict[str, Any] = {"target": name, "replay": name, "reason": name}
    if kind == 1:
        error = Failure(name, name, name, name)
        return check_record(result(name, verdict=Verdict.ERROR, error=error, path=name), **told)
    if kind == 3:
        return check_record(result(name, leaf(name, (2,)), path=name), **told)
    finding = Finding("located", name, name, expression=name, tied=(name,), where=name, factor=2.0)
    wrong = leaf(name, (2, 3), wrong={(0, 1): 2.0}, note=name, curve=((0.5, 0.1), (0.25, 0.01), (0.125, 0.1)))
    failing = result(name, wrong, findings=(finding,), notes=(name,), path=name)
    return check_record(failing, expected=kind == 2, **told)


def hostile(*which: str) -> dict[str, Any]:
    """A run in which everything is called so."""
    problem = [{"target": n, "kind": n, "message": n, "where": n, "output": n} for n in which]
    gone = [{"target": n, "leaf": n, "cause": n, "reason": n} for n in which]
    kinds = range(4) if len(which) < 9 else ()  # of many names each has one kind of check
    every = [check for at, name in enumerate(which) for check in checks(name, kinds or (at % 4,))]
    every.append(check_record(passing(1), target="a.py:A"))
    return run(*every, problems=problem, expected_vanished=gone, notes=[*which], folder=which[0])
