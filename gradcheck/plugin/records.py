"""Checks and problems as plain data for the reports of pytest's items: options as pytest spells them, and no maps."""

import re
from typing import Any

from gradcheck.gather.problem import Problem
from gradcheck.run.outcome import TargetCheck
from gradcheck.store.record import problem_record, target_record

Json = dict[str, Any]
_OPTION = re.compile(r"(?<![\w-])--(?=(?:budget|method|rtol|search|seed|timeout)\b)")
_LARGE = frozenset({"maps", "curve", "distance"})  # for charts, of which there are none here


def check_facts(check: TargetCheck) -> Json:
    """One check; its replay is a command of gradcheck and stays as it is."""
    record = target_record(check)
    error = record["error"] and {**record["error"], "message": _respelled(record["error"]["message"])}
    leaves = [{key: value for key, value in leaf.items() if key not in _LARGE} for leaf in record["leaves"]]
    return {**record, "error": error, "leaves": leaves, "notes": [_respelled(note) for note in record["notes"]]}


def problem_facts(problem: Problem) -> Json:
    """What could not be checked."""
    record = problem_record(problem)
    return {**record, "message": _respelled(record["message"])}


def _respelled(text: str) -> str:
    """`(--timeout)` -> `(--gradcheck-timeout)`."""
    return _OPTION.sub("--gradcheck-", text)
