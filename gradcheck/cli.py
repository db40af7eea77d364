"""The command line. `--help`, `--version` and `explain` import neither numpy nor scipy nor hypothesis."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcheck.base.errors import GradcheckError, UsageError
from gradcheck.cli_arguments import Report, parse
from gradcheck.cli_output import (
    BROKEN_PIPE,
    add_to_summary,
    open_closed_streams,
    wants_colour,
    write_file,
    write_stdout,
)

if TYPE_CHECKING:
    from gradcheck.gather.config import Config
    from gradcheck.run.campaign import Plan

COULD_NOT, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    open_closed_streams()
    try:
        known = parse(arguments, _version())
        return _COMMANDS[known.command](known)
    except GradcheckError as error:
        return _complain(error)
    except KeyboardInterrupt:
        return INTERRUPTED


def _explain(known: argparse.Namespace) -> int:
    from gradcheck.base.causes import page
    from gradcheck.render.explain import overview

    cause: str | None = known.cause
    return 0 if write_stdout(overview() if cause is None else page(cause)) else BROKEN_PIPE


def _baseline(known: argparse.Namespace) -> int:
    from gradcheck.cli_baseline import baseline

    config = _config(known)
    return baseline(known, config, _targets(known, config), _version())


def _run(known: argparse.Namespace) -> int:
    """Check, report, judge the whole."""
    reports = _reports(known)
    from gradcheck.progress import cases
    from gradcheck.run.campaign import run
    from gradcheck.run.outcome import exit_code
    from gradcheck.store.record import run_record

    plan = _plan(known, _config(known))
    with cases() as step:
        outcome = run(plan, step)
    code = exit_code(outcome, strict=known.strict, allow_inconclusive=known.allow_inconclusive)
    judged = {"strict": known.strict, "allow_inconclusive": known.allow_inconclusive}
    record = run_record(outcome, seed=plan.options.seed, version=_version(), folder=str(Path.cwd()), options=judged)
    return max(code, _deliver(reports, record, show_all=known.all))


def _reports(known: argparse.Namespace) -> list[Report]:
    """What goes where: stdout gets one report."""
    reports: list[Report] = list(known.report)
    to_stdout = [report for report in reports if report.file == "-"]
    if known.format is not None or not to_stdout:
        reports.append(Report(known.format or "text", "-"))
        to_stdout.append(reports[-1])
    if len(to_stdout) > 1:
        formats = ", ".join(report.format for report in to_stdout)
        raise UsageError(f"stdout can carry one report, got {len(to_stdout)} ({formats}); write the others to files")
    _different(report.file for report in reports if report.file != "-")
    for report in reports:
        if report.file != "-" and Path(report.file).is_dir():
            raise UsageError(f"--report: {report.file} is a folder; name a file in it")
    return reports


def _different(files: Iterable[str]) -> None:
    """UsageError where one report would overwrite another."""
    places: dict[Path, str] = {}
    for file in files:
        if (place := Path(file).absolute().resolve()) in places:
            raise UsageError(f"--report: {places[place]} and {file} are one file; name another for one of the reports")
        places[place] = file


def _deliver(reports: Sequence[Report], record: dict[str, Any], *, show_all: bool) -> int:
    """Files first, then stdout; a report that cannot be made or written keeps no other from being delivered."""
    code = 0
    for report in sorted(reports, key=lambda report: report.file == "-"):
        try:
            code = max(code, _delivered(report, record, show_all=show_all))
        except GradcheckError as error:
            code = max(code, _complain(error))
    return code


def _delivered(report: Report, record: dict[str, Any], *, show_all: bool) -> int:
    """One report, at its place; the workflow commands come with a summary of the job, in Markdown."""
    text = _rendered(report, record, show_all=show_all)
    if report.format == "github":
        from gradcheck.render.markdown import run_markdown

        add_to_summary(run_markdown(record))
    if report.file == "-":
        return 0 if write_stdout(text) else BROKEN_PIPE
    write_file(report.file, text)
    return 0


def _complain(error: GradcheckError) -> int:
    print(f"gradcheck: {error}", file=sys.stderr)  # noqa: T201 -- the command line prints
    return COULD_NOT


def _rendered(report: Report, record: dict[str, Any], *, show_all: bool) -> str:
    from gradcheck.render.formats import FORMATS
    from gradcheck.render.text import run_text

    if report.format == "text":
        return run_text(record, show_all=show_all, colour=report.file == "-" and wants_colour())
    try:
        return FORMATS[report.format](record)
    except UsageError as error:
        raise UsageError(f"--report {report.format}={report.file}: {error}") from error


def _config(known: argparse.Namespace) -> "Config":
    from gradcheck.gather.config import Config, find, load

    if known.no_config:
        return Config()
    file = Path.cwd() / known.config if known.config else find(Path.cwd())
    return Config() if file is None else load(file)


def _targets(known: argparse.Namespace, config: "Config") -> tuple[str, ...]:
    """Those typed, else the configuration's."""
    from gradcheck.gather.config import spelled_from

    targets = known.targets or [spelled_from(config.folder, target, Path.cwd()) for target in config.targets]
    if not targets:
        raise UsageError("no TARGET: name a file, folder or module, or list targets in [tool.gradcheck]")
    return tuple(targets)


def _plan(known: argparse.Namespace, config: "Config") -> "Plan":
    """The command line goes before the configuration."""
    from gradcheck.run.campaign import Plan
    from gradcheck.run.options import Options

    method = _first(known.method, config.method, "auto")
    if known.budget is not None and method == "entries":
        raise UsageError(f"--budget: {config.file} says method = 'entries', which measures all; add --method auto")
    return Plan(
        targets=_targets(known, config),
        options=Options(
            seed=_first(known.seed, config.seed, 0),
            rtol=_first(known.rtol, config.rtol, None),
            method=method,
            budget=known.budget,
            search=_first(known.search, config.search, 0),
            power=known.power,
            conventions=config.conventions,
        ),
        timeout=known.timeout,
        expected=config.expected,
        case=known.case,
        leaf=known.leaf,
        replay=_repeated(known),
        jobs=known.jobs,
    )


def _repeated(known: argparse.Namespace) -> tuple[str, ...]:
    """The options that a replay needs too."""
    words = [] if known.rtol is None else ["--rtol", f"{known.rtol:g}"]
    words += [] if known.method is None else ["--method", known.method]
    words += [] if known.budget is None else ["--budget", str(known.budget)]
    words += [] if known.search is None else ["--search", str(known.search)]
    words += [] if known.config is None else ["--config", known.config]
    return (*words, "--no-config") if known.no_config else tuple(words)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _version() -> str:
    return str(sys.modules["gradcheck"].__version__)


_COMMANDS = {"explain": _explain, "run": _run, "baseline": _baseline}
