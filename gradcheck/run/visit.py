"""One file, by as many child processes as it takes: each that dies or hangs costs one case."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

from gradcheck.base.errors import Failure
from gradcheck.base.stage import Doing
from gradcheck.gather.problem import Problem
from gradcheck.gather.targets import Source
from gradcheck.judge.verdict import Verdict
from gradcheck.run.child import Child
from gradcheck.run.messages import Finished, Job, Key, Remarks, Settled, Started
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult

_BOOTING = 120.0  # seconds for Python, numpy and scipy to load on a slow disk
Progress = Callable[[str, Doing | None], None]  # told the name of each case that begins, then what it is at
_ATTEMPTS = 1000
_WHAT = {
    "import": "importing it",
    "cases": "calling gradcheck_cases()",
    "build": "building its cases",
    "case": "this case",
    "points": "making the points",
}


@dataclass
class Visit:
    """What a file has shown so far; complete() drives it to the end.

    listing: only name the cases · finished: family -> its checks, factors named · known: results that are
    settled, and what stopped a child · names: what the steps were called · stop: set when no more is wanted.
    """

    source: Source
    options: Options
    timeout: float
    inherited: frozenset[str]
    progress: Progress | None = None
    listing: bool = False
    known: dict[Key, CheckResult | Failure] = field(default_factory=dict)
    names: dict[Key, str] = field(default_factory=dict)
    finished: dict[str, tuple[CheckResult, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    _now: str = ""

    def complete(self) -> None:
        """Child after child, until one comes to the end or the file cannot be imported."""
        for _ in range(_ATTEMPTS):
            if self.stop.is_set() or self._once():
                return

    def results(self) -> dict[str, tuple[CheckResult, ...]]:
        """Checks by family; of a family that was interrupted, the cases that were settled."""
        settled: dict[str, tuple[CheckResult, ...]] = {}
        for key, known in self.known.items():
            result = known if isinstance(known, CheckResult) else self._unfinished(key, known)
            if key.step == "case" and key.label not in self.finished and self._counts(key, result):
                settled[key.label] = (*settled.get(key.label, ()), result)
        return {**self.finished, **settled}

    @property
    def found_something(self) -> bool:
        """Is there anything to report of the file?"""
        return bool(self.finished or self.problems or self.notes or self.known)

    def knows(self, label: str) -> bool:
        """Is there a check, a problem or a note about this class; or did the file fail as a whole?"""
        said = [problem.target for problem in self.problems] + self.notes
        whole = any(problem.target in (self.source.spelled, self.source.target) for problem in self.problems)
        return whole or label in self.results() or any(f":{label}" in text for text in said)

    def _unfinished(self, key: Key, failure: Failure) -> CheckResult:
        return CheckResult(self.names.get(key, ""), Verdict.ERROR, error=failure, seed=self.options.seed)

    def _counts(self, key: Key, result: CheckResult) -> bool:
        return result.verdict is not Verdict.ERROR or (key.added == 0 and key.reading == 0)

    def _once(self) -> bool:
        """One child; True when there is nothing left to do."""
        job = Job(self.source, self.options, self.inherited, dict(self.known), frozenset(self.finished), self.listing,
                  ticks=self.progress is not None)  # fmt: skip
        with Child(job, self._watch) as child:
            at, limit = Started(Key("start"), self.source.spelled, 0), _BOOTING
            while True:
                message = child.receive(limit, self.stop)
                if self.stop.is_set():
                    return True
                if isinstance(message, Failure):
                    failure = replace(message, output=child.capture.tail(at.printed))
                    return self._stopped(at.key, failure)
                if isinstance(message, Started):
                    at, limit = message, self.timeout
                    if at.key.step == "end":
                        return True
                self._take(message, child, at)

    def _take(self, message: Any, child: Child, at: Started) -> None:
        if isinstance(message, Started):
            self.names[message.key] = self._now = message.name
            if self.progress is not None and message.key.step == "case":
                self.progress(message.name, None)
        elif isinstance(message, Settled):
            self.known[message.key] = _with_output(message.result, child.capture.tail(at.printed, message.printed))
        elif isinstance(message, Finished):
            self._finish(message)
        elif isinstance(message, Remarks):
            self._remark(message, child.capture.tail(at.printed, message.printed))

    def _watch(self, doing: Doing) -> None:
        if self.progress is not None:
            self.progress(self._now, doing)

    def _finish(self, message: Finished) -> None:
        own = (r for key, r in self.known.items() if key.label == message.label)
        outputs = {r.name: r for r in own if isinstance(r, CheckResult)}
        self.finished[message.label] = tuple(_with_output(r, _output(outputs.get(r.name))) for r in message.results)
        if message.problem is not None:
            self.problems.append(message.problem)

    def _remark(self, message: Remarks, output: str) -> None:
        """Said again by every child of the file, kept once."""
        new = [replace(problem, output=output) for problem in message.problems]
        self.problems += [problem for problem in new if (problem.kind, problem.message) not in self._said()]
        self.notes += [note for note in message.notes if note not in self.notes]

    def _said(self) -> set[tuple[str, str]]:
        return {(problem.kind, problem.message) for problem in self.problems}

    def _stopped(self, key: Key, failure: Failure) -> bool:
        """A child was stopped: the step that it was at is settled by that; True ends the file."""
        if key.step == "end":
            return True
        failure = replace(failure, message=f"{self._what(key)} {failure.message}")
        if key.step in ("start", "import", "cases") or key in self.known:
            self.problems.append(Problem.of(self.source.spelled, failure))
            return True
        self.known[key] = failure
        return False

    def _what(self, key: Key) -> str:
        if key.step == "search":
            return f"it came to {self.names.get(key, 'an example')}, which"
        return _WHAT.get(key.step, "checking it")


def _with_output(result: CheckResult, output: str) -> CheckResult:
    """What the user's code printed belongs beside its error."""
    if result.error is None or result.error.output or not output:
        return result
    return replace(result, error=replace(result.error, output=output))


def _output(result: CheckResult | None) -> str:
    return result.error.output if result is not None and result.error is not None else ""
