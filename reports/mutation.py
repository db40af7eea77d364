"""Who judges the judge? `make mutation` corrupts the engine, one number or comparison at a time, and runs its tests.

Mutants are made by cosmic-ray's operators; those that no test notices are listed in mutation.md beside this file, each
with the reason that mutation.toml gives for it: "Equivalent: ..." where no input can tell the mutant from the engine,
"Economy: ..." where only the number of evaluations changes, and slightly, "Tuning: ..." where a threshold's neighbour
is as good. Works on copies of the last commit.
"""

import argparse
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from tabulate import tabulate
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
PAGE, REASONS = Path(__file__).with_suffix(".md"), Path(__file__).with_suffix(".toml")
FOLDERS = ("gradcheck/numeric", "gradcheck/judge")
TESTS = ("tests/judge", "tests/numeric")
_ORDER = ("Eq", "NotEq", "Lt", "LtE", "Gt", "GtE")
OPERATORS = (
    "core/NumberReplacer",
    "core/ReplaceComparisonOperator_Is_IsNot",
    "core/ReplaceComparisonOperator_IsNot_Is",
    *(f"core/ReplaceComparisonOperator_{a}_{b}" for a in _ORDER for b in _ORDER if a != b),
)
KILLED, TIMEOUT, SURVIVED, NOT_RUN = "killed", "timeout", "survived", "not run"
EQUIVALENT, UNKNOWN = "Equivalent:", "**No reason known.**"
TEXT = """# The judge judged

Written by `make mutation` at commit {commit}; do not edit (the reasons stand in mutation.toml).

{found} mutants can be made of the numbers and comparisons in `gradcheck/numeric` and `gradcheck/judge`: each number one
more and one less, each comparison in place of each other. {count} of them, drawn with seed {seed} (of each file its
share), were put into a copy of the tree, one at a time, and {tests} ({took:.0f} s without a mutant) run against
it until the first test failed. **{share:.1f} %** were noticed. {equivalent} of the others are equivalent, that is, no
input can tell them from the engine; of all but these **{told:.1f} %** were noticed. A run that took more than
{limit:.0f} s counts as noticed and is told apart.

{table}

## Survivors

{survivors}
"""


@dataclass(frozen=True)
class Mutant:
    """One corrupted file; occurrence: which of the places that its operator could change."""

    path: str
    operator: str
    occurrence: int

    def code(self, source: str) -> str:
        """The corrupted text."""
        made = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        if made is None:
            raise ValueError(f"no mutant number {self.occurrence} of {self.operator} in {self.path}")
        return str(made)


def mutants(tree: Path) -> dict[str, list[Mutant]]:
    """File -> all its mutants."""
    found: dict[str, list[Mutant]] = {}
    for path in sorted(p for folder in FOLDERS for p in (tree / folder).glob("*.py")):
        nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
        name = path.relative_to(tree).as_posix()
        for operator in OPERATORS:
            made = get_operator(operator)()
            count = sum(1 for node in nodes for _ in made.mutation_positions(node))
            found.setdefault(name, []).extend(Mutant(name, operator, i) for i in range(count))
    return {name: of for name, of in found.items() if of}


