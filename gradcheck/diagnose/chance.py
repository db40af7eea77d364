"""Would a pattern of wrong entries fit a description by chance? Counted in bits."""

import math

_ENOUGH = 4.5  # bits: one in twenty at random, and faults are seldom random


def pattern(wrong: int, telling: int) -> float:
    """Bits of choosing which `wrong` of the `telling` entries are wrong."""
    return math.log2(math.comb(telling, wrong)) if 0 <= wrong <= telling else 0.0


def speaks(wrong: int, telling: int, descriptions: float) -> bool:
    """Is the pattern more than one of so many descriptions would meet by chance?"""
    return pattern(wrong, telling) - math.log2(max(descriptions, 1.0)) >= _ENOUGH
