"""pytest's plugin: `--gradcheck`, the fixture and the marker `gradcheck`. Imports pytest alone until one is used."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradcheck.plugin.nodes import GradcheckFile

_MARKER = (
    "gradcheck(rtol=None, method='auto', seed=0, budget=None, convention=None): "
    "what the fixture gradcheck of this test checks with"
)
_FACTS = "gradcheck"  # the attribute of a report, and of a worker's output, that carries ours


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, each with its twin in the ini-file."""
    from gradcheck import cli_values

    group = parser.getgroup("gradcheck", "gradients of hand-written layers")
    group.addoption("--gradcheck", action="store_true", help="check the layers in the Python files of these paths")
    group.addoption("--gradcheck-update", action="store_true", help="check them, and write their baselines")
    group.addoption("--gradcheck-force", action="store_true", help="write baselines although CI is set")
    values: list[tuple[str, Callable[[str], Any], str, str]] = [
        ("seed", cli_values.whole("seed"), "N", "of every random choice (default: 0)"),
        ("rtol", cli_values.rtol, "X", "relative tolerance (default: that of the precision)"),
        ("method", cli_values.method, "auto|entries|screen", "every entry, or random directions (by size)"),
        ("budget", cli_values.budget, "N", "forward evaluations a leaf that a screen may take"),
        ("search", cli_values.whole("search"), "N", "examples of each class that Hypothesis draws (default: 0)"),
        ("timeout", cli_values.seconds, "SECONDS", "each import and each case (default: 300)"),
        ("config", str, "FILE", "read [tool.gradcheck] from this file"),
    ]
    for name, reader, metavar, text in values:
        group.addoption(f"--gradcheck-{name}", type=reader, default=None, metavar=metavar, help=text)
        parser.addini(f"gradcheck_{name}", f"{text}; --gradcheck-{name} goes before", default="")


def pytest_configure(config: pytest.Config) -> None:
    """The marker; what the options ask for together."""
    config.addinivalue_line("markers", _MARKER)
    option = config.option
    if option.gradcheck_update:
        option.gradcheck = True
    if option.gradcheck:
        from gradcheck.plugin.asked import refuse
        from gradcheck.plugin.watched import Watch

        refuse(config)
        config.pluginmanager.register(Watch(config, _FACTS))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "GradcheckFile | None":
    """A Python file's layers; its tests are pytest's business as ever."""
    if not parent.config.option.gradcheck or file_path.suffix != ".py":
        return None
    from gradcheck.plugin.nodes import file_node

    return file_node(file_path, parent)


def _is_typed(config: pytest.Config) -> bool:
    """Does `--gradcheck` stand on the command line itself, not only among the ini-file's addopts?"""
    if hasattr(config, "workerinput"):
        return bool(config.workerinput[_FACTS]["typed"])
    return any(str(word) in ("--gradcheck", "--gradcheck-update") for word in config.invocation_params.args)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The controller of pytest-xdist tells its workers what only it can see."""
    node.workerinput[_FACTS] = {"typed": _is_typed(node.config), "dist": node.config.getoption("dist")}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Who asks for a check and gets none is told."""
    if session.config.option.gradcheck and _is_typed(session.config):
        from gradcheck.plugin.nodes import nothing_found

        items += [item for item in [nothing_found(session)] if item is not None]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Which classes will be checked, now that all selection is done."""
    if session.config.option.gradcheck:
        from gradcheck.plugin.state import state_of
        from gradcheck.plugin.watched import watched

        for item in session.items:
            if hasattr(item, "facts") and hasattr(item, "label"):
                state_of(session.config).wanted.setdefault(item.path, set()).add(item.label)
        state_of(session.config).watched = watched(session.config, session.items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A marker that is misspelt would leave a tolerance as it is."""
    if item.get_closest_marker(_FACTS) is not None:
        from gradcheck.plugin.marker import options_of

        options_of(item)


@pytest.fixture
def gradcheck(request: pytest.FixtureRequest) -> Callable[..., None]:
    """assert_gradients(layer, x) or (forward, backward, arguments), with the options of the marker `gradcheck`."""
    from gradcheck.plugin.marker import checker

    return checker(request.config, request.node)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What an item of ours has found goes with its report, once; of what it raises on purpose, the message alone."""
    report = yield
    facts = getattr(item, "facts", None)
    if facts is None or call.when == "teardown" or (call.when == "setup" and call.excinfo is None):
        return report
    from gradcheck.base.errors import GradcheckError

    setattr(report, _FACTS, facts)
    if call.excinfo is not None and isinstance(call.excinfo.value, GradcheckError):
        report.longrepr = str(call.excinfo.value)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands over what it knows."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and session.config.option.gradcheck:
        from gradcheck.plugin.state import state_of

        state = state_of(session.config)
        output[_FACTS] = {"notes": state.notes, "watched": state.watched}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The controller of pytest-xdist takes it."""
    handed = getattr(node, "workeroutput", {}).get(_FACTS)
    if handed:
        from gradcheck.plugin.state import state_of

        state = state_of(node.config)
        state.notes += handed["notes"]
        state.watched = state.watched or handed["watched"]


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter", config: pytest.Config) -> None:
    """The table, failing rows first."""
    if not config.option.gradcheck:
        return
    from gradcheck.plugin.summary import lines

    reports = (report for group in terminalreporter.stats.values() for report in group)
    text = list(lines(config, (getattr(report, _FACTS, None) for report in reports)))
    if text:
        terminalreporter.section("gradcheck")
        for line in text:
            terminalreporter.write_line(line)
