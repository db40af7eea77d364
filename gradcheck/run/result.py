"""What a check found, as plain immutable data. Nothing here knows how it is printed."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from gradcheck.base.arrays import Array, Index
from gradcheck.base.errors import Failure
from gradcheck.diagnose.finding import Finding
from gradcheck.judge.verdict import Verdict
from gradcheck.run.fingerprint import Fingerprint

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class EntryComparison:
    """One entry of a leaf: both values, the bar of the numeric one, and what was allowed."""

    index: Index
    analytic: float
    numeric: float
    numeric_error: float
    tolerance: float

    @property
    def difference(self) -> float:
        """|analytic - numeric|."""
        return abs(self.analytic - self.numeric)


@dataclass(frozen=True)
class LeafResult:
    """One leaf judged.

    analytic, numeric, error, tolerance: read-only arrays of the leaf's shape, None where not measured
    located: of a screened leaf, the entries that were found wrong, by index
    wrong: indices of the wrong entries, worst first · worst: the worst entry (also of a passing leaf)
    agreement_digits: at the worst entry, capped by the error bar · detectable: smallest error (absolute)
    that would have been caught · note: marks such as "kink", "vacuous", joined by ", "
    curve: (step, |D(step) - measured|) of plain central differences at the worst entry of a failing leaf
    distance: (step, |D(step) - yours|), the same differences · natural_scale: sum |G_j y_j| / scale of the leaf.
    """

    name: str
    role: str
    shape: Index
    dtype: str
    verdict: Verdict
    analytic: Array | None = None
    numeric: Array | None = None
    error: Array | None = None
    tolerance: Array | None = None
    wrong: tuple[Index, ...] = ()
    worst: EntryComparison | None = None
    checked: int = 0
    agreement_digits: float = 0.0
    detectable: float = float("nan")
    method: str = "entries"
    directions: int = 0
    miss_probability: float = 0.0
    probes: tuple[Any, ...] = ()
    located: Mapping[Index, EntryComparison] = field(default_factory=lambda: MappingProxyType({}))
    note: str = ""
    curve: Curve = ()
    distance: Curve = ()
    natural_scale: float = 0.0

    @property
    def entries(self) -> int:
        """Number of entries of the leaf."""
        size = 1
        for length in self.shape:
            size *= length
        return size

    def compare(self, index: Sequence[int] | int) -> EntryComparison:
        """Both values at one entry, the bar and the tolerance.

        Raises:
            IndexError: there is no such entry.
            LookupError: entries of this leaf were not measured one by one.
        """
        at = _place(index, self.shape)
        if at in self.located:
            return self.located[at]
        if self.analytic is None or self.numeric is None or self.error is None or self.tolerance is None:
            raise LookupError(f"leaf {self.name!r}: entries were not measured one by one (method={self.method})")
        values = (float(a[at]) for a in (self.analytic, self.numeric, self.error, self.tolerance))
        return EntryComparison(at, *values)

    def __getstate__(self) -> dict[str, Any]:
        return _plain(vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state | {"located": MappingProxyType(state["located"])})


def _place(index: Any, shape: Index) -> Index:
    """An index as plain whole numbers from 0, one for each axis."""
    try:
        given = tuple(operator.index(i) for i in (index if isinstance(index, Iterable) else (index,)))
    except TypeError:
        given = ()
    within = len(given) == len(shape) and all(-n <= i < n for i, n in zip(given, shape, strict=True))
    if not within:
        raise IndexError(f"index={index!r}: there is no such entry in a leaf of shape {tuple(shape)}")
    return tuple(i % n for i, n in zip(given, shape, strict=True))


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """With dicts for views of mappings, which cannot be pickled or copied."""
    return {name: dict(v) if isinstance(v, MappingProxyType) else v for name, v in state.items()}


@dataclass(frozen=True)
class Evaluations:
    """How often the user's code was called: by the check, and by the diagnosis of a failure."""

    forward: int = 0
    backward: int = 0
    diagnosis_forward: int = 0
    diagnosis_backward: int = 0

    def __getitem__(self, key: str) -> Any:
        return self.as_dict()[key]

    def with_diagnosis(self, after: "Evaluations") -> "Evaluations":
        """These, and those from then on as the diagnosis's; after: all calls in the end."""
        return replace(
            self,
            diagnosis_forward=after.forward - self.forward,
            diagnosis_backward=after.backward - self.backward,
        )

    def as_dict(self) -> dict[str, Any]:
        """The counts in the shape that the JSON record has."""
        diagnosis = {"forward": self.diagnosis_forward, "backward": self.diagnosis_backward}
        return {"forward": self.forward, "backward": self.backward, "diagnosis": diagnosis}


@dataclass(frozen=True)
class Paste:
    """A failure that a search has found, as Python: a gradcheck_cases() for its module, a file for pytest."""

    case: str
    test: str


@dataclass(frozen=True)
class CheckResult:
    """One check: one subject at one point.

    name: the case, e.g. "FCLayer(input_shape=(1, 3), output_shape=(1, 2))" · path: file really checked
    error: set when the verdict is `error` · symbols: the named quantities of this case (sizes,
    integer and float attributes), used to name factors over a family · fingerprint: at the point of a baseline
    backward: file and line of its definition, where there is a source
    paste: of a failure that a search has found, how to write it down.
    """

    name: str
    verdict: Verdict
    leaves: Mapping[str, LeafResult] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    evaluations: Evaluations = Evaluations()
    error: Failure | None = None
    seed: int = 0
    seconds: float = 0.0
    symbols: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    path: str | None = None
    fingerprint: Fingerprint | None = None
    backward: tuple[str, int] | None = None
    paste: Paste | None = None

    @property
    def passed(self) -> bool:
        """Is the verdict pass?"""
        return self.verdict is Verdict.PASS

    @property
    def entries(self) -> int:
        """Of all leaves together."""
        return sum(leaf.entries for leaf in self.leaves.values())

    def __getstate__(self) -> dict[str, Any]:
        return _plain(vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state | {name: MappingProxyType(state[name]) for name in ("leaves", "symbols")})
