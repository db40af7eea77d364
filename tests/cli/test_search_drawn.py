"""What `--search` does with examples that hang, end their process or raise, and with an author's strategies."""

import pytest

from tests.cli.searching import found, notes, pasted_fails
from tests.cli.tools import Cli, Ran, process, write

HANGS = """import time


class Hangs:
    def __init__(self, size, flag=False):
        self.size, self.flag = size, flag

    def forward(self, x):
        if self.flag:
            {what}
        return x * 2.0

    def backward(self, dy):
        return dy * 2.0
"""


COSTLY = {"Hangs": "time.sleep(60)", "Ends": "__import__('os')._exit(3)", "Quits": "raise SystemExit(1)"}


@pytest.fixture(scope="module")
def costly(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run of all three: each costs its own search alone."""
    classes = [HANGS.replace("Hangs", name).replace("{what}", what) for name, what in COSTLY.items()]
    folder = write(tmp_path_factory.mktemp("costly"), {"a.py": "\n\n".join(classes)})
    return process(folder, "run", "a.py", "--search", "20", "--no-config", "--format", "json", "--timeout", "2")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Hangs", "was not finished within the time limit of 2 s"),
        ("Ends", "ended its own process with exit status 3"),
        ("Quits", "more were left out, for the layer raises there: SystemExit"),
    ],
)
def test_an_example_that_costs_its_process_ends_the_search_with_a_note(costly: Ran, name: str, message: str) -> None:
    assert costly.code == 0
    (note,) = [note for check in costly.checks(f":{name}") for note in check["notes"] if note.startswith("search:")]
    assert message in note
    assert "flag=True" in note or "SystemExit" in note


FLAWED_THEN_HANGS = HANGS.replace("return dy * 2.0", "return dy * (2.0 if self.size < 3 else 3.0)")


def test_what_had_failed_before_an_example_hung_is_not_lost(cli: Cli) -> None:
    source = FLAWED_THEN_HANGS.replace("if self.flag:", "if self.size == 3:").replace("{what}", "time.sleep(60)")
    cli.write({"a.py": f"{source}\n\ndef gradcheck_cases():\n{DRAWN}"})
    ran = cli("run", "a.py", "--search", "60", "--no-config", "--format", "json", "--timeout", "2")
    assert ran.code == 1
    (check,) = found(ran)
    assert "size=4" in check["case"] or "size=5" in check["case"] or "size=6" in check["case"]
    assert any("what had failed by then stands here" in note for note in notes(ran))


DRAWN = """    import numpy as np
    from hypothesis import strategies as st

    yield Hangs(1), np.ones(2)
    yield st.sampled_from([1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6]).map(lambda size: (Hangs(size), np.ones(2)))
"""

CONVENED = """import numpy as np
from gradcheck import Convention


class Scale:
    def __init__(self, size, flag=False):
        self.flag = flag
        self.theta = np.random.rand(size) + 0.5

    def run(self, x):
        self.x = x
        return x * self.theta

    def pull(self, dy):
        self.g = (dy * self.x).sum(axis=0)
        return dy * self.theta * (3 if self.flag else 1)


gradcheck_convention = Convention(forward="run", backward="pull", gradients=lambda layer: {"theta": layer.g})
"""


def test_a_modules_convention_is_in_force_and_in_the_pasted_test(cli: Cli) -> None:
    cli.write({"a.py": CONVENED})
    ran = cli("run", "a.py", "--search", "40", "--no-config", "--format", "json", "--seed", "7")
    (check,) = found(ran)
    assert check["case"].startswith("Scale(size=1, flag=True) at [[")
    assert "assert_gradients(layer, x, seed=7, convention=gradcheck_convention)" in check["paste"]["test"]
    assert pasted_fails(check["paste"]["test"], "a", CONVENED)
    assert not pasted_fails(check["paste"]["test"], "a", CONVENED.replace("3 if self.flag else 1", "1"))


AUTHORED = """import numpy as np
from hypothesis import strategies as st


class Power:
    def __init__(self, exponent, kind="plain"):
        self.exponent, self.kind = exponent, kind

    def forward(self, x):
        self.x = x
        if self.exponent == 5:
            raise ValueError("not made for 5")
        return x**self.exponent

    def backward(self, dy):
        {fault}
        return dy * self.exponent * self.x ** (self.exponent - 1)


def gradcheck_cases():
    return st.builds(Power, st.integers(1, 9)).map(lambda layer: (layer, np.array([0.5, 1.5])))
"""
POWERS_RIGHT = AUTHORED.replace("{fault}", "pass")
POWERS_WRONG = AUTHORED.replace("{fault}", "dy = dy if self.exponent < 7 else -dy")


def test_a_strategy_that_raises_later_is_a_problem_of_the_class(cli: Cli) -> None:
    drawn = "st.integers(1, 9).map(lambda n: Power(n if n != 8 else 1 // 0)).filter(lambda layer: layer.exponent != 5)"
    source = POWERS_RIGHT.replace("st.builds(Power, st.integers(1, 9))", drawn)
    cli.write({"a.py": source.replace("return st", "yield Power(1), np.ones(2)\n    yield st")})
    for seed in ("0", "1"):
        ran = cli("run", "a.py", "--search", "60", "--no-config", "--format", "json", "--seed", seed)
        assert ran.code == 2
        assert "ZeroDivisionError" in ran.record["problems"][0]["kind"]


def test_without_a_search_a_few_examples_of_a_strategy_are_the_cases(cli: Cli) -> None:
    cli.write({"a.py": POWERS_RIGHT.replace("== 5", "== 99")})
    first, again = (cli("run", "a.py", "--no-config", "--format", "json") for _ in range(2))
    own = [check["case"] for check in first.record["checks"] if "[" not in check["case"]]
    assert first.code == 0
    assert 2 <= len(own) <= 6
    assert [c["case"] for c in first.record["checks"]] == [c["case"] for c in again.record["checks"]]


def test_a_strategy_is_searched_and_what_the_layer_raises_on_is_left_out(cli: Cli) -> None:
    cli.write({"a.py": POWERS_WRONG.replace("st.integers(1, 9)", "st.integers(1, 9).filter(lambda n: n < 7 or True)")})
    ran = cli("run", "a.py", "--search", "60", "--no-config", "--format", "json")
    (check,) = found(ran)
    assert "exponent=7" in check["case"]
    assert "yield Power(exponent=7), np.array([0.5, 1.5])" in check["paste"]["case"]
    assert any("left out, for the layer raises there: ValueError: not made for 5" in note for note in notes(ran))