def drawn(found: dict[str, list[Mutant]], most: int, seed: int) -> list[Mutant]:
    """At most `most` of them, of each file its share (rounded down, at least one)."""
    total = sum(map(len, found.values()))
    if total <= most:
        return [mutant for of in found.values() for mutant in of]
    chosen = []
    for name, of in found.items():
        generator = random.Random(f"{seed} {name}")  # noqa: S311 -- a sample, no secret
        chosen += generator.sample(of, max(1, len(of) * most // total))
    random.Random(seed).shuffle(chosen)  # noqa: S311 -- what fits into --minutes is then a fair sample too
    return chosen[:most]


def git(*arguments: str) -> bytes:
    """What git says."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S603, S607


def copy_tree(commit: str, to: Path) -> None:
    """A commit, without what is not in it."""
    to.mkdir()
    subprocess.run(["tar", "x"], cwd=to, input=git("archive", commit), check=True)  # noqa: S607


def tested(tree: Path, tests: Sequence[str], limit: float) -> str:
    """How the tests ended in this tree."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "--tb=no", "-p", "no:cacheprovider", *tests]
    # The tree first on the path, lest the installed package is tested; no bytecode, lest an old mutant is; no plugins,
    # which these tests have no use for and which take longer to load than most mutants live.
    ours = {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    env = {**os.environ, **ours, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        ended = subprocess.run(command, cwd=tree, env=env, capture_output=True, timeout=limit, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return TIMEOUT
    return KILLED if ended.returncode else SURVIVED


@contextmanager
def put(tree: Path, mutant: Mutant) -> Iterator[None]:
    """The mutant in its tree."""
    path = tree / mutant.path
    source = path.read_text(encoding="utf-8")
    path.write_text(mutant.code(source), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(source, encoding="utf-8")


def tests_of(mutant: Mutant, tree: Path) -> list[str]:
    """All of them, those of the file itself first, as the first that fails ends the run."""
    names = (f"{folder}/test_{Path(mutant.path).stem}.py" for folder in TESTS)
    return [*(name for name in names if (tree / name).exists()), *TESTS]


def run(chosen: Sequence[Mutant], trees: Sequence[Path], limit: float, until: float) -> list[str]:
    """How each ended, in order; none is begun after `until` (of time.perf_counter)."""
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def one(mutant: Mutant) -> str:
        tree = free.get()
        try:
            if time.perf_counter() > until:
                return NOT_RUN
            with put(tree, mutant):
                return tested(tree, tests_of(mutant, tree), limit)
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as pool:
        return list(tqdm(pool.map(one, chosen), total=len(chosen), unit="mutant", disable=None))


def changed(mutant: Mutant, tree: Path) -> tuple[str, str]:
    """The line before and after."""
    source = (tree / mutant.path).read_text(encoding="utf-8")
    lines = list(difflib.unified_diff(source.splitlines(), mutant.code(source).splitlines(), n=0, lineterm=""))[3:]
    before = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    return before, " ".join(line[1:].strip() for line in lines if line.startswith("+"))


def reasons() -> dict[tuple[str, str, str], str]:
    """(file, line before, line after) -> why the mutant may live; a number line does not matter, so edits keep them."""
    if not REASONS.exists():
        return {}
    read = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    return {(s["file"], s["before"], s["after"]): s["reason"] for s in read.get("survivor", [])}


def told(living: Sequence[Mutant], tree: Path) -> list[str]:
    """The reason of each."""
    known = reasons()
    return [known.get((mutant.path, *changed(mutant, tree)), UNKNOWN) for mutant in living]


def survivors(living: Sequence[Mutant], why: Sequence[str], tree: Path) -> str:
    """Each with its diff and its reason."""
    parts = []
    for mutant, reason in zip(living, why, strict=True):
        before, after = changed(mutant, tree)
        parts.append(f"`{mutant.path}`\n\n```diff\n- {before}\n+ {after}\n```\n\n{reason}\n")
    return f"{len(parts)}, of which {why.count(UNKNOWN)} have no reason.\n\n" + "\n".join(parts) if parts else "None."


def share(noticed: int, of: int) -> float:
    """In per cent; all of nothing."""
    return 100 * noticed / of if of else 100.0


def table(chosen: Sequence[Mutant], ended: Sequence[str]) -> str:
    """Per file: mutants, how they ended; ended: EQUIVALENT stands for a survivor that no test could notice."""
    counts: dict[str, Counter[str]] = {}
    for mutant, end in zip(chosen, ended, strict=True):
        counts.setdefault(mutant.path, Counter())[end] += 1
        counts.setdefault("all", Counter())[end] += 1
    names = [*sorted(name for name in counts if name != "all"), "all"]
    rows = []
    for name, c in ((name, counts[name]) for name in names):
        noticed, equal = c[KILLED] + c[TIMEOUT], c[EQUIVALENT]
        shares = [f"{share(noticed, of):.0f} %" for of in (c.total(), c.total() - equal)]
        rows.append((name, c.total(), c[KILLED], c[TIMEOUT], c[SURVIVED] + equal, equal, *shares))
    head = ("file", "mutants", "test failed", "timeout", "survived", "equivalent", "noticed", "but for equivalent")
    return tabulate(rows, head, "github", colalign=("left", *["right"] * 7))


def main() -> None:
    """Make, run, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no mutant after so many")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="files whose path contains this; nothing is written")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mutation."))
    try:
        trees = [folder / str(k) for k in range(asked.workers)]
        commit = git("rev-parse", "--short", "HEAD").decode().strip()
        for tree in trees:
            copy_tree(commit, tree)
        _report(asked, commit, trees)
    finally:
        shutil.rmtree(folder)


def _report(asked: argparse.Namespace, commit: str, trees: Sequence[Path]) -> None:
    began = time.perf_counter()
    if tested(trees[0], TESTS, 600) != SURVIVED:
        sys.exit("the tests fail without any mutant: mend them first")
    took = time.perf_counter() - began
    limit = 60 + 5 * took  # a timeout counts as noticed: a busy machine must not make one
    found = mutants(trees[0])
    chosen = [mutant for mutant in drawn(found, asked.mutants, asked.seed) if asked.only in mutant.path]
    ended = run(chosen, trees, limit, began + 60 * asked.minutes)
    chosen = [mutant for mutant, end in zip(chosen, ended, strict=True) if end != NOT_RUN]
    ended = [end for end in ended if end != NOT_RUN]
    living = [mutant for mutant, end in zip(chosen, ended, strict=True) if end == SURVIVED]
    why = told(living, trees[0])
    equal = {mutant for mutant, reason in zip(living, why, strict=True) if reason.startswith(EQUIVALENT)}
    rows = table(chosen, [EQUIVALENT if mutant in equal else end for mutant, end in zip(chosen, ended, strict=True)])
    text = survivors(living, why, trees[0])
    if asked.only:
        print(f"{rows}\n\n{text}")
        return
    noticed = len(chosen) - len(living)
    page = TEXT.format(
        commit=commit, found=sum(map(len, found.values())), count=len(chosen), seed=asked.seed, took=took,
        tests=" and ".join(f"`{test}`" for test in TESTS), share=share(noticed, len(chosen)), equivalent=len(equal),
        told=share(noticed, len(chosen) - len(equal)), limit=limit, table=rows, survivors=text,
    )  # fmt: skip
    PAGE.write_text(page.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
