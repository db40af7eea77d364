"""The child process: imports one file, makes its cases, runs each, and tells its parent step by step."""

import os
import sys
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from gradcheck.base.errors import Failure
from gradcheck.base.failures import failure_of
from gradcheck.base.stage import NOW, Doing, ticking
from gradcheck.gather.discover import offer
from gradcheck.gather.family import CannotBuildError, Family, Offer
from gradcheck.gather.load import load, seed_everything
from gradcheck.gather.problem import Problem
from gradcheck.gather.targets import Source
from gradcheck.gather.written import Place
from gradcheck.judge.verdict import Verdict
from gradcheck.run.check import try_case
from gradcheck.run.factors import name_factors
from gradcheck.run.family import Checked, FamilyRun
from gradcheck.run.messages import (
    Finished,
    Job,
    Key,
    Message,
    Remarks,
    Settled,
    Started,
    Tick,
    from_bytes,
    plain,
    to_bytes,
)
from gradcheck.run.power import power_notes
from gradcheck.run.result import CheckResult
from gradcheck.subjects.leaf import Role

_EVERY = 0.5  # seconds between two ticks


def main(descriptor: str) -> None:
    """Do the job that comes through the pipe, then end at once, whatever threads the user's code left."""
    sys.dont_write_bytecode = True  # from here on: our own modules are loaded, theirs are in the user's tree
    pipe: Connection[Any, Any] = Connection(int(descriptor))
    os.set_inheritable(pipe.fileno(), False)
    job = from_bytes(pipe.recv_bytes())
    threading.Thread(target=_end_with_parent, args=(pipe,), daemon=True).start()
    sys.argv = [str(job.source.path)]
    worker = _Worker(pipe, job)
    with ticking(_EVERY, worker.tick) if job.ticks else nullcontext():
        worker.run()
    os._exit(0)


def _end_with_parent(pipe: "Connection[Any, Any]") -> None:
    """The parent sends nothing more: the pipe ends when it does, and then nobody waits for us."""
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


