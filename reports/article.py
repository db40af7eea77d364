"""The article's faults as gradcheck measures them. `python -m reports.article` writes article.md beside this file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tabulate import tabulate

import layers
from gradcheck import Result, check
from layers import article

DEPTHS = ((1, 1), (2, 2), (3, 2), (2, 3), (1, 4))
PAGE = Path(__file__).with_suffix(".md")
TEXT = """# The article's layers, measured

Written by `python -m reports.article`; do not edit. Seed {seed}.

## The convolution: the gradient of the bias

Its forward adds the bias once per input channel, its backward multiplies by layer_depth: the gradient of `bias` is
layer_depth / input_depth times the measured one. With equal depths nothing shows, and a pass at such shapes alone says
nothing about others. `input` and `weights` are right.

{convolution}

## The fully connected layer: a batch of three

Its backward takes dE/dY for the gradient of the bias, which holds for one row only.

{batch}

## The reference layers

The same layers mended, and those that the article leaves to its reader.

{reference}
"""
SEED = 0


def convolution() -> str:
    """One row for each pair of depths."""
    heads = ("input_depth", "layer_depth", "bias: analytic / numeric", "bias", "cause", "factor", "weights", "input")
    return _markdown([_convolution_row(*depths) for depths in DEPTHS], heads)


def batch() -> str:
    """The article's FCLayer at one row and at three."""
    rows = []
    for count in (1, 3):
        result = check(article.FCLayer((1, 4), (1, 2)), np.linspace(-1, 1, 4 * count).reshape(count, 4), seed=SEED)
        rows.append((count, str(result.verdict), _reason(result)))
    return _markdown(rows, ("rows", "verdict", "reason"))


def reference() -> str:
    """One row for each reference layer and for the loss."""
    results = [(type(layer).__name__, check(layer, seed=SEED)) for layer in _reference_layers()]
    mse = check(layers.mse, layers.mse_prime, (np.linspace(0, 1, 6), np.linspace(1, -1, 6) ** 2), seed=SEED)
    rows = [(name, ", ".join(result.leaves), str(result.verdict)) for name, result in [*results, ("mse", mse)]]
    return _markdown(rows, ("layer", "leaves", "verdict"))


def page() -> str:
    """The whole page; the same at every run."""
    np.random.seed(SEED)  # noqa: NPY002 -- the article's layers draw from the global generator
    return TEXT.format(seed=SEED, convolution=convolution(), batch=batch(), reference=reference())


def _convolution_row(input_depth: int, layer_depth: int) -> tuple[object, ...]:
    result = check(article.ConvLayer((5, 6, input_depth), (2, 3), layer_depth), seed=SEED)
    bias = result.leaves["bias"]
    finding = next((finding for finding in result.findings if finding.leaf == "bias"), None)
    named = ("", "") if finding is None else (finding.cause, finding.expression or "")
    others = (str(result.leaves[name].verdict) for name in ("weights", "input"))
    return (input_depth, layer_depth, f"{_ratio(bias.analytic, bias.numeric):.4f}", str(bias.verdict), *named, *others)


def _ratio(analytic: object, numeric: object) -> float:
    """The factor that makes the numeric gradient the analytic one, by least squares."""
    a, n = (np.asarray(values, dtype=np.float64) for values in (analytic, numeric))
    return float(np.vdot(a, n) / np.vdot(n, n))


def _reason(result: Result) -> str:
    if result.error is not None:
        return f"{result.error.kind}: {' '.join(result.error.message.split())}"
    return ", ".join(finding.cause for finding in result.findings)


def _reference_layers() -> tuple[layers.Layer, ...]:
    return (
        layers.FCLayer((1, 4), (1, 3)),
        layers.ActivationLayer((1, 5), layers.tanh, layers.tanh_prime),
        layers.ConvLayer((5, 6, 3), (2, 3), 2),
        layers.MaxPoolLayer((4, 6, 2)),
        layers.FlattenLayer((3, 4, 2)),
        layers.DropoutLayer((1, 7), seed=SEED),
    )


def _markdown(rows: Sequence[tuple[object, ...]], heads: tuple[str, ...]) -> str:
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
