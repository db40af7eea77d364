# mypy: disable-error-code="misc"
"""A torch.autograd.Function is checked at its arguments, right and wrong."""

from typing import Any

import numpy as np
import pytest

from gradcheck import Convention, UsageError, check

torch: Any = pytest.importorskip("torch")


class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, power=2):
        ctx.save_for_backward(x, w)
        ctx.power = power
        return torch.tanh(x @ w) ** power

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        t = torch.tanh(x @ w)
        d = dy * ctx.power * t ** (ctx.power - 1) * (1 - t**2)
        return d @ w.T, x.T @ d, None


class Doubled(Affine):
    @staticmethod
    def backward(ctx, dy):
        dx, dw, none = Affine.backward(ctx, dy)
        return dx, 2 * dw, none


class Apart(torch.autograd.Function):
    """With setup_context, two inputs and two outputs."""

    @staticmethod
    def forward(a, b):
        return a * b, a + b

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, dp, ds):
        a, b = ctx.saved_tensors
        return dp * b + ds, dp * a + ds


class Forgets(Apart):
    @staticmethod
    def backward(ctx, dp, ds):
        a, b = ctx.saved_tensors
        return dp * b + ds, dp * a


class Raises(Affine):
    @staticmethod
    def backward(ctx, dy):
        raise RuntimeError("no gradient today")


def tensors(dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 3, generator=generator, dtype=dtype), torch.randn(3, 2, generator=generator, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_right_and_wrong(dtype):
    x, w = tensors(dtype)
    right = check(Affine, (x, w, 2))
    assert right.passed, str(right)
    assert list(right.leaves) == ["input", "w"]
    wrong = check(Doubled, (x, w, 2))
    assert wrong.leaves["w"].verdict == "fail"
    assert wrong.leaves["input"].verdict == "pass"


def test_the_finding_points_to_the_users_backward_not_to_ours():
    x, w = tensors()
    result = check(Doubled, (x, w, 2))
    assert [f.cause for f in result.findings] == ["constant-factor"]
    assert "See test_torch_functions.py:" in str(result)


def test_apply_is_the_function():
    result = check(Doubled.apply, (*tensors(), 3))
    assert result.verdict == "fail"
    assert str(result).startswith("FAIL  Doubled")


def test_several_outputs_and_a_context_set_up_apart():
    arguments = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    assert check(Apart, arguments).passed
    assert check(Forgets, arguments).leaves["b"].verdict == "fail"


def test_a_function_of_tensors_with_one_inside():
    def model(x, w):
        return Doubled.apply(x, w, 2).sum()

    assert check(model, tensors()).leaves["w"].verdict == "fail"


def test_arguments_are_left_as_they_were():
    x, w = tensors()
    before = x.clone(), w.clone()
    check(Doubled, (x, w, 2))
    assert torch.equal(x, before[0])
    assert torch.equal(w, before[1])
    assert x.grad is None
    assert not x.requires_grad


def test_what_its_backward_raises_is_the_users():
    result = check(Raises, (*tensors(), 2))
    assert result.verdict == "error"
    assert "no gradient today" in result.error.message
    assert "gradcheck's own" not in result.error.message
    assert result.error.where.startswith("test_torch_functions.py:")


def test_a_type_that_numpy_lacks():
    x, w = tensors(torch.bfloat16)
    with pytest.raises(UsageError, match="bfloat16 on cpu: numpy cannot hold it"):
        check(Affine, (x, w, 2))


def test_a_departure_may_be_declared_and_the_rest_is_said_to_be_idle():
    declared = Convention(scale={"w": 2.0}, forward="run")
    result = check(Doubled, (*tensors(), 2), convention=declared)
    assert any(note.startswith("forward of the convention: not used") for note in result.notes)
