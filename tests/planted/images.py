"""Convolutions and pooling over images (H, W, D), stride 1 where nothing else is said."""

import numpy as np
from scipy.signal import convolve2d, correlate2d

from tests.planted.catalogue import Planted, draw, weights


class Conv:
    """A valid correlation; the bias is counted once."""

    def __init__(self, input_shape, kernel_shape, layer_depth):
        self.input_shape, self.kernel_shape, self.layer_depth = input_shape, kernel_shape, layer_depth
        self.input_depth = input_shape[2]
        self.weights = weights(*kernel_shape, self.input_depth, layer_depth)
        self.bias = weights(layer_depth)

    def forward_propagation(self, input):
        self.input = input
        return self.summed(lambda k, d: correlate2d(input[:, :, d], self.weights[:, :, d, k], "valid")) + self.bias

    def backward_propagation(self, output_error, learning_rate):
        input_error = self.input_error(output_error)
        weights_error, bias_error = self.weights_error(self.input, output_error), self.bias_error(output_error)
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * bias_error
        return input_error

    def summed(self, part):
        return np.stack([sum(part(k, d) for d in range(self.input_depth)) for k in range(self.layer_depth)], axis=-1)

    def input_error(self, dy):
        dx = np.zeros(self.input_shape)
        for k in range(self.layer_depth):
            for d in range(self.input_depth):
                dx[:, :, d] += convolve2d(dy[:, :, k], self.weights[:, :, d, k], "full")
        return dx

    def weights_error(self, x, dy):
        dw = np.zeros_like(self.weights)
        for k in range(self.layer_depth):
            for d in range(self.input_depth):
                dw[:, :, d, k] = correlate2d(x[:, :, d], dy[:, :, k], "valid")
        return dw

    def bias_error(self, dy):
        return dy.sum(axis=(0, 1))


class KernelNotRotated(Conv):
    def input_error(self, dy):
        dx = np.zeros(self.input_shape)
        for k in range(self.layer_depth):
            for d in range(self.input_depth):
                dx[:, :, d] += correlate2d(dy[:, :, k], self.weights[:, :, d, k], "full")
        return dx


class Overwrites(Conv):
    def input_error(self, dy):
        dx = np.zeros(self.input_shape)
        for k in range(self.layer_depth):
            for d in range(self.input_depth):
                dx[:, :, d] = convolve2d(dy[:, :, k], self.weights[:, :, d, k], "full")
        return dx


class BorderCut(Conv):
    def input_error(self, dy):
        dx = super().input_error(dy)
        dx[0], dx[-1], dx[:, 0], dx[:, -1] = 0, 0, 0, 0
        return dx


class LastRowCut(Conv):
    def input_error(self, dy):
        dx = super().input_error(dy)
        dx[-1] = 0
        return dx


class ChannelsRolled(Conv):
    def input_error(self, dy):
        return np.roll(super().input_error(dy), 1, axis=2)


class WeightsRotated(Conv):
    def weights_error(self, x, dy):
        return super().weights_error(x, dy)[::-1, ::-1]


class WeightsConvolved(Conv):
    def weights_error(self, x, dy):
        dw = np.zeros_like(self.weights)
        for k in range(self.layer_depth):
            for d in range(self.input_depth):
                dw[:, :, d, k] = convolve2d(x[:, :, d], dy[:, :, k], "valid")
        return dw


class WeightsTransposed(Conv):
    def weights_error(self, x, dy):
        return super().weights_error(x, dy).transpose(1, 0, 2, 3)


class FirstChannelOnly(Conv):
    def weights_error(self, x, dy):
        dw = super().weights_error(x, dy)
        dw[:, :, 1:] = 0
        return dw


class BiasTimesDepth(Conv):
    """The article's: its forward adds the bias once per input channel."""

    def forward_propagation(self, input):
        return super().forward_propagation(input) + (self.input_depth - 1) * self.bias

    def bias_error(self, dy):
        return np.array([self.layer_depth * np.sum(dy[:, :, k]) for k in range(self.layer_depth)])


class BiasPerChannel(BiasTimesDepth):
    """Its twin: the same forward, the right gradient."""

    def bias_error(self, dy):
        return self.input_depth * dy.sum(axis=(0, 1))


class BiasMean(Conv):
    def bias_error(self, dy):
        return dy.mean(axis=(0, 1))


class BiasOverChannels(Conv):
    def bias_error(self, dy):
        return dy.sum()


class BiasSquareMap(Conv):
    def bias_error(self, dy):
        return dy.sum(axis=(0, 2))


class WeightsOverMap(Conv):
    def weights_error(self, x, dy):
        return super().weights_error(x, dy) / (dy.shape[0] * dy.shape[1])


