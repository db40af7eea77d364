"""A function whose arguments must be named, forward(*, x), as one that is called by place like all the others."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from gradcheck.subjects.spelling import is_switch_name

_KEYWORD, _EITHER = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD


def by_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """Takes by place too what it must be given by name: behind the required, before what has a default.

    Itself where there is no such argument, where the signature cannot be read, and beside *arguments, which take all.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return function
    own = list(signature.parameters.values())
    promoted = _promoted(own)
    if not promoted:
        return function
    rest = [p for p in own if p.name not in {q.name for q in promoted}]
    alone = [p.name for p in rest if p.kind is p.POSITIONAL_ONLY]
    either = [p.replace(kind=_EITHER) for p in promoted]
    required = [p for p in rest if p.kind <= _EITHER and p.default is p.empty]
    late = [p for p in rest if p not in required]
    names = [p.name for p in (*required, *either, *late) if p.kind <= _EITHER]

    @wraps(function)
    def placed(*arguments: Any, **named: Any) -> Any:
        free = [name for name in names if name not in named]
        if len(arguments) > len(free):
            return function(*arguments, **named)  # too many: let it say so
        given = {**dict(zip(free, arguments, strict=False)), **named}
        first = [given.pop(name) for name in alone if name in given]
        return function(*first, **given)

    if not any(p.kind is p.POSITIONAL_ONLY and p.default is not p.empty for p in late):
        placed.__signature__ = signature.replace(parameters=[*required, *either, *late])  # type: ignore[attr-defined]  # inspect reads it
    return placed


def _promoted(own: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Those without a default, switches last; where nothing at all can be placed, the first that is no switch."""
    if any(p.kind is p.VAR_POSITIONAL for p in own):
        return []
    named = [p for p in own if p.kind is _KEYWORD]
    required = sorted((p for p in named if p.default is p.empty), key=lambda p: is_switch_name(p.name))
    if required or any(p.kind <= _EITHER for p in own):
        return required
    return [p for p in named if not is_switch_name(p.name)][:1]
