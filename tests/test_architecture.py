"""Which file may import which: the arrows of DESIGN's house, drawn with ast."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Folders first, then the files at the top, in the order of their dependence: an arrow points to the left only.
ORDER = (
    "base", "subjects", "gather", "numeric", "judge", "diagnose", "run", "store", "render", "progress",
    "strategies",
    "api", "cli_values", "cli_arguments", "cli_output", "cli_baseline", "cli", "plugin", "pytest_plugin", "__main__",
)  # fmt: skip
LONGEST = 300
PRINTERS = ("progress", "cli", "cli_arguments", "cli_baseline", "cli_output", "__main__")


@dataclass(frozen=True)
class Module:
    """One file. imports: the dotted names of the modules it takes something from, with the line."""

    name: str
    text: str

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> list[tuple[str, int]]:
        return list(_imports(self))

    @property
    def step(self) -> str:
        """The folder below gradcheck, or the file at its top."""
        return self.name.split(".")[1] if "." in self.name else "__init__"


def read(root: Path, package: str) -> dict[str, Module]:
    """Every module of a package by its dotted name."""
    found = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path.read_text(encoding="utf-8"))
    return found


def _imports(module: Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*module.name.split(".")[: -node.level], *([base] if base else [])])
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def target(name: str, modules: Mapping[str, Module]) -> str:
    """The module that an imported name belongs to: `gradcheck.base.errors.Failure` -> `gradcheck.base.errors`."""
    parts = name.split(".")
    known = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((module for module in known if module in modules), parts[0])


def upward(modules: Mapping[str, Module]) -> list[str]:
    """Imports of a step that comes later, and steps that are in no order at all."""
    wrong = [f"{m.name}: {m.step} is not in ORDER" for m in modules.values() if m.step not in (*ORDER, "__init__")]
    for module in modules.values():
        for name, line in module.imports:
            other = modules.get(target(name, modules))
            if other is None or other.step == "__init__" or {module.step, other.step} - {*ORDER}:
                continue
            if ORDER.index(other.step) > ORDER.index(module.step):
                wrong.append(f"{module.name}:{line} imports {other.name}: {module.step} comes before {other.step}")
    return wrong


def circle(modules: Mapping[str, Module]) -> list[str]:
    """A circle of imports, where there is one."""
    graph = {m.name: {target(name, modules) for name, _ in m.imports} - {m.name} for m in modules.values()}
    try:
        TopologicalSorter({name: others & set(modules) for name, others in graph.items()}).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def from_root(modules: Mapping[str, Module]) -> list[str]:
    """Imports of the package itself, whose names are for users."""
    return [
        f"{module.name}:{line} imports {name} from the package root"
        for module in modules.values()
        for name, line in module.imports
        if target(name, modules) == "gradcheck"
    ]


def printing(modules: Mapping[str, Module]) -> list[str]:
    """Calls of print and uses of sys.stdout and sys.stderr outside the command line."""
    return [
        f"{module.name}:{getattr(node, 'lineno', 0)} prints"
        for module in modules.values()
        if module.step not in PRINTERS
        for node in ast.walk(module.tree)
        if _prints(node)
    ]


def _prints(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("print", "pprint")
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return False
    return (node.value.id, node.attr) in (("sys", "stdout"), ("sys", "stderr"), ("sys", "__stdout__"))


def importing(modules: Mapping[str, Module], *forbidden: str) -> list[str]:
    """Imports of packages that are none of the module's business."""
    return [
        f"{module.name}:{line} imports {name}"
        for module in modules.values()
        for name, line in module.imports
        if any(name == other or name.startswith(f"{other}.") for other in forbidden)
    ]


def too_long(modules: Mapping[str, Module]) -> list[str]:
    return [f"{m.name} has {m.lines} lines, more than {LONGEST}" for m in modules.values() if m.lines > LONGEST]


@cache
def ours() -> dict[str, Module]:
    return read(ROOT, "gradcheck")


@cache
def layers() -> dict[str, Module]:
    return read(ROOT, "layers")


def test_no_arrow_goes_up() -> None:
    assert upward(ours()) == []


def test_no_circles() -> None:
    assert circle(ours()) == []
    assert circle(layers()) == []


def test_nothing_inside_imports_the_package_root() -> None:
    assert from_root(ours()) == []


def test_nothing_prints_but_the_command_line() -> None:
    assert printing(ours()) == []


def test_gradcheck_knows_neither_layers_nor_reports() -> None:
    assert importing(ours(), "layers", "reports", "tests") == []


def test_layers_know_nothing_of_gradcheck() -> None:
    assert importing(layers(), "gradcheck", "reports", "tests") == []


def test_layers_take_nothing_of_the_articles() -> None:
    rest = {name: module for name, module in layers().items() if not name.startswith("layers.article")}
    assert importing(rest, "layers.article") == []


def test_no_file_is_too_long() -> None:
    tests = {name: m for name, m in read(ROOT, "tests").items() if not name.startswith("tests.planted")}  # catalogues
    assert too_long({**ours(), **layers(), **read(ROOT, "reports"), **tests}) == []


# The rules themselves: a small house with one fault each.

HOUSE = {
    "__init__": "",
    "base/__init__": "",
    "base/errors": "",
    "run/__init__": "",
    "run/a": "",
    "cli": "",
    "judge": "",
}


@pytest.mark.parametrize(
    ("rule", "file", "text", "message"),
    [
        pytest.param(upward, "base/errors", "from gradcheck.run import a", "base comes before run", id="up"),
        pytest.param(upward, "base/errors", "def f():\n    import gradcheck.run.a", ":2 imports", id="up, late"),
        pytest.param(upward, "run/a", "from ..cli import main", "run comes before cli", id="up, relative"),
        pytest.param(upward, "extra/new", "", "extra is not in ORDER", id="a folder in no order"),
        pytest.param(circle, "run/b", "from gradcheck.run.a import f", "run.a", id="circle"),
        pytest.param(from_root, "run/a", "from gradcheck import check", "root", id="root, a name"),
        pytest.param(from_root, "run/a", "import gradcheck", "root", id="root, the package"),
        pytest.param(from_root, "run/a", "from .. import check", "root", id="root, relative"),
        pytest.param(printing, "run/a", "print(1)", "run.a:1 prints", id="print"),
        pytest.param(printing, "run/a", "import sys\nsys.stdout.write('x')", "run.a:2 prints", id="sys.stdout"),
        pytest.param(too_long, "run/a", "\n" * 301, "has 301 lines", id="too long"),
        pytest.param(
            lambda modules: importing(modules, "layers"), "run/a", "import layers.base", "layers.base", id="layers"
        ),
    ],
)
def test_each_rule_sees_its_fault(rule: object, file: str, text: str, message: str, tmp_path: Path) -> None:
    house = {**HOUSE, "run/a": "from gradcheck.run.b import g", "run/b": "g = 1", file: text}
    for name, content in house.items():
        path = tmp_path / "gradcheck" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    assert callable(rule)
    wrong = rule(read(tmp_path, "gradcheck"))
    assert len(wrong) == 1
    assert message in wrong[0]


def test_the_command_line_may_print(tmp_path: Path) -> None:
    (tmp_path / "gradcheck").mkdir()
    (tmp_path / "gradcheck" / "cli.py").write_text("print(1)", encoding="utf-8")
    assert printing(read(tmp_path, "gradcheck")) == []
