"""Functions whose parameters come in one dict, as courses write them, and gradients in every form of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck import Result, check
from gradcheck.judge.verdict import Verdict

RNG = np.random.default_rng(0)
X, A = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))
PARAMETERS = {"Wax": RNG.normal(size=(5, 3)), "Waa": RNG.normal(size=(5, 5)), "ba": RNG.normal(size=(5, 1))}
LEAVES = ["input", "a_prev", "parameters['Wax']", "parameters['Waa']", "parameters['ba']"]
Gradients = tuple[Any, ...]


def cell(xt: Any, a_prev: Any, parameters: Any) -> Any:
    a = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    return a, (a, a_prev, xt, parameters)


def gradients(da: Any, cache: Any, factor: float) -> Gradients:
    a, a_prev, xt, p = cache
    d = da * (1 - a**2)
    return p["Wax"].T @ d, p["Waa"].T @ d, factor * d @ xt.T, d @ a_prev.T, d.sum(1, keepdims=True)


def keyed(dxt: Any, da_prev: Any, dWax: Any, dWaa: Any, dba: Any) -> Any:
    return {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}


def like_it(dxt: Any, da_prev: Any, dWax: Any, dWaa: Any, dba: Any) -> Any:
    dparameters = {"Wax": dWax, "Waa": dWaa, "ba": dba}
    return dxt, da_prev, dparameters


def of_gradients(dxt: Any, da_prev: Any, dWax: Any, dWaa: Any, dba: Any) -> Any:
    return dxt, da_prev, {"dba": dba, "dWax": dWax, "dWaa": dWaa}


def nested(dxt: Any, da_prev: Any, dWax: Any, dWaa: Any, dba: Any) -> Any:
    return {"dxt": dxt, "da_prev": da_prev, "dparameters": {"Wax": dWax, "Waa": dWaa, "ba": dba}}


def checked(form: Callable[..., Any], factor: float = 1.0, parameters: Any = PARAMETERS) -> Result:
    return check(cell, lambda da, cache: form(*gradients(da, cache, factor)), (X, A, parameters))


@pytest.mark.parametrize("form", [keyed, like_it, of_gradients, nested])
def test_every_form_is_read(form: Callable[..., Any]) -> None:
    result = checked(form)
    assert (result.verdict, list(result.leaves), result.notes) == (Verdict.PASS, LEAVES, ())
    wrong = checked(form, 2.0)
    assert [(f.leaf, f.cause, f.factor) for f in wrong.findings] == [
        ("parameters['Wax']", "constant-factor", pytest.approx(2.0))
    ]


def like_it_by_name(da: Any, cache: Any) -> Any:
    dxt, da_prev, dWax, dWaa, dba = gradients(da, cache, 1.0)
    dparameters = {"Wax": dWax, "Waa": dWaa, "ba": dba}
    return dxt, da_prev, dparameters


def named(da: Any, cache: Any) -> Any:
    dxt, da_prev, dWax, dWaa, dba = gradients(da, cache, 1.0)
    return dxt, da_prev, dWax, dWaa, dba


@pytest.mark.parametrize("backward", [named, like_it_by_name])
def test_the_names_in_the_return_statement_count(backward: Callable[..., Any]) -> None:
    result = check(cell, backward, (X, A, PARAMETERS))
    assert (result.verdict, list(result.leaves)) == (Verdict.PASS, LEAVES)


@pytest.mark.parametrize("form", [keyed, of_gradients, nested])
def test_a_parameter_that_the_dict_lacks_has_no_gradient(form: Callable[..., Any]) -> None:
    def backward(da: Any, cache: Any) -> Any:
        found = form(*gradients(da, cache, 1.0))
        held = found if form is keyed else found["dparameters"] if form is nested else found[2]
        del held["Waa" if form is nested else "dWaa"]
        return found

    result = check(cell, backward, (X, A, PARAMETERS))
    assert [(f.leaf, f.cause) for f in result.findings] == [("parameters['Waa']", "zero-gradient")]


def test_what_the_output_does_not_depend_on_needs_none() -> None:
    result = checked(keyed, parameters={**PARAMETERS, "Wya": RNG.normal(size=(2, 5))})
    assert (result.verdict, list(result.leaves)) == (Verdict.PASS, LEAVES)
    assert result.notes == ("parameters['Wya']: not checked (backward gives no gradient for it)",)


def test_nor_where_forward_draws_a_mask() -> None:
    def dropped(xt: Any, a_prev: Any, parameters: Any) -> Any:
        a, cache = cell(xt, a_prev, parameters)
        mask = np.random.random(a.shape) < 0.5
        return a * mask, (cache, mask)

    def backward(da: Any, kept: Any) -> Any:
        return keyed(*gradients(da * kept[1], kept[0], 1.0))

    unused = {"Wya": RNG.normal(size=(2, 5)), "by": RNG.normal(size=(2, 1))}
    result = check(dropped, backward, (X, A, {**PARAMETERS, **unused}))
    assert (result.verdict, list(result.leaves)) == (Verdict.PASS, LEAVES)


def test_none_in_its_place_is_no_lack() -> None:
    result = check(cell, lambda da, c: (*gradients(da, c, 1.0)[:2], None), (X, A, PARAMETERS))
    assert (result.verdict, list(result.leaves)) == (Verdict.PASS, LEAVES[:2])


class Mixed:
    """A layer of an array and a dict of two."""

    def forward(self, x: Any, state: Any) -> Any:
        self.cache = x, state, np.tanh(x * state["a"] + state["b"])
        return self.cache[2]

    def backward(self, dout: Any) -> Any:
        x, state, y = self.cache
        db = dout * (1 - y**2)
        dx, dstate = db * state["a"], {"a": db * x, "b": db}
        return dx, dstate


def test_a_layers_input_may_be_a_dict_beside_an_array() -> None:
    result = check(Mixed(), (X, {"a": X + 1, "b": X - 1}))
    assert (result.verdict, list(result.leaves)) == (Verdict.PASS, ["input0", "input1", "input2"])
