"""Faults that show only in the cases that `run` adds: each fails there, and its own case passes."""

import pytest

from tests.cli.tools import Cli

HEAD = "import numpy as np\n\n\n"
AT_ZEROS = """class Layer:
    def forward(self, x):
        self.x = x
        return x * x + 2 * x

    def backward(self, d):
        return d * (2 * self.x + 2 if self.x.any() else 3)


def gradcheck_cases():
    yield Layer(), np.array([[0.5, -1.0, 2.0]])
"""
AT_EQUAL = AT_ZEROS.replace("self.x.any()", "np.ptp(self.x) or not self.x.any()")
AT_BORDERS = AT_ZEROS.replace("self.x.any()", "abs(self.x[0, 1]) >= np.abs(self.x).min() + 1e-9 or np.ptp(self.x) == 0")
GAMMA = """class Layer:
    def __init__(self):
        self.gamma, self.beta = np.ones(3), np.zeros(3)

    def forward(self, x):
        self.x = x
        return x * self.gamma + self.beta

    def backward(self, d, learning_rate):
        dx = d.copy()  # forgets gamma
        self.gamma -= learning_rate * (d * self.x).sum(0)
        self.beta -= learning_rate * d.sum(0)
        return dx


def gradcheck_cases():
    yield Layer(), np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
"""
SWITCH = """class Layer:
    def __init__(self):
        self.training = True

    def forward(self, x):
        return 2 * x if self.training else x

    def backward(self, d):
        return 2 * d


def gradcheck_cases():
    yield Layer(), np.array([[0.5, -1.0, 2.0]])
"""
FLAG = """class Layer:
    def forward(self, x, train_flg=True):
        return 2 * x if train_flg else x

    def backward(self, d):
        return 2 * d


def gradcheck_cases():
    yield Layer(), np.array([[0.5, -1.0, 2.0]])
"""
REPEATED = """class Layer:
    def __init__(self):
        self.W = np.arange(12.0).reshape(4, 3) / 8

    def forward(self, indices):
        self.indices = indices
        return self.W[indices]

    def backward(self, d, learning_rate):
        self.W[self.indices] -= learning_rate * d


def gradcheck_cases():
    yield Layer(), np.array([2, 0, 3])
"""
BATCH = """from layers import FCLayer


class Layer(FCLayer):
    def backward_propagation(self, output_error, learning_rate):
        input_error = output_error @ self.weights.T
        self.weights -= learning_rate * self.input.T @ output_error
        self.bias -= learning_rate * output_error[:1]
        return input_error
"""
NETWORK = """from layers import ActivationLayer, FCLayer, Network, mse, mse_prime, tanh, tanh_prime


class Wrong(FCLayer):
    def backward_propagation(self, output_error, learning_rate):
        return super().backward_propagation(output_error, 2 * learning_rate)


def gradcheck_cases():
    network = Network()
    for layer in (FCLayer((1, 3), (1, 4)), ActivationLayer((1, 4), tanh, tanh_prime), Wrong((1, 4), (1, 2))):
        network.add(layer)
    network.use(mse, mse_prime)
    yield network
"""


@pytest.mark.parametrize(
    ("source", "added"),
    [
        pytest.param(AT_EQUAL, "[equal values]", id="equal values"),
        pytest.param(AT_BORDERS, "[borders]", id="borders"),
        pytest.param(GAMMA, "[redrawn]", id="redrawn"),
        pytest.param(SWITCH, "[eval]", id="a switch"),
        pytest.param(FLAG, "[eval]", id="a flag of forward"),
        pytest.param(REPEATED, "[repeated]", id="repeated"),
        pytest.param(BATCH, "[batch of 3]", id="batch"),
    ],
)
def test_a_fault_that_shows_in_an_added_case_alone(cli: Cli, source: str, added: str) -> None:
    cli.write({"a.py": HEAD + source})
    ran = cli("run", "a.py", "--no-config", "--format", "json")
    failing = [check["case"] for check in ran.record["checks"] if check["verdict"] == "fail"]
    assert ran.code == 1
    assert failing
    assert all(case.endswith(f" {added}") for case in failing)
    assert ran.record["checks"][0]["verdict"] == "pass"


def test_what_is_wrong_at_zero_alone_is_a_note(cli: Cli) -> None:
    """No forward tells it from relu(x) - relu(-x), which is smooth at 0 where its chain rule is not."""
    cli.write({"a.py": HEAD + AT_ZEROS})
    ran = cli("run", "a.py", "--no-config", "--format", "json")
    (zeros,) = [check for check in ran.record["checks"] if check["case"].endswith("[zeros]")]
    assert (ran.code, zeros["verdict"]) == (0, "pass")
    assert any("at this very point only" in note for note in zeros["notes"])


def test_of_a_network_the_faulty_layer_is_named(cli: Cli) -> None:
    cli.write({"a.py": NETWORK})
    ran = cli("run", "a.py", "--no-config", "--format", "json")
    verdicts = {check["case"].partition(" [")[2]: check["verdict"] for check in ran.record["checks"]}
    inside = {part: verdict for part, verdict in verdicts.items() if part.startswith(("layer", "loss"))}
    assert inside == {
        "layer 0 FCLayer]": "pass", "layer 1 ActivationLayer]": "pass", "layer 2 Wrong]": "fail", "loss mse]": "pass"
    }  # fmt: skip
    whole = ran.record["checks"][0]
    assert {leaf["name"] for leaf in whole["leaves"] if leaf["verdict"] == "fail"} == {
        "layers[2].weights", "layers[2].bias"
    }  # fmt: skip


RAISES = AT_ZEROS.replace("self.x = x\n", "self.x = x\n        if not x.any(): raise ValueError('all zeros')\n")
LOGARITHM = """class Layer:
    def forward(self, x):
        self.x = x
        return np.log(x)

    def backward(self, d):
        return d / self.x


def gradcheck_cases():
    yield Layer(), np.array([[0.5, 1.0, 2.0]])
"""
ROOT = LOGARITHM.replace("np.log(x)", "np.sqrt(x)").replace("d / self.x", "d / (2 * np.sqrt(self.x))")


@pytest.mark.parametrize(
    ("source", "note"),
    [
        pytest.param(RAISES, "[zeros]: raises ValueError: all zeros", id="raises"),
        pytest.param(LOGARITHM, "[zeros]: ", id="output not finite"),
        pytest.param(ROOT, "[zeros]: ", id="slopes not finite"),
    ],
)
def test_where_a_layer_cannot_be_judged_at_a_point_it_is_a_note_and_no_check(cli: Cli, source: str, note: str) -> None:
    cli.write({"a.py": HEAD + source})
    ran = cli("run", "a.py", "--no-config", "--format", "json")
    assert ran.code == 0
    assert not any(check["case"].endswith("[zeros]") for check in ran.record["checks"])
    (said,) = [said for said in ran.record["checks"][0]["notes"] if said.startswith("[zeros]")]
    assert said.startswith(note)
    assert said.endswith("; no check")
