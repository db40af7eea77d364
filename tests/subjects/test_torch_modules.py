# mypy: disable-error-code="misc"
"""A torch.nn.Module with a hand-written Function inside: parameters and inputs, and no trace of the check."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check
from tests.cli.tools import process

torch: Any = pytest.importorskip("torch")
nn: Any = torch.nn


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, dy):
        return 2 * ctx.saved_tensors[0] * dy


class HalfSquare(Square):
    @staticmethod
    def backward(ctx, dy):
        return ctx.saved_tensors[0] * dy


class Net(nn.Module):
    def __init__(self, square=Square):
        super().__init__()
        self.linear, self.norm, self.out = nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, 2)
        self.drop, self.square = nn.Dropout(0.3), square
        self.counts = torch.zeros(1)

    def forward(self, x):
        self.counts += 1
        return self.out(self.drop(self.square.apply(self.norm(self.linear(x)))))


class Pair(nn.Module):
    """Two inputs, a tuple of outputs, one parameter that nothing uses and one that is frozen."""

    def __init__(self):
        super().__init__()
        self.spare, self.frozen = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(3), requires_grad=False)
        self.W = nn.Parameter(torch.tensor([0.5, -1.0, 2.0]))

    def forward(self, query, key):
        return torch.tanh(query * self.W * self.frozen), Square.apply(key)


class Detached(nn.Module):
    """W reaches the output past the graph."""

    def __init__(self):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x * self.W.detach() + self.b


def made(cls, *arguments):
    torch.manual_seed(0)
    return cls(*arguments).double()


X = np.random.default_rng(0).normal(size=(6, 3))


def test_right_and_wrong():
    right = check(made(Net), X)
    assert right.passed, str(right)
    assert set(right.leaves) == {"input", "linear.weight", "linear.bias", "norm.weight", "norm.bias",
                                 "out.weight", "out.bias"}  # fmt: skip
    wrong = check(made(Net, HalfSquare), X)
    assert wrong.verdict == "fail"
    assert wrong.leaves["norm.weight"].verdict == "fail"
    assert wrong.leaves["out.weight"].verdict == "pass"


def test_no_trace():
    module = made(Net)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    held = {name: value.data_ptr() for name, value in module.state_dict().items()}
    state, counts = torch.get_rng_state(), module.counts
    check(module, X)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert {name: value.data_ptr() for name, value in module.state_dict().items()} == held
    assert all(parameter.grad is None and parameter.requires_grad for parameter in module.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert module.counts is counts
    assert counts.item() == 0
    assert module.training


def test_no_trace_where_it_raises():
    module = made(Net)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    result = check(module, np.ones((1, 3)))  # a batch norm needs more than one
    assert result.verdict == "error"
    assert "Expected more than 1 value" in result.error.message
    assert "gradcheck's own" not in result.error.message
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_float32_with_a_float64_input():
    torch.manual_seed(0)
    result = check(Net(), X)
    assert result.passed, str(result)
    assert any("it was checked at x in float32" in note for note in result.notes)
    assert not check(Net(HalfSquare), torch.from_numpy(X).float()).passed


def test_several_inputs_keep_their_names_and_what_is_frozen_is_said():
    result = check(made(Pair), (X, X + 1))
    assert result.passed, str(result)
    assert list(result.leaves) == ["query", "key", "spare", "W"]
    assert "frozen: not checked (requires_grad is False)" in result.notes


def test_a_parameter_past_the_graph_has_a_zero_gradient():
    result = check(made(Detached), X)
    assert [(f.cause, f.leaf) for f in result.findings] == [("zero-gradient", "W")]


def test_modules_of_pytorchs_own():
    torch.manual_seed(0)
    integers = torch.tensor([[1, 2], [2, 6]])
    assert check(nn.Embedding(7, 3).double(), integers).passed
    state = torch.randn(1, 2, 4).double(), torch.randn(1, 2, 4).double()
    assert check(nn.LSTM(3, 4, batch_first=True).double(), (torch.randn(2, 5, 3).double(), state)).passed
    assert check(nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 2)).double(), X).passed
    lazy = check(nn.LazyLinear(2).double(), X)
    assert set(lazy.leaves) == {"input", "weight", "bias"}
    assert lazy.passed


def test_a_wrong_shape_is_no_fault_of_ours():
    result = check(nn.Linear(3, 2).double(), np.ones((4, 5)))
    assert result.verdict == "error"
    assert "cannot be multiplied" in result.error.message
    assert "gradcheck's own" not in result.error.message


FILE = """
import torch
from torch import nn

