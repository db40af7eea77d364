"""Layers that others have published, checked. `python -m reports.wild` writes wild.md beside this file.

Run it where the packages are installed: `make wild` installs them into .venv-wild. Nothing of theirs is copied here.
"""

import argparse
import contextlib
import importlib.util
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

from gradcheck import UsageError, check
from reports.wild_cases import PACKAGES, Made, Package
from reports.wild_reasons import DESIGN, FAULT, OURS, REASONS, Reason

PAGE = Path(__file__).with_suffix(".md")
TEXT = """# Layers from the wild

Written by `make wild`; do not edit. Packages from PyPI whose backward passes are written by hand, as they are
published. Their layers are handed to `check(layer, x)` as they are, at one random input each; those of dl-with-numpy,
whose forward takes and returns nothing, with a `Convention` of ten lines, and the activations of caspian-ml, which its
Dense layer hands their output and dY, with one of one line (`reports/wild_cases.py`).

{summary}

Every layer that does not pass was looked up in its package's code; the line is searched for anew each time, so a reason
that no longer fits its package says so. What is by design departs from the gradient on purpose.

{packages}
"""
NOT_LOOKED_UP = "**not looked up**"


@dataclass(frozen=True)
class Found:
    """What one layer came to. outcome: a verdict, or "cannot be made" · leaves: how many were checked."""

    title: str
    outcome: str
    leaves: int
    what: str
    why: str


def found(package: Package, made: Made) -> Found:
    """One layer, checked."""
    title, make, x, *convention = made
    np.random.seed(0)  # noqa: NPY002 -- their layers draw from it
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            result = check(make(), x, convention=convention[0] if convention else None)
    except UsageError:
        raise
    except Exception as error:
        return Found(title, "cannot be made", 0, str(error), why(package, title))
    if result.passed:
        return Found(title, "pass", len(result.leaves), "", "")
    causes = Counter(f"`{finding.cause}`" for finding in result.findings)
    named = ", ".join(causes) or "; ".join(f"{leaf.name}: {leaf.note}" for leaf in result.leaves.values() if leaf.note)
    what = result.error.message if result.error is not None else named
    return Found(title, str(result.verdict), len(result.leaves), what, why(package, title))


def why(package: Package, title: str) -> str:
    """What was found by reading, and the line."""
    reason = REASONS.get((package.name, title))
    if reason is None:
        return NOT_LOOKED_UP
    return f"{reason.kind}: `{place(package, reason)}` {reason.text}"


def place(package: Package, reason: Reason) -> str:
    """`file:line` in the package that is installed."""
    spec = importlib.util.find_spec(package.module)
    assert spec is not None and spec.origin is not None  # noqa: PT018, S101 -- it has just been imported
    text = (Path(spec.origin).parent / reason.file).read_text(encoding="utf-8")
    at = 0
    for piece in (*reason.after, reason.line):
        at = text.find(piece, max(at, 0))
    return f"{reason.file}: the line is not there" if at < 0 else f"{reason.file}:{text.count(chr(10), 0, at) + 1}"


def section(package: Package, rows: Sequence[Found]) -> str:
    """The failing ones in a table, the others by name."""
    passed = [row for row in rows if row.outcome == "pass"]
    table = tabulate(
        [(f"`{r.title}`", r.outcome, r.what, r.why) for r in rows if r.outcome != "pass"],
        ("layer", "outcome", "what gradcheck says", "what the code says"),
        tablefmt="github",
        disable_numparse=True,
    )
    names = ", ".join(f"`{row.title}`" for row in passed)
    leaves = sum(row.leaves for row in passed)
    failing = f"{table}\n\n" if len(passed) < len(rows) else ""
    return f"## {package.name} {version(package.name)}\n\n{failing}Pass ({len(passed)}, {leaves} leaves): {names}.\n"


def summary(packages: Sequence[tuple[Package, Sequence[Found]]]) -> str:
    """One row a package."""
    rows = []
    for package, found_there in packages:
        kinds = Counter(row.why.partition(":")[0] for row in found_there if row.outcome != "pass")
        rows.append((
            f"{package.name} {version(package.name)}", len(found_there),
            sum(row.outcome == "pass" for row in found_there), kinds[FAULT], kinds[DESIGN], kinds[OURS],
            kinds[NOT_LOOKED_UP],
        ))  # fmt: skip
    heads = ("package", "layers", "pass", "faults of theirs", "by design", "false alarms", "not looked up")
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)


def installed(package: Package) -> bool:
    """Is the package there, in whatever version?"""
    try:
        version(package.name)
    except PackageNotFoundError:
        return False
    return True


def main() -> None:
    """Check what is installed; write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="PACKAGE", help="one package, printed and not written")
    only = parser.parse_args().only
    checked = []
    for package in PACKAGES:
        if only in (None, package.name) and installed(package):
            cases = list(package.cases())
            rows = [found(package, made) for made in tqdm(cases, desc=package.name, disable=None)]
            checked.append((package, rows))
    if not checked:
        raise SystemExit("none of the packages is installed here; make wild installs them into .venv-wild")
    sections = "\n".join(section(package, rows) for package, rows in checked)
    if only is not None:
        print(sections)
        return
    PAGE.write_text(TEXT.format(summary=summary(checked), packages=sections), encoding="utf-8")
    print(f"written: {PAGE.name}")


if __name__ == "__main__":
    main()
