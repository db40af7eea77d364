"""The article's example: a small network learns the exclusive or.

`python -m layers.xor` trains it and prints what it learned. Depending on where the weights start,
some seeds end in a local minimum; the default one does not.
"""

import argparse
import sys
from collections.abc import Iterator

import numpy as np

from layers.activation import ActivationLayer, tanh, tanh_prime
from layers.fully_connected import FCLayer
from layers.losses import mse, mse_prime
from layers.network import Network

X_TRAIN = np.array([[[0.0, 0.0]], [[0.0, 1.0]], [[1.0, 0.0]], [[1.0, 1.0]]])
"""The inputs, samples first: four rows of shape (1, 2)."""

Y_TRAIN = np.array([[[0.0]], [[1.0]], [[1.0]], [[0.0]]])
"""The exclusive or of each row, of shape (1, 1)."""

GOAL = 0.001
"""The mean squared error under which the exclusive or counts as learned."""

SEED = 2
"""Where the weights start. Chosen by trial: of the seeds 0 to 9 four get stuck; 2 ends at error 0.000248."""


def build_network() -> Network:
    """Return the article's network: FC(2→3), tanh, FC(3→1), tanh, with the mean squared error."""
    network = Network()
    network.add(FCLayer((1, 2), (1, 3)))
    network.add(ActivationLayer((1, 3), tanh, tanh_prime))
    network.add(FCLayer((1, 3), (1, 1)))
    network.add(ActivationLayer((1, 1), tanh, tanh_prime))
    network.use(mse, mse_prime)
    return network


def gradcheck_cases() -> Iterator[object]:
    """Yield what `gradcheck run` checks here: the network, at a point without special values."""
    yield build_network(), np.array([[0.25, -0.75]])


def main(arguments: list[str] | None = None) -> str | None:
    """Train, print the outputs, and return None, or a sentence when the error stayed above GOAL."""
    options = _parser().parse_args(arguments)
    np.random.seed(options.seed)
    network = build_network()
    network.fit(X_TRAIN, Y_TRAIN, options.epochs, options.rate, report_every=100)
    outputs = network.predict(X_TRAIN)
    for x, y in zip(X_TRAIN, outputs, strict=True):
        print(f"{x[0, 0]:.0f} xor {x[0, 1]:.0f} = {y[0, 0]:7.4f}")
    error = mse(Y_TRAIN, np.array(outputs))
    print(f"error={error:f}")
    if error < GOAL:
        return None
    return (
        f"The error stayed at {error:f}, above {GOAL}, after {options.epochs} epochs: "
        "train for more epochs, or start from another seed."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m layers.xor", description="Train a network on the exclusive or.")
    parser.add_argument("--seed", type=int, default=SEED, help="where the weights start (default %(default)s)")
    parser.add_argument("--epochs", type=int, default=1000, help="passes over the samples (default %(default)s)")
    parser.add_argument("--rate", type=float, default=0.1, help="the learning rate (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
