"""A reader's first file: the layers that the article leaves to them, wrong, then mended; without configuration."""

from pathlib import Path

import pytest

from tests.cli.tools import Cli, Ran, process, write

BASE = """class Layer:
    def __init__(self):
        self.input = None
        self.output = None

    def forward_propagation(self, input):
        raise NotImplementedError

    def backward_propagation(self, output_error, learning_rate):
        raise NotImplementedError
"""
MAX_POOL = """import numpy as np
from base import Layer


class MaxPoolLayer(Layer):
    def __init__(self, input_shape, pool_size, stride):
        self.input_shape, self.pool_size, self.stride = input_shape, pool_size, stride
        height, width = ((length - pool_size) // stride + 1 for length in input_shape[:2])
        self.output_shape = (height, width, input_shape[2])

    def windows(self):
        for i in range(self.output_shape[0]):
            for j in range(self.output_shape[1]):
                top, left = i * self.stride, j * self.stride
                yield (i, j), (slice(top, top + self.pool_size), slice(left, left + self.pool_size))

    def forward_propagation(self, input):
        self.input = input
        self.output = np.zeros(self.output_shape)
        for at, window in self.windows():
            self.output[at] = input[window].max(axis=(0, 1))
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        input_error = np.zeros(self.input_shape)
        for at, window in self.windows():
            for channel in range(self.input_shape[2]):
                pane = self.input[window][:, :, channel]
                highest = np.unravel_index(np.argmax(pane), pane.shape)
                input_error[window][:, :, channel][highest] {assign} output_error[at][channel]
        return input_error
"""
FLATTEN = """from base import Layer


class FlattenLayer(Layer):
    def __init__(self, input_shape):
        self.input_shape = input_shape
        self.output_shape = (1, input_shape[0] * input_shape[1] * input_shape[2])

    def forward_propagation(self, input):
        return input.reshape(self.output_shape)

    def backward_propagation(self, output_error, learning_rate):
        return output_error.reshape(self.input_shape{order})
"""
DROPOUT = """import numpy as np
from base import Layer


class DropoutLayer(Layer):
    def __init__(self, input_shape, rate=0.5):
        self.input_shape = self.output_shape = input_shape
        self.rate = rate
        self.training = True

    def forward_propagation(self, input):
        self.mask = np.ones(input.shape)
        if self.training:
            self.mask = (np.random.rand(*input.shape) >= self.rate) / (1 - self.rate)
        return input * self.mask

    def backward_propagation(self, output_error, learning_rate):
        return output_error * self.mask{more}
"""
LAYERS = {
    "MaxPoolLayer": (MAX_POOL.replace("{assign}", "="), MAX_POOL.replace("{assign}", "+=")),
    "FlattenLayer": (FLATTEN.replace("{order}", ', order="F"'), FLATTEN.replace("{order}", "")),
    "DropoutLayer": (DROPOUT.replace("{more}", " * (1 - self.rate)"), DROPOUT.replace("{more}", "")),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_wrong_layer_is_found_without_configuration_and_passes_when_mended(cli: Cli, name: str) -> None:
    wrong, mended = LAYERS[name]
    cli.write({"base.py": BASE, "mine.py": wrong})
    ran = cli("run", "mine.py", "--no-config", "--format", "json")
    assert ran.code == 1
    failing = [check for check in ran.checks(f"mine.py:{name}") if check["verdict"] == "fail"]
    assert failing
    assert all(finding["message"] for check in failing for finding in check["findings"])
    assert all(check["findings"] for check in failing)
    cli.write({"mine.py": mended})
    again = cli("run", "mine.py", "--no-config", "--format", "json")
    assert (again.code, again.record["problems"]) == (0, [])
    assert len(again.checks(f"mine.py:{name}")) > 4
    in_eval = any(check["case"].endswith(" [eval]") for check in again.record["checks"])
    assert in_eval == (name == "DropoutLayer")


POOL = """import reports
from layers.base import Layer


class MaxPoolLayer(Layer):
    input_shape = (1, 3)

    def forward_propagation(self, input):
        return 2 * input

    def backward_propagation(self, output_error, learning_rate):
        return 3 * output_error


def gradcheck_cases():
    yield MaxPoolLayer()
"""
PROJECT = {
    "layers/__init__.py": "from layers.base import Layer\nfrom layers.pool import MaxPoolLayer\n",
    "layers/base.py": BASE,
    "layers/pool.py": POOL,
    "reports.py": "NAME = 'mine'\n",
    "random.py": "raise RuntimeError('this is not the random that you mean')\n",
    "string.py": "from layers.base import Layer\n",
    "numpy.pyi": "",
    "scipy/__init__.py": "",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("project"), PROJECT)


@pytest.mark.parametrize("target", ["layers", "layers/pool.py", "layers.pool", "layers.pool:MaxPoolLayer"])
def test_the_readers_own_layers_are_checked_not_ours(project: Path, target: str) -> None:
    ran = process(project, "run", target, "--no-config", "--format", "json", "--report", "text=report.txt")
    assert (ran.code, ran.record["problems"], ran.err) == (1, [], "")
    assert {check["path"] for check in ran.record["checks"]} == {str(project / "layers" / "pool.py")}
    assert {check["target"].rpartition(":")[2] for check in ran.record["checks"]} == {"MaxPoolLayer"}
    text = (project / "report.txt").read_text(encoding="utf-8")
    assert str(project) in text
    if target.startswith("layers."):
        assert str(project / "layers" / "pool.py") in text


def test_from_another_folder_the_same_is_checked(project: Path, cli: Cli) -> None:
    ran = cli("run", str(project / "layers"), "--no-config", "--format", "json")
    assert {check["path"] for check in ran.record["checks"]} == {str(project / "layers" / "pool.py")}


DOUBLE = """class Double:
    input_shape = (1, 3)

    def forward(self, x):
        return 2 * x

    def backward(self, d):
        return 2 * d


def gradcheck_cases():  # which does without numpy: one of the files has its name
    yield Double()
"""


@pytest.fixture(scope="module")
def shadows(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    names = ("random", "string", "json", "typing", "numpy", "scipy", "pickle", "a b", "2d")
    folder = write(tmp_path_factory.mktemp("shadows"), {f"{name}.py": DOUBLE for name in names})
    return process(folder, "run", ".", "--no-config", "--format", "json")


@pytest.mark.parametrize("name", ["random", "string", "json", "typing", "numpy", "scipy", "pickle", "a b", "2d"])
def test_a_file_named_like_a_module_of_pythons_is_checked_itself(shadows: Ran, name: str) -> None:
    assert (shadows.code, shadows.err) == (0, "")
    checks = shadows.checks(f"/{name}.py:Double")
    assert checks
    assert {check["path"].rpartition("/")[2] for check in checks} == {f"{name}.py"}


def test_an_abstract_base_and_an_empty_network_are_notes(cli: Cli) -> None:
    network = (
        "class Network:\n    def __init__(self):\n        self.layers, self.loss, self.loss_prime = [], None, None\n"
        "    def add(self, layer): self.layers.append(layer)\n"
    )
    cli.write({"all.py": BASE + network + LAYERS["FlattenLayer"][1].replace("from base import Layer", "")})
    ran = cli("run", "all.py", "--no-config", "--format", "json")
    assert ran.code == 0
    assert [note.partition(" is ")[0] for note in ran.record["notes"]] == ["all.py:Layer", "all.py:Network"]
    assert "abstract base" in ran.record["notes"][0]
    assert "empty until layers are added" in ran.record["notes"][1]