class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, dy):
        return FACTOR * ctx.saved_tensors[0] * dy

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)
    def forward(self, x):
        return Square.apply(self.linear(x))
"""
CASES = """
def gradcheck_cases():
    torch.manual_seed(0)
    yield Net().double(), torch.randn(4, 3, dtype=torch.float64)
    yield Square, (torch.randn(4, 3, dtype=torch.float64),)
"""


def ran(folder, text):
    (folder / "net.py").write_text(text)
    return process(folder, "run", "net.py", "--no-config", "--format", "json")


@pytest.mark.parametrize(("factor", "code"), [("2", 0), ("3", 1)])
def test_a_file_of_them_on_the_command_line(tmp_path, factor, code):
    done = ran(tmp_path, FILE.replace("FACTOR", factor) + CASES)
    assert done.code == code, done.record["problems"]
    assert {c["target"] for c in done.record["checks"]} == {"net.py:Net", "net.py:Square"}
    assert any(c["case"].endswith("[eval]") for c in done.record["checks"])


def test_without_cases_it_is_said_what_to_write(tmp_path):
    done = ran(tmp_path, FILE)
    assert done.code == 2
    assert "yield Square, (x,)" in done.problem("net.py:Square")["message"]


BUILT = FILE.replace("def __init__(self):", "def __init__(self, in_features, out_features):").replace(
    "nn.Linear(3, 2)", "nn.Linear(in_features, out_features)"
)
OTHERS = """

class Fixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(784, 128)
    def forward(self, x):
        return Square.apply(self.linear(x))

class Plain(nn.Module):
    def forward(self, x):
        return torch.relu(x)

class Two(nn.Module):
    def forward(self, query, key):
        return Square.apply(query) * key

class Configured(nn.Module):
    def __init__(self, config):
        super().__init__()
    def forward(self, x):
        return Square.apply(x)
"""


@pytest.mark.parametrize(("factor", "verdict"), [("2", "pass"), ("3", "fail")])
def test_a_module_is_built_like_any_other_class(tmp_path, factor, verdict):
    done, again = (ran(tmp_path, BUILT.replace("FACTOR", factor)) for _ in range(2))
    checks = done.checks("net.py:Net")
    assert verdict in {check["verdict"] for check in checks}
    assert verdict == "fail" or {check["verdict"] for check in checks} == {"pass"}
    assert any(check["case"].endswith("[eval]") for check in checks)
    assert {leaf["name"] for leaf in checks[0]["leaves"]} == {"input", "linear.weight", "linear.bias"}
    assert {leaf["dtype"] for leaf in checks[0]["leaves"]} == {"float64"}
    assert [check["leaves"] for check in again.checks("net.py:Net")] == [check["leaves"] for check in checks]


def test_a_module_that_cannot_be_built_or_has_no_backward_of_its_own_is_a_note(tmp_path):
    done = ran(tmp_path, BUILT.replace("FACTOR", "2") + OTHERS)
    notes = {note.partition(" ")[0].rpartition(":")[2]: note for note in done.record["notes"]}
    assert "raises RuntimeError: mat1 and mat2 shapes" in notes["Fixed"]
    assert "all of it is PyTorch's own" in notes["Plain"]
    assert "its forward takes 2 inputs (query, key)" in notes["Two"]
    assert "no value is known for its parameter config" in notes["Configured"]
    assert all("yield one and its input from gradcheck_cases()" in note for note in notes.values())
    assert {check["target"] for check in done.record["checks"]} == {"net.py:Net"}


def test_a_search_draws_modules_too(tmp_path):
    (tmp_path / "net.py").write_text(BUILT.replace("FACTOR", "3"))
    done = process(tmp_path, "run", "net.py", "--no-config", "--format", "json", "--search", "10")
    assert any("[found by search]" in check["case"] for check in done.record["checks"])
