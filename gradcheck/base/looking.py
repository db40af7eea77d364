"""Looking at an object for a name that it need not have."""

from typing import Any


def look(thing: Any, name: str, default: Any = None) -> Any:
    """The attribute, or the default, whatever looking raises: getattr passes over AttributeError alone.

    A `__getattr__` that is `return self.parameters[name]` raises KeyError.
    """
    try:
        return getattr(thing, name, default)
    except Exception:
        return default
