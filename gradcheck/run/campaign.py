"""A run over many targets: files found, each visited in child processes, the outcome put together."""

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from gradcheck.gather.bases import inherited_names
from gradcheck.gather.config import ExpectedFault
from gradcheck.gather.discover import absent
from gradcheck.gather.problem import Problem
from gradcheck.gather.targets import Source, resolve, unique
from gradcheck.run.expected import marked, vanished
from gradcheck.run.options import Options
from gradcheck.run.outcome import CampaignResult, TargetCheck
from gradcheck.run.result import CheckResult
from gradcheck.run.select import one_case, one_leaf
from gradcheck.run.visit import Progress, Visit


@dataclass(frozen=True)
class Plan:
    """What to run.

    targets: as typed, relative to the current folder · replay: options to repeat in the command that runs
    one case again · case, leaf: report these alone · jobs: files that are visited at the same time.
    """

    targets: tuple[str, ...]
    options: Options = field(default_factory=Options)
    timeout: float = 300.0
    expected: tuple[ExpectedFault, ...] = ()
    case: int | None = None
    leaf: str | None = None
    replay: tuple[str, ...] = ()
    jobs: int = 1


def run(plan: Plan, progress: Progress | None = None) -> CampaignResult:
    """Visit every file of every target; Ctrl-C ends it with what there is so far."""
    found, problems, notes = _sources(plan.targets)
    sources = unique(found)
    inherited = inherited_names(with_neighbours(sources))
    stop = Event()
    visits = [Visit(source, plan.options, plan.timeout, inherited, progress, stop=stop) for source in sources]
    interrupted = not _all_complete(visits, plan.jobs, stop)
    problems += dict.fromkeys(problem for visit in visits for problem in visit.problems)
    problems += [] if interrupted else [*_empty(plan.targets, visits, problems), *_unseen(found, visits)]
    notes += [note for visit in visits for note in visit.notes]
    return _outcome(plan, visits, problems, notes, interrupted=interrupted)


def _all_complete(visits: Sequence[Visit], jobs: int, stop: Event) -> bool:
    """Drive every visit to its end, `jobs` at a time; False where Ctrl-C came first.

    Threads here, processes below them: a visit only starts its children and listens. The order of the report is
    that of the visits, whichever ends first.
    """
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        running = [pool.submit(visit.complete) for visit in visits]
        try:
            for done in running:
                done.result()
        except KeyboardInterrupt:
            stop.set()
            return False
        except BaseException:
            stop.set()
            raise
    return True


def _outcome(
    plan: Plan, visits: Sequence[Visit], problems: list[Problem], notes: list[str], *, interrupted: bool
) -> CampaignResult:
    checks = [marked(check, plan.expected) for visit in visits for check in checks_of(plan, visit)]
    whole = frozenset(_whole(visits))
    gone = [] if interrupted else vanished(plan.expected, checks, whole)
    problems += [nowhere(fault) for fault in plan.expected if not fault.files]
    if plan.case is not None:
        checks, more = one_case(checks, plan.case)
        problems += more
    if plan.leaf is not None:
        checks, more = one_leaf(checks, plan.leaf)
        problems += more
    return CampaignResult(tuple(checks), tuple(problems), tuple(gone), tuple(notes), interrupted)


def _sources(targets: Iterable[str]) -> tuple[list[Source], list[Problem], list[str]]:
    """The files of the targets; what is not there; what is left out."""
    found: list[Source] = []
    problems: list[Problem] = []
    for target in targets:
        sources = resolve(target, Path.cwd())
        if isinstance(sources, Problem):
            problems.append(sources)
        else:
            found += sources
    entries = [source for source in found if source.starts_a_program]
    notes = [f"{source.spelled} starts a program when imported: not checked" for source in entries]
    return [source for source in found if source not in entries], problems, notes


def with_neighbours(sources: Iterable[Source]) -> list[Path]:
    """The files themselves and those beside them: a base class's heirs may live there."""
    folders = {source.path.parent for source in sources}
    beside = [path for folder in sorted(folders) for path in sorted(folder.glob("*.py"))]
    return list(dict.fromkeys([*beside, *(source.path for source in sources)]))


def checks_of(plan: Plan, visit: Visit) -> list[TargetCheck]:
    """The checks of a file, each with the command that runs it again."""
    return [
        _check(plan, visit.source, label, index, result)
        for label, results in visit.results().items()
        for index, result in enumerate(results)
    ]


def _check(plan: Plan, source: Source, label: str, index: int, result: CheckResult) -> TargetCheck:
    target = source.label(label)
    words = ["gradcheck", "run", target, "--seed", str(plan.options.seed), "--case", str(index), *plan.replay]
    return TargetCheck(target, index, result, replay=shlex.join(words), file=os.path.realpath(source.path))


def _whole(visits: Iterable[Visit]) -> list[str]:
    """Files of which every class was looked at."""
    return [os.path.realpath(v.source.path) for v in visits if v.source.only is None and not v.problems]


def _empty(targets: Iterable[str], visits: Sequence[Visit], problems: Sequence[Problem]) -> list[Problem]:
    """Targets in which there was nothing to check, not even something to say."""
    missing = {problem.target for problem in problems}
    silent = []
    for target in dict.fromkeys(targets):
        mine = [visit for visit in visits if visit.source.target == target]
        if mine and target not in missing and not any(visit.found_something for visit in mine):
            silent.append(Problem(target, "Nothing", _NOTHING))
    results = [result for visit in visits for found in visit.results().values() for result in found]
    if silent or problems or any(not result.passed or result.entries for result in results):
        return silent
    return [Problem(" ".join(targets), "Nothing", _UNMEASURED if results else _NOTHING)]


def _unseen(sources: Iterable[Source], visits: Sequence[Visit]) -> Iterator[Problem]:
    """Classes asked for in files that an earlier target covers, and which are not there."""
    for source in sources:
        mine = [visit for visit in visits if visit.source.path == source.path]
        if source.direct and source.only is not None and mine and not any(visit.knows(source.only) for visit in mine):
            yield absent(source.only, [label for visit in mine for label in visit.results()], source)


_NOTHING = (
    "nothing found to check: no layer class (forward and backward methods), no pair of functions (f and f_prime, "
    "x_forward and x_backward) defined here, and no gradcheck_cases()"
)


_UNMEASURED = "nothing was measured: no input or parameter of any case is a float array with an entry"


def nowhere(fault: ExpectedFault) -> Problem:
    """An expected fault of a file or module that there is not."""
    message = "[[tool.gradcheck.expected]] names it, but there is no such file or module; mend or delete the entry"
    return Problem(fault.target, "ExpectedFault", message)
