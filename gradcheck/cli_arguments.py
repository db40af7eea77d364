"""The command line's grammar: what it takes, what it refuses and why. Imports nothing heavy."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck.base.errors import UsageError
from gradcheck.cli_values import budget, jobs, method, rtol, seconds, whole

_FORMATS = ("text", "json", "markdown", "html", "junit", "github")
_DESCRIPTION = "Is a hand-written backward the derivative of its forward?"
_SEARCH = "afterwards, draw N layers and inputs of each class, and shrink what fails (default: 0)"
_TARGET = "file.py, a folder or package.module, each with an optional :Class"


@dataclass(frozen=True)
class Report:
    """One report to write. file: "-" is stdout."""

    format: str
    file: str


def parse(arguments: Sequence[str] | None, version: str) -> argparse.Namespace:
    """The arguments, checked.

    Raises:
        UsageError: a value that makes no sense.
        SystemExit: --help, --version, or what argparse itself refuses (2).
    """
    parser = _parser(version)
    known = parser.parse_args(arguments)
    if known.command is None:
        parser.error("expected a command: run, explain or baseline")
    if known.command == "run" and known.budget is not None and known.method == "entries":
        raise UsageError("--budget: --method entries measures every entry; use auto or screen with a budget")
    return known


def _parser(version: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gradcheck", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"gradcheck {version}")
    commands = parser.add_subparsers(dest="command", metavar="{run,explain,baseline}")
    _run(commands.add_parser("run", help="check layers", description="Check layers.", allow_abbrev=False))
    explain = commands.add_parser("explain", help="what a cause means and how to mend it", allow_abbrev=False)
    explain.add_argument("cause", nargs="?", metavar="CAUSE", help="without it, the list of causes")
    _baseline(commands.add_parser("baseline", help="what a refactor must not change", allow_abbrev=False))
    return parser


def _baseline(parser: argparse.ArgumentParser) -> None:
    parser.description = "check: has a gradient drifted? update: accept what is. prune: remove what no layer has."
    parser.add_argument("action", choices=("check", "update", "prune"), metavar="check|update|prune")
    parser.add_argument("--force", action="store_true", help="update although CI is set")
    _targets(parser)


def _targets(parser: argparse.ArgumentParser) -> None:
    """What is checked, how long it may take, and which configuration is in force."""
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help=f"{_TARGET}; without it, those of [tool.gradcheck]")
    add("--timeout", type=seconds, default=300.0, metavar="SECONDS", help="each import and each case (default: 300)")
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--config", metavar="FILE", help="read [tool.gradcheck] from this file")
    files.add_argument("--no-config", action="store_true", help="read no configuration")


def _run(parser: argparse.ArgumentParser) -> None:
    _targets(parser)
    add = parser.add_argument
    add("--format", type=_format, metavar="FORMAT", help=f"what stdout gets: {', '.join(_FORMATS)} (default: text)")
    add("--report", type=_report, action="append", default=[], metavar="FORMAT=FILE", help='repeatable; "-" is stdout')
    add("--seed", type=whole("--seed"), metavar="N", help="of every random choice (default: 0)")
    add("--rtol", type=rtol, metavar="X", help="relative tolerance (default: that of the precision)")
    add("--method", type=method, metavar="auto|entries|screen", help="every entry, or random directions (by size)")
    add("--budget", type=budget, metavar="N", help="forward evaluations a leaf that a screen may take")
    add("--search", type=whole("--search"), metavar="N", help=_SEARCH)
    add("--power", action="store_true", help="corrupt each gradient on purpose: what would be caught?")
    add("--jobs", type=jobs, default=1, metavar="N", help="files that are checked at the same time (default: 1)")
    add("--strict", action="store_true", help="warnings fail")
    add("--allow-inconclusive", action="store_true", help="an inconclusive check does not fail")
    add("--case", type=whole("--case"), metavar="N", help="report only case N of each class, counted from 0")
    add("--leaf", metavar="NAME", help="report only this leaf")
    add("--all", action="store_true", help="show passing leaves too")


def _format(text: str) -> str:
    if text not in _FORMATS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(_FORMATS)}, got {text!r}")
    return text


def _report(text: str) -> Report:
    name, equals, file = text.partition("=")
    if not equals or not file:
        raise argparse.ArgumentTypeError(f"expected FORMAT=FILE, got {text!r}")
    return Report(_format(name), file)
