"""Which setting wins: the command line's, then the ini-file's, then [tool.gradcheck] of the nearest pyproject."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gradcheck import cli_values
from gradcheck.base.errors import UsageError
from gradcheck.gather.config import Config, find, load
from gradcheck.run.campaign import Plan
from gradcheck.run.options import Options

_CONFIGS = pytest.StashKey[dict[Path, Config]]()
_READERS: Mapping[str, Callable[[str], Any]] = {
    "seed": cli_values.whole("gradcheck_seed"),
    "rtol": cli_values.rtol,
    "method": cli_values.method,
    "budget": cli_values.budget,
    "search": cli_values.whole("gradcheck_search"),
    "timeout": cli_values.seconds,
}
_WRITTEN = ("seed", "rtol", "method", "search")  # that [tool.gradcheck] may have
_REPEATED = ("rtol", "method", "budget", "search")  # by a replay, which has the seed by itself


@dataclass(frozen=True)
class Settings:
    """What is in force for one file.

    given: the values that were set anywhere, by name · config: [tool.gradcheck], its defaults where there is none
    replay: the options with which `gradcheck run` does the same.
    """

    given: Mapping[str, Any]
    config: Config
    replay: tuple[str, ...] = ()

    @property
    def options(self) -> Options:
        """How to measure."""
        values = {name: value for name, value in self.given.items() if name != "timeout"}
        return Options(**values, conventions=self.config.conventions)

    @property
    def fixed(self) -> Options:
        """How to measure a baseline: as `gradcheck baseline` does, which has no options of its own."""
        here = self.config
        method, conventions = here.method or "auto", here.conventions
        return Options(seed=here.seed or 0, rtol=here.rtol, method=method, conventions=conventions, fixed=True)

    @property
    def plan(self) -> Plan:
        """For one file at a time: it has no targets."""
        timeout = self.given.get("timeout", Plan.timeout)
        return Plan((), self.options, timeout, self.config.expected, replay=self.replay)


def settings_for(config: pytest.Config, file: Path) -> Settings:
    """What is in force for a file.

    Raises:
        UsageError: a value of the ini-file or of [tool.gradcheck] that makes no sense.
    """
    typed = {name: value for name in _READERS if (value := _typed(config, name)) is not None}
    here = _config(config, file)
    written = {name: getattr(here, name) for name in _WRITTEN if getattr(here, name) is not None}
    given = {**written, **typed}
    if given.get("budget") is not None and given.get("method") == "entries":
        raise UsageError("gradcheck_budget: the method entries measures every entry; use auto or screen with a budget")
    return Settings(given, here, _replay(typed, _named(config)))


def _typed(config: pytest.Config, name: str) -> Any:
    """The command line's value, else the ini-file's."""
    value = config.getoption(f"gradcheck_{name}")
    text = str(config.getini(f"gradcheck_{name}") or "").strip()
    if value is not None or not text:
        return value
    try:
        return _READERS[name](text)
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{_ini(config)}: gradcheck_{name}: {error}") from None


def _replay(typed: Mapping[str, Any], named: Path | None) -> tuple[str, ...]:
    """What the command line and the ini-file set, as `gradcheck run` spells it."""
    values = {name: f"{typed[name]:g}" if name == "rtol" else str(typed[name]) for name in typed}
    words = [word for name in _REPEATED if name in values for word in (f"--{name}", values[name])]
    return (*words, "--config", str(named)) if named is not None else tuple(words)


def _ini(config: pytest.Config) -> str:
    return "the ini-file" if config.inipath is None else config.inipath.name


def _config(config: pytest.Config, file: Path) -> Config:
    """[tool.gradcheck] of the file that is named, else of the nearest pyproject.toml upward; each is read once."""
    known = config.stash.setdefault(_CONFIGS, {})
    place = _named(config) or file.parent
    if place not in known:
        found = find(place) if place == file.parent else place
        known[place] = Config() if found is None else load(found)
    return known[place]


def _named(config: pytest.Config) -> Path | None:
    """--gradcheck-config from the folder where it was typed, gradcheck_config from the root directory."""
    typed, written = config.getoption("gradcheck_config"), str(config.getini("gradcheck_config") or "").strip()
    if typed is not None:
        return Path(config.invocation_params.dir / typed)
    return config.rootpath / written if written else None
