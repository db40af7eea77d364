"""The usual switches of training, each turned by `run`: a backward that is wrong in the other mode alone is found."""

from typing import Any

import numpy as np
import pytest

from gradcheck.gather.specimen import Case, FunctionSpecimen, LayerSpecimen
from gradcheck.run.check import check_case
from gradcheck.run.expand import expand
from gradcheck.run.options import Options

X = np.random.default_rng(0).normal(size=(4, 5))


class Halves:
    """Y = X / 2 in training, X in eval mode; its twin's backward looks at the mode."""

    mixed_up = False
    trains = True

    def forward(self, x: Any) -> Any:
        return x / 2 if self.in_training() else x

    def backward(self, dy: Any) -> Any:
        return dy / 2 if self.mixed_up or self.in_training() else dy

    def in_training(self) -> bool:
        return self.trains


class ByFlag(Halves):
    def __init__(self, training: bool = True) -> None:
        self.training = training

    def in_training(self) -> bool:
        return self.training


class ByCapitals(Halves):
    def __init__(self) -> None:
        self.isTraining = True

    def in_training(self) -> bool:
        return self.isTraining


class ByPrivateFlag(Halves):
    def __init__(self) -> None:
        self._is_train = True

    def in_training(self) -> bool:
        return self._is_train


class ByDeterminism(Halves):
    def __init__(self) -> None:
        self.deterministic = False

    def in_training(self) -> bool:
        return not self.deterministic


class ByWord(Halves):
    def __init__(self) -> None:
        self.mode = "training"

    def in_training(self) -> bool:
        if self.mode not in ("training", "inference"):
            raise ValueError(self.mode)
        return self.mode == "training"


class ByMethods(Halves):
    def __init__(self) -> None:
        self.trains = True

    def train(self) -> None:
        self.trains = True

    def eval(self) -> None:
        self.trains = False


class ByOtherMethods(Halves):
    def __init__(self) -> None:
        self.trains = True

    def train_mode(self) -> None:
        self.trains = True

    def eval_mode(self) -> None:
        self.trains = False


class BySetter(Halves):
    def __init__(self) -> None:
        self.trains = True

    def set_training(self, on: bool) -> None:
        self.trains = on


class BySetterOfWords(Halves):
    def __init__(self) -> None:
        self.trains = True

    def set_mode(self, word: str) -> None:
        if word not in ("train", "valid"):
            raise ValueError(word)
        self.trains = word == "train"


class ByKeyword(Halves):
    def forward(self, x: Any, is_training: bool = True) -> Any:
        self.trains = is_training
        return super().forward(x)


class ByRequiredKeyword(Halves):
    def forward(self, x: Any, mode: str) -> Any:  # type: ignore[override]
        self.trains = mode == "train"
        return super().forward(x)


SWITCHED: list[type[Halves]] = [
    ByFlag, ByCapitals, ByPrivateFlag, ByDeterminism, ByWord, ByMethods, ByOtherMethods, BySetter, BySetterOfWords,
    ByKeyword, ByRequiredKeyword,
]  # fmt: skip


def verdicts(build: Any) -> dict[str, str]:
    """Of the case as it is, and of the other mode."""
    case = Case("case", 0, build)
    modes = [added for added in expand(case, built=False, points=False) if added.mode]
    return {
        name: str(check_case(c, Options(0)).verdict) for name, c in [("own", case), *((c.mode or "", c) for c in modes)]
    }


@pytest.mark.parametrize("cls", SWITCHED)
def test_the_other_mode_is_checked(cls: type[Halves]) -> None:
    faulty = type(cls.__name__, (cls,), {"mixed_up": True})
    assert verdicts(lambda: LayerSpecimen(cls(), X)) == {"own": "pass", "eval": "pass"}
    assert verdicts(lambda: LayerSpecimen(faulty(), X)) == {"own": "pass", "eval": "fail"}


def halves(x: Any, training: Any) -> Any:
    return (x / 2 if training else x), training


def halves_backward(dout: Any, training: Any) -> Any:
    return dout / 2 if training else dout


def always_halves(dout: Any, training: Any) -> Any:
    return dout / 2


def test_of_functions_the_switch_among_the_arguments_is_turned() -> None:
    assert verdicts(lambda: FunctionSpecimen(halves, halves_backward, (X, True))) == {"own": "pass", "eval": "pass"}
    assert verdicts(lambda: FunctionSpecimen(halves, always_halves, (X, True))) == {"own": "pass", "eval": "fail"}


def kept(x: Any, train: bool = True) -> Any:
    return (x / 2 if train else x), train


def by_word(x: Any, *, mode: str = "training") -> Any:
    return (x / 2 if mode == "training" else x), mode == "training"


def named_apart(x: Any, train: bool = True) -> Any:
    return x / 2 if train else x


def named_apart_backward(dout: Any, x: Any, is_training: bool = True) -> Any:
    return dout / 2 if is_training else dout


def always_halves_too(dout: Any, x: Any) -> Any:
    return dout / 2


@pytest.mark.parametrize(
    ("forward", "backward", "wrong"),
    [
        (kept, halves_backward, always_halves),
        (by_word, halves_backward, always_halves),
        (named_apart, named_apart_backward, always_halves_too),
    ],
)
def test_of_functions_the_switch_left_at_its_default_is_turned(forward: Any, backward: Any, wrong: Any) -> None:
    assert verdicts(lambda: FunctionSpecimen(forward, backward, (X,))) == {"own": "pass", "eval": "pass"}
    assert verdicts(lambda: FunctionSpecimen(forward, wrong, (X,))) == {"own": "pass", "eval": "fail"}
