"""What is known of a constructor's parameter beyond its name: annotations, defaults, the words it is compared with."""

import enum
import inspect
from typing import Any, Literal, Optional

import numpy as np
import pytest

from gradcheck.gather.cases import readings
from gradcheck.gather.choices import choices, words
from gradcheck.gather.family import CannotBuildError


class Way(enum.Enum):
    UP = 1
    DOWN = 2


class Everything:
    def __init__(  # noqa: PLR0917 -- one of everything
        self,
        literal: Literal["a", "b"],
        member: Way,
        flag: bool,
        pair: tuple[int, int],
        maybe: Optional[bool],  # noqa: UP045 -- as people write it
        either: Literal["x"] | None,
        word: str,
        fraction: float,
        written: "Literal[3, 4]",
        unknown: Any,
        number: int,
        option: Any = "plain",
        switch: Any = False,
        step: Any = Way.DOWN,
        rate: Any = 0.25,
        count: Any = 5,
    ) -> None:
        if word == "one" or word.lower() in ("two", "three"):
            self.option = option
        if self.option != "fancy":
            return
        match option:
            case "odd" | "even":
                pass


PARAMETERS = {p.name: p for p in inspect.signature(Everything).parameters.values()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("literal", ("a", "b")),
        ("member", (Way.UP, Way.DOWN)),
        ("flag", (True, False)),
        ("pair", ((1, 1), (2, 1), (1, 2))),
        ("maybe", (None, True, False)),
        ("either", (None, "x")),
        ("word", ("one", "two", "three")),
        ("fraction", (0.5,)),
        ("written", (3, 4)),
        ("unknown", ()),
        ("number", ()),
        ("option", ("plain", "fancy", "odd", "even")),
        ("switch", (False, True)),
        ("step", (Way.DOWN, Way.UP)),
        ("rate", ()),
        ("count", ()),
    ],
)
def test_what_is_known_of_a_parameter(name: str, expected: tuple[Any, ...]) -> None:
    assert choices(Everything, PARAMETERS[name]) == expected


def test_words_of_other_names_do_not_count() -> None:
    assert words(Everything, "nothing") == []


class Doubling:
    def __init__(self, how: Literal["twice", "thrice"], flag: bool, part: float) -> None:
        self.how, self.flag, self.part = how, flag, part

    def forward(self, x: Any) -> Any:
        return x * (2 if self.how == "twice" else 3)

    def backward(self, d: Any) -> Any:
        return d * (2 if self.how == "twice" else 3)


class Unknowable(Doubling):
    def __init__(self, thing: object) -> None:
        pass


def test_a_class_is_built_at_every_choice_of_what_it_needs() -> None:
    cases = readings(Doubling, [], "a.py:Doubling")[0].cases
    assert {(c.arguments["how"], c.arguments["flag"], c.arguments["part"]) for c in cases} == {
        ("twice", True, 0.5),
        ("thrice", False, 0.5),
    }
    for case in cases:
        assert np.all(np.isfinite(case.build().x))  # type: ignore[union-attr]


def test_what_nothing_is_known_of_yields_the_snippet() -> None:
    with pytest.raises(CannotBuildError, match=r"no value is known for its parameter thing(.|\n)*def gradcheck_cases"):
        readings(Unknowable, [], "a.py:Unknowable")