class _Worker:
    def __init__(self, pipe: "Connection[Any, Any]", job: Job) -> None:
        self._pipe = pipe
        self._job = job
        self._known: Mapping[Key, CheckResult | Failure] = job.known
        self._sending = threading.Lock()
        self._fixed: dict[bool, list[str]] = {}  # families of which a search has nothing to draw: authored or not

    def known(self, key: Key) -> CheckResult | Failure | None:
        return self._known.get(key)

    def started(self, key: Key, name: str) -> None:
        NOW.begin(_DOING.get(key.step, ""))
        self._send(Started(key, name, _printed()))

    def tick(self, doing: Doing) -> None:
        self._send(Tick(doing))

    def settled(self, key: Key, result: CheckResult) -> None:
        self._send(Settled(key, plain(result), _printed()))

    def run(self) -> None:
        """Import, list, and every family that is not done."""
        found = self._offer()
        families = [family for family in found.families if family.label not in self._job.finished]
        self._send(Remarks(found.problems, found.notes, len(families), _printed()))
        for family in families:
            self._send(self._family(family))
        self._send(Remarks((), self._unsearched(), len(families)))
        self.started(Key("end"), "")

    def _offer(self) -> Offer:
        """What the module has; an import that raises is a problem."""
        source = self._job.source
        self.started(Key("import"), source.spelled)
        seed_everything(self._job.options.seed)
        try:
            module = load(source)
            self.started(Key("cases"), source.spelled)
            return offer(module, source, self._job.inherited, self._job.options.conventions)
        except BaseException as error:  # SystemExit and KeyboardInterrupt of the user's module included
            return Offer(problems=(Problem.of(source.spelled, _import_failure(error, source)),))

    def _family(self, family: Family) -> Finished:
        key = Key("build", family.label)
        target = self._job.source.label(family.label)
        failure = self.known(key)
        if isinstance(failure, Failure):
            return Finished(family.label, problem=Problem.of(target, failure))
        self.started(key, family.label)
        seed_everything(self._job.options.seed)
        try:
            if self._job.listing:
                return Finished(family.label, tuple(self._listed(family)))
            run = FamilyRun(family, self._job.options, self, str(self._job.source.path))
            checks = run.run()
        except CannotBuildError as error:
            return Finished(family.label, problem=error.problem)
        except BaseException as error:  # a constructor of the user's that calls sys.exit()
            return Finished(family.label, problem=Problem.of(target, failure_of(error)))
        results, stopped = self._searched(run, self._powered(family, checks, self._named(family, checks)))
        problem = None if stopped is None else Problem.of(target, stopped)
        return Finished(family.label, tuple(results), problem)

    def _listed(self, family: Family) -> list[CheckResult]:
        """One result a case, which has measured nothing; an author's cases need not even be tried."""
        if family.authored:
            cases = [case for reading in family.readings()[:1] for case in reading.cases]
            return [plain(CheckResult(case.name, Verdict.PASS)) for case in cases]
        run = FamilyRun(family, self._job.options, self, str(self._job.source.path), judge=try_case)
        return [plain(checked.result) for checked in run.own()]

    def _powered(self, family: Family, checks: list[Checked], results: list[CheckResult]) -> list[CheckResult]:
        """With --power: what would have been caught, as notes of the family's first check."""
        key = Key("power", family.label)
        if not self._job.options.power or not results or self.known(key) is not None:
            return results
        self.started(key, family.label)
        notes = power_notes(results, checks, self._job.options)
        return [replace(results[0], notes=(*results[0].notes, *notes)), *results[1:]]

    def _searched(self, run: FamilyRun, results: list[CheckResult]) -> tuple[list[CheckResult], Failure | None]:
        """With --search: what was found, after the family's own checks, notes of the first; what drawing raised."""
        if not self._job.options.search or all(result.verdict is Verdict.ERROR for result in results):
            return results, None
        drawn = run.fitting[0].drawn if run.fitting else None
        if drawn is None:
            self._fixed.setdefault(run.family.authored, []).append(run.family.label)
            return results, None
        leaves = [leaf for result in results for leaf in result.leaves.values()]
        parameters = frozenset(leaf.name for leaf in leaves if leaf.role == Role.PARAMETER)
        found, notes, stopped = self._search(run, drawn("[batch of 3]" not in run.refused), parameters)
        first = replace(results[0], notes=(*results[0].notes, *notes))
        return [first, *results[1:], *map(plain, found)], stopped

    def _search(
        self, run: FamilyRun, drawn: Any, parameters: frozenset[str]
    ) -> tuple[list[CheckResult], list[str], Failure | None]:
        from gradcheck.run.search import Search, failing_key, interrupted, search_key  # noqa: PLC0415 -- hypothesis

        failure = self.known(search_key(run))
        if isinstance(failure, Failure):
            return *interrupted(self.known(failing_key(run)), failure), None
        self.started(search_key(run), run.family.label)
        search = Search(run, _place(self._job.source), parameters)
        return *search.results(drawn), search.stopped

    def _unsearched(self) -> tuple[str, ...]:
        """What --search had nothing to draw for."""
        spelled = self._job.source.spelled
        told = ((", ".join(labels), _FIXED if authored else _UNDRAWN) for authored, labels in self._fixed.items())
        return tuple(f"{spelled}: --search drew nothing for {names}: {why}" for names, why in told)

    def _named(self, family: Family, checks: list[Checked]) -> list[CheckResult]:
        """The final results, the factors named over the family."""
        results = [plain(checked.final) for checked in checks]
        key = Key("factors", family.label)
        if all(result.passed for result in results) or self.known(key) is not None:
            return results
        self.started(key, family.label)
        named = dict(enumerate(results))
        for places in _alike(checks):
            told = name_factors([results[place] for place in places], [checks[place] for place in places])
            named.update(zip(places, map(plain, told), strict=True))
        return list(named.values())

    def _send(self, message: Message) -> None:
        data = to_bytes(message)
        with self._sending:
            self._pipe.send_bytes(data)


_DOING = {
    "import": "importing it",
    "cases": "listing its cases",
    "build": "building its cases",
    "points": "looking for further points",
    "factors": "naming factors",
    "power": "what would have been caught",
    "search": "searching",
}


_FIXED = "gradcheck_cases() yields no hypothesis strategy of it"
_UNDRAWN = "functions and losses need a hypothesis strategy, yielded by gradcheck_cases()"


def _place(source: Source) -> Place:
    """How the names of a target are imported from the current folder."""
    root = os.path.relpath(source.root)
    return Place(source.module or "", os.path.relpath(source.path), "" if root == "." else root)


def _alike(checks: list[Checked]) -> list[list[int]]:
    """Places of the checks of one thing: each layer inside a network is another than the whole."""
    places: dict[str | None, list[int]] = {}
    for place, checked in enumerate(checks):
        places.setdefault(checked.case.part, []).append(place)
    return list(places.values())


def _import_failure(error: BaseException, source: Source) -> Failure:
    """What importing the file raised, where, and what to do about it."""
    failure = failure_of(error)
    sentence = next(sentence for kind, sentence in _IMPORTING.items() if isinstance(error, kind))
    return Failure(failure.kind, sentence.format(failure.message), failure.where or source.path.name)


_IMPORTING: Mapping[type[BaseException], str] = {
    SystemExit: "importing it ends the program ({}); put what only a script does under `if __name__ == '__main__':`",
    SyntaxError: "it is not valid Python ({}); nothing in it was checked",
    ModuleNotFoundError: "{}; install it in the environment that runs gradcheck, or mend the import",
    BaseException: "importing it fails ({}); nothing in it was checked",
}


def _printed() -> int:
    """How much the user's code has printed so far; it may have closed its stdout."""
    try:
        return os.lseek(1, 0, os.SEEK_END)
    except OSError:
        return 0
