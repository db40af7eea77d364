"""Baselines of large leaves, of several inputs, of parameters behind zeros; and those of this repository."""

import shlex

import pytest

from gradcheck.store.environment import environment
from tests.cli.tools import HOME, Cli, process

CONFIG = '[tool.gradcheck]\ntargets = ["large.py"]\n'

LARGE = """import numpy as np


class Join:
    def __init__(self):
        self.W, self.V = np.zeros((24, 20)), np.zeros((24, 20))

    def forward(self, a, b):
        self.a, self.b = a, np.tanh(b)
        return a @ self.W + self.b @ self.V

    def backward(self, dout):
        self.dW = self.a.T @ dout
        self.dV = {factor} * (self.b.T @ dout)
        return dout @ self.W.T, dout @ self.V.T * (1 - self.b**2)


class Sure:
    '''The sum of a softmax is 1: its gradient is rounding alone.'''

    def __init__(self):
        self.W = np.zeros((30, 20))

    def forward(self, x):
        self.x = x
        e = np.exp({z})
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p.sum(axis=-1)

    def backward(self, dout):
        g = np.ones_like(self.p) * dout[:, None]
        dz = self.p * (g - (g * self.p).sum(axis=-1, keepdims=True))
        self.dW = self.x.T @ dz + {more}
        return dz @ self.W.T


def gradcheck_cases():
    yield Join(), (np.zeros((3, 24)), np.zeros((3, 24)))
    yield Sure(), np.zeros((3, 30))
"""


def test_large_leaves_and_two_inputs(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held along directions; and a gradient of rounding alone may be rounded otherwise."""
    monkeypatch.delenv("CI", raising=False)
    cli.write({"pyproject.toml": CONFIG, "large.py": LARGE.format(factor=1, z="x @ self.W", more=0)})
    assert cli("baseline", "update").code == 0
    cli.write({"large.py": LARGE.format(factor=1, z="(self.W.T @ x.T).T", more=1e-17)})
    ran = cli("baseline", "check")
    assert (ran.code, ran.out) == (0, "2 cases, 6 leaves measured: 2 as in their baselines.\n")
    cli.write({"large.py": LARGE.format(factor=1 + 1e-7, z="x @ self.W", more=1e-6)})
    ran = cli("baseline", "check")
    assert ran.code == 1
    assert "  V: the whole gradient is 1 + 1e-07 times what it was." in ran.out
    assert {line.split()[0] for line in ran.out.splitlines() if line.split()[1:2] == ["verdict"]} == {"V", "W"}
    assert "  a " not in ran.out
    assert "  b " not in ran.out


TWO = """import numpy as np


class Two:
    def __init__(self):
        self.W1, self.W2 = np.full((3, 4), {first}), np.zeros((4, 2))

    def forward(self, x):
        self.x, self.h = x, x @ self.W1
        return self.h @ self.W2

    def backward(self, dout):
        self.dW2 = self.h.T @ dout
        self.dW1 = self.x.T @ (dout @ self.W2.T)
        return dout @ self.W2.T @ self.W1.T


def gradcheck_cases():
    yield Two(), np.zeros((5, 3))
"""


def test_no_value_of_the_layers_own_is_in_a_baseline(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one of a parameter that shows only once the zeros before or behind it have been moved."""
    monkeypatch.delenv("CI", raising=False)
    cli.write({"pyproject.toml": CONFIG, "large.py": TWO.format(first=1.0)})
    assert cli("baseline", "update").code == 0
    cli.write({"large.py": TWO.format(first=7.0)})
    ran = cli("baseline", "check")
    assert (ran.code, ran.out) == (0, "1 case, 3 leaves measured: 1 as in its baseline.\n")


def recipe(target: str) -> list[str]:
    """The arguments of gradcheck in a target of the Makefile."""
    lines = (HOME / "Makefile").read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{target}:"))
    program, *arguments = shlex.split(lines[at + 1].strip().lstrip("@"))
    assert program == "$(BIN)/gradcheck"
    return arguments


KERNELS = ("Prescott", "Haswell")
open_blas = pytest.mark.skipif("openblas" not in environment("")["blas"], reason="this numpy's BLAS is not OpenBLAS")
WIDE = """import numpy as np


class Wide:
    def __init__(self):
        self.W = np.zeros((200, 150))

    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.W)

    def backward(self, dout):
        d = dout * (1 - np.tanh(self.x @ self.W) ** 2)
        self.dW = self.x.T @ d
        return d @ self.W.T


def gradcheck_cases():
    yield Wide(), np.zeros((90, 200))
"""


@pytest.mark.exhaustive
@open_blas
def test_every_kernel_and_number_of_threads_passes_what_another_wrote(cli: Cli) -> None:
    """Products large enough that the kernels round them differently."""
    cli.write({"pyproject.toml": CONFIG, "large.py": WIDE})
    written = {}
    for kernel in KERNELS:
        assert process(cli.folder, "baseline", "update", CI="", OPENBLAS_CORETYPE=kernel).code == 0
        (file,) = (cli.folder / "reports/baselines").iterdir()
        written[kernel] = file.read_bytes()
        for other in KERNELS:
            ran = process(cli.folder, "baseline", "check", OPENBLAS_CORETYPE=other, OPENBLAS_NUM_THREADS="1")
            assert (ran.code, ran.out) == (0, "1 case, 2 leaves measured: 1 as in its baseline.\n")
        file.unlink()
    if written["Prescott"] == written["Haswell"]:
        pytest.skip("passed, but this machine has one kernel only")


@pytest.mark.exhaustive
def test_make_baseline_checks_what_this_repository_has_committed() -> None:
    """Every layer of the two folders, each against its own file."""
    arguments = recipe("baseline")
    assert arguments == ["baseline", "check", "layers", "layers/article"]
    ran = process(HOME, *arguments)
    files = list((HOME / "reports/baselines").glob("*.json"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f" measured: {len(files)} as in their baselines.\n")


PRODUCTS = ("layers/fully_connected.py", "layers/article/convolution.py", "layers/losses.py")


@open_blas
def test_another_kernel_passes_what_this_repository_has_committed() -> None:
    """Of the layers that multiply matrices, and of sums: in one thread."""
    ran = process(HOME, "baseline", "check", *PRODUCTS, OPENBLAS_CORETYPE="Prescott", OPENBLAS_NUM_THREADS="1")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f" measured: {len(PRODUCTS)} as in their baselines.\n")
