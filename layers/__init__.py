"""Reference layers, in the interface of the article "Math: neural network from scratch in Python".

One layer a file, numpy and scipy alone. To add your own, write a file beside these with a class that
inherits from `Layer`, and run `make check TARGET=layers/<file>.py`. `layers.article` holds the
article's own layers, faults included.
"""

from layers.activation import (
    ActivationLayer,
    relu,
    relu_prime,
    sigmoid,
    sigmoid_prime,
    softplus,
    softplus_prime,
    tanh,
    tanh_prime,
)
from layers.base import Layer
from layers.convolution import ConvLayer
from layers.dropout import DropoutLayer
from layers.flatten import FlattenLayer
from layers.fully_connected import FCLayer
from layers.losses import mse, mse_prime
from layers.network import Network
from layers.pooling import MaxPoolLayer

__all__ = [
    "ActivationLayer",
    "ConvLayer",
    "DropoutLayer",
    "FCLayer",
    "FlattenLayer",
    "Layer",
    "MaxPoolLayer",
    "Network",
    "mse",
    "mse_prime",
    "relu",
    "relu_prime",
    "sigmoid",
    "sigmoid_prime",
    "softplus",
    "softplus_prime",
    "tanh",
    "tanh_prime",
]
