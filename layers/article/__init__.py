"""The article's own layers, written afresh with its faults kept: every reader of the article has them.

Three faults, each said again where it stands; none of them raises an error with the article's examples:

1. `ConvLayer.forward_propagation` adds the bias once per input channel.
2. `ConvLayer.backward_propagation` returns layer_depth / input_depth times the gradient of the bias.
3. `FCLayer.backward_propagation` takes dE/dY for the gradient of the bias, which holds for one row only.

The rest is right. Do not learn from these; the layers to read are one folder up.
"""

from layers.article.activation import ActivationLayer, tanh, tanh_prime
from layers.article.convolution import ConvLayer
from layers.article.fully_connected import FCLayer
from layers.article.losses import mse, mse_prime
from layers.article.network import Network

__all__ = [
    "ActivationLayer",
    "ConvLayer",
    "FCLayer",
    "Network",
    "mse",
    "mse_prime",
    "tanh",
    "tanh_prime",
]
