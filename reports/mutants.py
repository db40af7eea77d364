"""Mutants of the reference layers' backward: which does the check find? `python -m reports.mutants` writes mutants.md.

Made mechanically, one change each: sign, operand, axis, slice, transpose, missing term, constant. A mutant that no
check fails must have its reason in EXPLAINED: it is the same function, or backward's bookkeeping.
"""

import ast
import copy
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tabulate import tabulate

from gradcheck.base.errors import Failure
from gradcheck.gather.discover import offer
from gradcheck.gather.family import CannotBuildError
from gradcheck.gather.load import seed_everything
from gradcheck.gather.targets import Source
from gradcheck.judge.verdict import Verdict
from gradcheck.run.family import FamilyRun
from gradcheck.run.messages import Key
from gradcheck.run.options import Options
from gradcheck.run.result import CheckResult

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_suffix(".md")
FILES = ("activation", "convolution", "dropout", "flatten", "fully_connected", "losses", "pooling")
BACKWARD = ("backward", "prime", "_error", "_spread", "_scatter")
# (file, what was changed) -> why no check can fail. Nothing is listed whose reason was not looked at.
_DEPTH = "the padding of the channels: it raises wherever layer_depth > 1 (a note); at depth 1 what is added is zeros"
EXPLAINED: dict[tuple[str, str], str] = {
    ("activation", "`0.0` -> `1.0`"): "relu' at exactly 0: 1 is as legal a subgradient as 0",
    ("convolution", "`0` -> `1`"): _DEPTH,
}
TEXT = """# Mutants of the reference layers

Written by `python -m reports.mutants`; do not edit.

{table}

killed: at least one check of the file fails or ends in an error; the others are listed.

## Survivors

{survivors}
"""


@dataclass(frozen=True)
class Mutant:
    """One change. kind: which operator · what: `line 12: a + b -> a - b`."""

    file: str
    kind: str
    what: str
    tree: ast.Module


class _Quiet:
    """Nobody listens."""

    def known(self, _: Key) -> CheckResult | Failure | None:
        return None

    def started(self, key: Key, name: str) -> None:
        """Nothing to tell."""

    def settled(self, key: Key, result: CheckResult) -> None:
        """Nothing to tell."""


def mutants(file: str) -> Iterator[Mutant]:
    """Every mutant of one file of layers/, in order."""
    tree = ast.parse((ROOT / "layers" / f"{file}.py").read_text(encoding="utf-8"))
    places = [
        number
        for number, node in enumerate(ast.walk(tree))
        if isinstance(node, ast.FunctionDef) and any(word in node.name for word in BACKWARD)
    ]
    for place in places:
        for number, node in enumerate(ast.walk(_at(tree, place))):
            for count in range(len(list(_changed(node)))):
                whole = copy.deepcopy(tree)
                target = _at(_at(whole, place), number)
                kind, new = list(_changed(target))[count]
                what = f"`{ast.unparse(target)}` -> `{ast.unparse(new)}`"
                _replace(whole, target, new)
                yield Mutant(file, kind, what, ast.fix_missing_locations(whole))


def _at(tree: ast.AST, number: int) -> ast.AST:
    return list(ast.walk(tree))[number]


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and old in value:
                value[value.index(old)] = new


def _changed(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """(kind, node in its place) of every change at one node."""
    if isinstance(node, ast.BinOp):
        yield from _binary(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield "sign", node.operand
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub | ast.Add):
        other = ast.Add() if isinstance(node.op, ast.Sub) else ast.Sub()
        yield "sign", ast.AugAssign(node.target, other, node.value)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transpose", node.value
    elif isinstance(node, ast.keyword) and node.arg == "axis":
        yield from (("axis", ast.keyword("axis", value)) for value in _axes(node.value))
    elif isinstance(node, ast.Slice):
        yield from _slices(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield "constant", ast.Constant(node.value + 1)


def _binary(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    swapped = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
    if swapped is not None:
        yield "sign", ast.BinOp(node.left, swapped(), node.right)
    if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
        yield "missing term", node.left
        yield "missing term", node.right
    if isinstance(node.op, ast.Mult):
        yield "operand", ast.BinOp(node.left, ast.Div(), node.right)
    if isinstance(node.op, ast.Div):
        yield "operand", ast.BinOp(node.left, ast.Mult(), node.right)
    if isinstance(node.op, ast.MatMult):
        yield "operand", ast.BinOp(node.right, ast.MatMult(), node.left)


def _axes(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.Constant) and isinstance(value.value, int):
        yield ast.Constant(value.value + 1)
        yield ast.Constant(None)
    if isinstance(value, ast.Tuple):
        yield from value.elts


def _slices(node: ast.Slice) -> Iterator[tuple[str, ast.AST]]:
    if node.step is not None:
        yield "slice", ast.Slice(node.lower, node.upper, None)
    if node.lower is not None:
        yield "slice", ast.Slice(None, node.upper, node.step)
    if node.upper is not None:
        yield "slice", ast.Slice(node.lower, None, node.step)


def killed(mutant: Mutant) -> bool:
    """Does a check of the changed file fail, end in an error, or is there nothing left to check?"""
    module = ModuleType(f"layers.{mutant.file}")
    path = ROOT / "layers" / f"{mutant.file}.py"
    source = Source(path, f"layers/{mutant.file}.py", f"layers.{mutant.file}", ROOT, None, str(path), direct=True)
    seed_everything(0)
    try:
        exec(compile(mutant.tree, str(path), "exec"), module.__dict__)  # noqa: S102 -- our own layers, changed
        families = offer(module, source, frozenset()).families
        runs = [checked for family in families for checked in FamilyRun(family, Options(), _Quiet(), str(path)).run()]
    except (Exception, CannotBuildError):
        return True
    return any(checked.result.verdict in (Verdict.FAIL, Verdict.ERROR) for checked in runs)


def main() -> int:
    """Write the page; 1 where a survivor has no explanation."""
    warnings.simplefilter("ignore")
    made = [(mutant, killed(mutant)) for file in FILES for mutant in mutants(file)]
    kinds, dead = Counter(m.kind for m, _ in made), Counter(m.kind for m, gone in made if gone)
    rows = [(kind, kinds[kind], dead[kind]) for kind in sorted(kinds)] + [("all", len(made), sum(dead.values()))]
    left = [(m.file, m.what, EXPLAINED.get((m.file, m.what), "NOT EXPLAINED")) for m, gone in made if not gone]
    text = TEXT.format(
        table=tabulate(rows, ("changed", "mutants", "killed"), "pipe"),
        survivors=tabulate(left, ("file", "change", "why it is no fault"), "pipe") or "None.",
    )
    PAGE.write_text(text, encoding="utf-8")
    return int(any(reason == "NOT EXPLAINED" for *_, reason in left))


if __name__ == "__main__":
    raise SystemExit(main())
