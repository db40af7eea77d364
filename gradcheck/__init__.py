"""gradcheck: is a hand-written backward the derivative of its forward?

The names below are loaded when they are first used (PEP 562), so that importing the
package, `gradcheck --help` and pytest's start stay free of numpy, scipy and hypothesis.
"""

from importlib import import_module

# Not typing's own: under `python -m` the current folder, which may hold a `typing.py`, still comes first here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Convention": "gradcheck.subjects.convention",
    "Evaluations": "gradcheck.run.result",
    "Finding": "gradcheck.diagnose.finding",
    "GradcheckError": "gradcheck.base.errors",
    "GradientMismatch": "gradcheck.base.errors",
    "LeafResult": "gradcheck.run.result",
    "Result": "gradcheck.api",
    "UsageError": "gradcheck.base.errors",
    "Verdict": "gradcheck.judge.verdict",
    "assert_gradients": "gradcheck.api",
    "check": "gradcheck.api",
}

__all__ = ["__version__", *sorted(_HOME)]  # noqa: PLE0604 -- the keys of _HOME are strings


def __getattr__(name: str) -> "Any":
    if name == "strategies":  # a module of its own, and hypothesis with it
        return import_module("gradcheck.strategies")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