class MaxPool:
    """Windows of pool_size, `stride` apart."""

    def __init__(self, input_shape, pool_size, stride):
        self.input_shape, self.pool_size, self.stride = input_shape, pool_size, stride

    def windows(self):
        down, right = ((n - self.pool_size) // self.stride + 1 for n in self.input_shape[:2])
        for i in range(down):
            for j in range(right):
                for d in range(self.input_shape[2]):
                    y, x = i * self.stride, j * self.stride
                    yield (i, j, d), (slice(y, y + self.pool_size), slice(x, x + self.pool_size), d)

    def forward_propagation(self, input):
        self.input = input
        down, right = ((n - self.pool_size) // self.stride + 1 for n in self.input_shape[:2])
        output = np.zeros((down, right, self.input_shape[2]))
        for place, window in self.windows():
            output[place] = input[window].max()
        return output

    def backward_propagation(self, output_error, learning_rate):
        input_error = np.zeros(self.input_shape)
        for place, window in self.windows():
            self.give(input_error[window], self.input[window], output_error[place])
        return input_error

    def give(self, into, values, error):
        into[np.unravel_index(values.argmax(), values.shape)] += error


class PoolOverwrites(MaxPool):
    def give(self, into, values, error):
        into[np.unravel_index(values.argmax(), values.shape)] = error


class PoolOtherPlace(MaxPool):
    def give(self, into, values, error):
        into[np.unravel_index(values.argmin(), values.shape)] += error


class PoolColumnMajor(MaxPool):
    def give(self, into, values, error):
        into[np.unravel_index(values.argmax(), values.shape)[::-1]] += error


class PoolToAll(MaxPool):
    def give(self, into, values, error):
        into += error


class AveragePool(MaxPool):
    def forward_propagation(self, input):
        output = super().forward_propagation(input)
        for place, window in self.windows():
            output[place] = input[window].mean()
        return output

    def give(self, into, values, error):
        into += error / values.size


class AverageNotDivided(AveragePool):
    def give(self, into, values, error):
        into += error


class AverageLeftovers(AveragePool):
    def backward_propagation(self, output_error, learning_rate):
        input_error = super().backward_propagation(output_error, learning_rate)
        used = (self.input_shape[0] - self.pool_size) // self.stride * self.stride + self.pool_size
        input_error[used:] = input_error[used - 1]
        return input_error


class Upsample:
    """Each entry repeated `times` by `times`."""

    def __init__(self, times):
        self.times = times

    def forward_propagation(self, input):
        return input.repeat(self.times, axis=0).repeat(self.times, axis=1)

    def backward_propagation(self, output_error, learning_rate):
        h, w, d = output_error.shape
        return self.gathered(output_error.reshape(h // self.times, self.times, w // self.times, self.times, d))

    def gathered(self, blocks):
        return blocks.sum(axis=(1, 3))


class UpsampleMean(Upsample):
    def gathered(self, blocks):
        return blocks.mean(axis=(1, 3))


class UpsampleFirst(Upsample):
    def gathered(self, blocks):
        return blocks[:, 0, :, 0]


SHAPE, KERNEL = (5, 6, 3), (3, 2)
IMAGE = draw(*SHAPE)


def _conv(name, cls, leaf, cause, expression=None, *, twin=Conv, shape=SHAPE, kernel=KERNEL):
    args = (shape, kernel, 2)
    return Planted(name, lambda: cls(*args), lambda: twin(*args), draw(*shape), leaf, cause, expression)


def _pool(name, cls, cause, expression=None, *, twin=MaxPool, size=2, stride=2):
    args = (SHAPE, size, stride)
    return Planted(name, lambda: cls(*args), lambda: twin(*args), IMAGE, "input", cause, expression)


PLANTED = [
    _conv("bias counted per channel, gradient per filter", BiasTimesDepth, "bias", "constant-factor",
          "layer_depth / input_depth", twin=BiasPerChannel),
    _conv("kernel not rotated in dX", KernelNotRotated, "input", "axis-flipped"),
    _conv("dX of the last filter alone", Overwrites, "input", "overwritten-contribution"),
    _conv("dX without its border", BorderCut, "input", "border-wrong"),
    _conv("dX without its last row", LastRowCut, "input", "border-wrong"),
    _conv("channels of dX rolled", ChannelsRolled, "input", "permuted-entries"),
    _conv("dW rotated", WeightsRotated, "weights", "axis-flipped", kernel=(3, 3)),
    _conv("dW by convolve", WeightsConvolved, "weights", "axis-flipped"),
    _conv("dW with its square kernel transposed", WeightsTransposed, "weights", "transposed", kernel=(3, 3)),
    _conv("dW of the first channel alone", FirstChannelOnly, "weights", "zero-gradient"),
    _conv("conv dB the mean of the map", BiasMean, "bias", "wrong-reduction"),
    _conv("conv dB over the filters too", BiasOverChannels, "bias", "wrong-reduction"),
    _conv("conv dB over the wrong axes", BiasSquareMap, "bias", "wrong-reduction", shape=(4, 3, 3), kernel=(3, 2)),
    _conv("dW averaged over the map", WeightsOverMap, "weights", "constant-factor"),
    _pool("overlapping windows with =", PoolOverwrites, "overwritten-contribution", size=3, stride=1),
    _pool("gradient to the smallest entry", PoolOtherPlace, "permuted-entries"),
    _pool("row and column of the winner exchanged", PoolColumnMajor, "permuted-entries"),
    _pool("gradient to the whole window", PoolToAll, "ghost-gradient"),
    _pool("average not divided", AverageNotDivided, "constant-factor", "pool_size * pool_size", twin=AveragePool),
    _pool("gradient to the leftovers", AverageLeftovers, "ghost-gradient", twin=AveragePool),
    Planted("upsampling averages", lambda: UpsampleMean(3), lambda: Upsample(3), draw(2, 3, 2), "input",
            "constant-factor", "1 / (times * times)"),
    Planted("upsampling takes the first", lambda: UpsampleFirst(2), lambda: Upsample(2), draw(2, 3, 2), "input",
            "overwritten-contribution"),
]  # fmt: skip
