"""What is said of leaves that were held against random directions, not measured entry by entry."""

from collections.abc import Sequence

from gradcheck.render.wording import PART, clean
from gradcheck.store.numbers import Json, from_json


def chance_of_a_miss(checks: Sequence[Json]) -> str:
    """One sentence about the screened leaves of these checks, of each the worst; empty where there are none."""
    chances: dict[str, float] = {}
    for leaf in (leaf for check in checks for leaf in check["leaves"] if leaf["method"] == "screen"):
        if leaf["directions"]:  # none were taken where the shape is the fault
            name = clean(leaf["name"])
            chances[name] = max(chances.get(name, 0.0), from_json(leaf["miss_probability"]))
    if not chances:
        return ""
    told = ", ".join(f"{name} {chance:.0e}" for name, chance in chances.items())
    return f"chance that an error of a millionth of the gradient passes all directions: {told}"


def wrong_entries(leaf: Json) -> str:
    """`2`, or `at least 32` where not all of them were looked for one by one."""
    return f"at least {leaf['wrong']}" if PART in leaf["note"] else str(leaf["wrong"])
