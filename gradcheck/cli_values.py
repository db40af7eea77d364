"""What the values of options must be, said to whoever types another: for the command line and for pytest's."""

import argparse
import math
from collections.abc import Callable

from gradcheck.run.options import LEAST_BUDGET, METHODS

# argparse puts `argument --rtol: ` before what these raise, and gives the exit code 2.


def method(text: str) -> str:
    """One of METHODS."""
    if text not in METHODS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(METHODS)}, got {text!r}")
    return text


def budget(text: str) -> int:
    """Forward evaluations a leaf, of at least LEAST_BUDGET."""
    value = int(text) if text.isdecimal() else 0
    if value < LEAST_BUDGET:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least {LEAST_BUDGET}, got {text!r}")
    return value


def whole(option: str) -> Callable[[str], int]:
    """A reader of whole numbers of at least 0, named as the option for argparse."""

    def whole(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = -1
        if value < 0:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
        return value

    whole.__name__ = option
    return whole


def jobs(text: str) -> int:
    """How many at the same time, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def rtol(text: str) -> float:
    """A relative tolerance, between 0 and 1."""
    value = _number(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 1, got {text!r}")
    return value


def seconds(text: str) -> float:
    """A finite time above 0."""
    value = _number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a finite number of seconds above 0, got {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
