"""What a check of a network costs as it grows deeper. `python -m reports.depth` writes depth.md beside this file.

The cost is counted in forward calls of single layers: a check of the network as one layer would run all of them for
every entry, and grow with the square of the depth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from tabulate import tabulate

import layers
from gradcheck import check
from gradcheck.run import check as pipeline
from reports.peer_layers import Array

PAGE = Path(__file__).with_suffix(".md")
DEPTHS = (2, 4, 8, 16, 32)
WIDTH = 8


@dataclass(frozen=True)
class Cost:
    """Of one check. calls: forward calls of single layers · entries: of all leaves together."""

    depth: int
    verdict: str
    entries: int
    calls: int


class _Counted:
    """count: of all layers; on the class, as a check puts back what it changes on an object."""

    count = 0


class _Dense(layers.FCLayer):
    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__((1, WIDTH), (1, WIDTH))
        self.weights = rng.normal(size=(WIDTH, WIDTH)) / np.sqrt(WIDTH)

    def forward_propagation(self, input: Array) -> Array:
        """See FCLayer."""
        _Counted.count += 1
        return super().forward_propagation(input)


class _Tanh(layers.ActivationLayer):
    def forward_propagation(self, input: Array) -> Array:
        """See ActivationLayer."""
        _Counted.count += 1
        return super().forward_propagation(input)


def cost(depth: int, *, as_one: bool = False) -> Cost:
    """A check of a network of so many layers; as_one: not taken apart."""
    rng, network = np.random.default_rng(depth), layers.Network()
    for number in range(depth):
        network.add(_Tanh((1, WIDTH), layers.tanh, layers.tanh_prime) if number % 2 else _Dense(rng))
    network.use(layers.mse, layers.mse_prime)
    x, before = rng.normal(size=(1, WIDTH)), _Counted.count
    if as_one:
        with mock.patch.object(pipeline, "compose", return_value=None):
            result = check(network, x)
    else:
        result = check(network, x)
    return Cost(depth, str(result.verdict), result.entries, _Counted.count - before)


def table(costs: Sequence[Cost], ones: Sequence[Cost]) -> str:
    """One row a depth."""
    alone = {one.depth: one.calls for one in ones}
    rows = [
        (c.depth, c.verdict, c.entries, c.calls, f"{c.calls / c.depth:.0f}", f"{c.calls / c.entries:.1f}",
         alone.get(c.depth, ""))
        for c in costs
    ]  # fmt: skip
    heads = ("layers", "verdict", "entries", "calls of layers", "a layer", "an entry", "calls, as one layer")
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)


TEXT = """# What a check of a network costs as it grows deeper

Written by `make scale`; do not edit. Fully connected layers of {width} x {width} weights and tanh in turn,
float64; every weight and bias is measured.

{table}

calls of layers: how often the forward of some layer was called, by the whole check. It grows with the number of layers
(a layer), because each is measured by itself at the point that the network visits; the small rest that grows with it is
a few forwards of the network a leaf, which show whether the output depends on it. as one layer: the same check without
taking the network apart.
"""


def main() -> None:
    """Write the page."""
    costs = [cost(depth) for depth in DEPTHS]
    ones = [cost(depth, as_one=True) for depth in DEPTHS]
    PAGE.write_text(TEXT.format(width=WIDTH, table=table(costs, ones)), encoding="utf-8")
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
