"""A linear layer of which everything is known, with a backward that is corrupted on purpose."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np

from gradcheck.base.arrays import Array, Index
from gradcheck.diagnose.evidence import Evidence
from gradcheck.diagnose.finding import Finding
from gradcheck.diagnose.ranking import diagnose
from gradcheck.judge.comparison import Comparison
from gradcheck.judge.verdict import Verdict
from gradcheck.subjects.leaf import Leaf, Role
from gradcheck.subjects.subject import Calls, Gradients, Session

Corruption = Callable[[Array], Array | None]
RTOL = 1e-9


class Linear:
    """y = A w, each leaf with an A of its own; dE/dw = A.T G, passed through the leaf's corruption."""

    title = "Linear"
    output_dtype = "float64"
    updates = False
    takes_cotangent = True

    def __init__(self, shapes: Mapping[str, Index], output: Index, corruptions: Mapping[str, Corruption]) -> None:
        rng = np.random.default_rng(0)
        self.output = output
        self.notes: list[str] = []
        self.calls = Calls()
        self.corruptions = corruptions
        roles = {name: Role.INPUT if name == "input" else Role.PARAMETER for name in shapes}
        self.leaves = tuple(Leaf(name, roles[name], rng.normal(size=shape)) for name, shape in shapes.items())
        self.matrices = {leaf.name: rng.normal(size=(int(np.prod(output)), leaf.size)) for leaf in self.leaves}

    def forward(self) -> Array:
        total = sum(self.matrices[leaf.name] @ leaf.array.ravel() for leaf in self.leaves)
        return np.asarray(total).reshape(self.output)

    def truth(self, leaf: Leaf, cotangent: Array) -> Array:
        return np.asarray(self.matrices[leaf.name].T @ cotangent.ravel()).reshape(leaf.shape)

    def vjp(self, cotangent: Array) -> Gradients:
        return {leaf.name: self._given(leaf, cotangent) for leaf in self.leaves}

    def _given(self, leaf: Leaf, cotangent: Array) -> Array | None:
        right = self.truth(leaf, cotangent)
        return self.corruptions[leaf.name](right) if leaf.name in self.corruptions else right

    def session(self) -> AbstractContextManager[Session]:
        return nullcontext(_Call(self))

    @contextmanager
    def measuring(self, output: Array) -> Iterator[Callable[[], Array]]:
        yield self.forward

    def reading_error(self, leaf: Leaf) -> float:
        return 0.0


class _Call:
    """One forward and its backward."""

    input_changed = cotangent_changed = False
    handed: list[Array] = []  # noqa: RUF012 -- never written to
    between: list[Array] = []  # noqa: RUF012

    def __init__(self, layer: Linear) -> None:
        self.layer = layer

    def forward(self, *, elsewhere: bool = False) -> Array:
        return self.layer.forward()

    def backward(self, cotangent: Array, rate: float | None = None, *, itself: bool = False) -> Gradients:
        return self.layer.vjp(cotangent)

    @property
    def returned(self) -> Array:
        return self.layer.forward()

    def put_back(self) -> None:
        """Nothing was moved."""


def evidence(shapes: Mapping[str, Index], corruptions: Mapping[str, Corruption], output: Index = (4, 3)) -> Evidence:
    """What a check of the layer would hand to the diagnosis."""
    subject = Linear(shapes, output, corruptions)
    cotangent = np.random.default_rng(1).uniform(0.5, 1.5, size=output) * np.sign(
        np.random.default_rng(2).normal(size=output)
    )
    supplied = subject.vjp(cotangent)
    compared = {
        leaf.name: compare(leaf, supplied[leaf.name], subject.truth(leaf, cotangent)) for leaf in subject.leaves
    }
    point = {leaf.name: leaf.values() for leaf in subject.leaves}
    return Evidence(subject, compared, cotangent, subject.forward(), point, supplied, {}, "layer.py:7")


def compare(leaf: Leaf, analytic: Array | None, numeric: Array) -> Comparison:
    fits = analytic is not None and analytic.shape == numeric.shape
    a = analytic if analytic is not None and fits else np.zeros(numeric.shape)
    tolerance = RTOL * np.maximum(np.abs(a), np.abs(numeric)) + 1e-9 * float(np.sqrt(np.mean(numeric**2)))
    wrong = ~(np.abs(a - numeric) <= tolerance)
    none = np.zeros(numeric.shape, dtype=bool)
    verdict = Verdict.FAIL if np.any(wrong) or not (fits or analytic is None) else Verdict.PASS
    error = np.full(numeric.shape, 1e-12)
    return Comparison(
        leaf.name, leaf.role, analytic, numeric, error, 0 * error, tolerance, wrong, none, none, none, 1.0, verdict
    )


def findings(
    corruption: Corruption, shape: Index = (4, 3), name: str = "weights", output: Index = (4, 3)
) -> list[Finding]:
    """The findings of one corrupted leaf."""
    return diagnose(evidence({name: shape}, {name: corruption}, output))
