"""Format name -> renderer of a run's record. Adding a format is one file and one line here."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from gradcheck.base.errors import UsageError

INSTALL = "pip install 'gradcheck[report]'"


@dataclass(frozen=True)
class Format:
    """home: "module:function" below gradcheck.render, loaded when it is needed · needs: packages of the extra."""

    home: str
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """Of the packages that it needs, those that are not installed."""
        return [name for name in self.needs if find_spec(name) is None]

    def __call__(self, record: dict[str, Any]) -> str:
        """The record in this format.

        Raises:
            UsageError: a package that it needs is not installed.
        """
        if self.missing:
            raise UsageError(f"this format needs {' and '.join(self.missing)}: {INSTALL}")
        module, _, function = self.home.partition(":")
        rendered: str = getattr(import_module(f"gradcheck.render.{module}"), function)(record)
        return rendered


FORMATS: dict[str, Format] = {
    "text": Format("text:run_text"),
    "json": Format("json:run_json"),
    "markdown": Format("markdown:run_markdown"),
    "html": Format("html:run_html", ("jinja2", "matplotlib")),
    "junit": Format("junit:run_junit", ("junitparser",)),
    "github": Format("github:run_github"),
}
