"""JAX functions with a custom_vjp, right and wrong, in both precisions."""

from typing import Any

import numpy as np
import pytest

from gradcheck import check

jax: Any = pytest.importorskip("jax")
jnp = jax.numpy


@pytest.fixture(params=[True, False], ids=["x64", "x32"])
def wide(request):
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", request.param)
    yield request.param
    jax.config.update("jax_enable_x64", before)


def custom(factor=1.0, out=jnp.tanh):
    """tanh(x @ w) with a vjp of its own, whose dw is `factor` times the true one."""

    @jax.custom_vjp
    def layer(x, w):
        return jnp.tanh(x @ w)

    def fwd(x, w):
        return out(x @ w), (x, w, jnp.tanh(x @ w))

    def bwd(kept, dy):
        x, w, y = kept
        d = dy * (1 - y**2)
        return d @ w.T, factor * x.T @ d

    layer.defvjp(fwd, bwd)
    return layer


rng = np.random.default_rng(0)
X, W = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))


def test_right_and_wrong(wide):
    right, wrong = check(custom(), (X, W)), check(custom(0.5), (X, W))
    assert right.passed, str(right)
    assert list(right.leaves) == ["input", "w"]
    assert {leaf.dtype for leaf in right.leaves.values()} == {"float64" if wide else "float32"}
    assert [f.cause for f in wrong.findings] == ["constant-factor"]
    assert wrong.leaves["w"].verdict == "fail"
    assert any("x64 is off" in note for note in right.notes) is not wide


def test_a_compiled_function_and_one_that_is_given_jax_arrays(wide):
    def model(x, w, labels):
        return {"picked": custom(2.0)(x, w)[jnp.arange(4), labels], "best": jnp.argmax(x)}

    labels = np.array([0, 1, 1, 0])
    for function, x in ((jax.jit(model), X), (model, jnp.asarray(X))):
        result = check(function, (x, W, labels))
        assert list(result.leaves) == ["input", "w"]
        assert result.leaves["input"].verdict == "pass"
        assert result.leaves["w"].verdict == "fail"


def test_a_fwd_that_gives_another_output_is_said(wide):
    result = check(custom(out=jnp.sin), (X, W))
    assert result.verdict == "error"
    assert "the fwd of its custom_vjp gives another output than the function itself" in result.error.message


def test_what_it_raises_is_the_users(wide):
    result = check(custom(), (X, W.T))
    assert result.verdict == "error"
    assert "gradcheck's own" not in result.error.message
    assert result.error.where.startswith("test_jax_functions.py:")
