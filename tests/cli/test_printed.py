"""What stands beside an error is what that layer has printed, whatever the next one prints at once."""

from tests.cli.tools import Cli

FILE = """import numpy as np


class Quiet:
    def forward(self, x):
        return 3 * x

    def backward(self, dy):
        raise ValueError("no")


class Chatty:
    def forward(self, x):
        print("chatty " * 50)
        return self.forward(x)

    def backward(self, dy):
        return dy


def gradcheck_cases():
    return [(Quiet(), np.ones(3)), (Chatty(), np.ones(3))]
"""


def test_an_error_has_its_own_layers_output_alone(cli: Cli) -> None:
    cli.write({"two.py": FILE})
    quiet, chatty = cli("run", "two.py", "--jobs", "1").out.split("two.py:Chatty\n", 1)
    assert "ValueError: no" in quiet
    assert "it had printed" not in quiet
    assert "RecursionError" in chatty
    assert "| " in chatty.split("it had printed:")[1]
