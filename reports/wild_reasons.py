"""Why layers of published packages fail: where in their code, told by a line of it, and what is wrong there."""

from dataclasses import dataclass

FAULT, DESIGN, OURS = "a fault", "by design", "a false alarm of ours"


@dataclass(frozen=True)
class Reason:
    """What is wrong, found by reading.

    kind: FAULT, DESIGN, or OURS where their code is right · file: below the package
    line: a piece of the guilty line · text: what is wrong there
    after: what stands before it in the file, one after the other.
    """

    kind: str
    file: str
    line: str
    text: str
    after: tuple[str, ...] = ()


_LAYERS = "neural_nets/layers/layers.py"
_FUSED = (
    "the gradient of softmax (or sigmoid) and this loss together, as y - t; declared with `fused`, it may be checked"
)
_AT_THE_INPUT = "the derivative at the input; Dense and the convolutions hand it their output (self.__last_out)"
_LSTM = "EPSILON = 1e-7 is added to every derivative of a gate, 1 - s + EPSILON; with EPSILON = 0 it passes"

REASONS: dict[tuple[str, str], Reason] = {
    ("numpy-ml", "DotProductAttention"): Reason(
        FAULT,
        _LAYERS,
        "self.derived_variables[k] = []",
        "flush_gradients() does not flush the softmax inside, which then returns a list: a second step raises",
        ("class LayerBase",),
    ),
    ("numpy-ml", "Embedding(pool='sum')"): Reason(
        FAULT,
        _LAYERS,
        "dW[v_ids] += dLdy[ix]",
        "a word that stands twice in one example is counted once: np.add.at",
        ("class Embedding", "def _bwd"),
    ),
    ("numpy-ml", "Embedding(pool='mean')"): Reason(
        FAULT,
        _LAYERS,
        "dW[v_ids] += dLdy[ix] / len(v_ids)",
        "a word that stands twice in one example is counted once",
    ),
    ("numpy-ml", "Softmax(dim=0)"): Reason(
        FAULT,
        _LAYERS,
        "yi = self._fwd(xi.reshape(1, -1)).reshape(-1, 1)",
        "one row at a time, whatever dim is: over axis 0 of a single row the softmax is 1",
    ),
    ("numpy-ml", "SparseEvolution"): Reason(
        FAULT,
        _LAYERS,
        "np.random.binomial(1, p, shape=",
        "np.random.binomial has no argument shape: it cannot be run",
    ),
    ("numpy-ml", "Pool2D(mode='max', stride=2, pad=1)"): Reason(
        FAULT,
        _LAYERS,
        "xi = X[m, i0:i1, j0:j1, c]",
        "windows are cut from X, where forward cuts them from the padded one",
        ("class Pool2D", "def backward"),
    ),
    ("numpy-ml", "RNNCell"): Reason(
        FAULT,
        _LAYERS,
        "self.derived_variables[k] = []",
        "flush_gradients() leaves the accumulator [] where backward asks for None: a second step raises",
        ("class RNNCell",),
    ),
    ("numpy-ml", "LSTMCell"): Reason(
        FAULT,
        _LAYERS,
        "self.derived_variables[k] = []",
        "the same as in RNNCell",
        ("class LSTMCell",),
    ),
    ("numpy-ml", "RNN"): Reason(
        FAULT,
        _LAYERS,
        "self.gradients = {}",
        "`gradients` is a property without a setter there: no RNN can be made",
    ),
    ("numpy-ml", "LSTM"): Reason(
        FAULT,
        _LAYERS,
        "self.gradients = {}",
        "the same as in RNN",
    ),
    ("neuralnetlib", "Dense(use_bias=False)"): Reason(
        DESIGN,
        "layers.py",
        "self.d_bias = np.zeros_like(self.bias)",
        "a bias of zeros that is added and never learns",
    ),
    ("neuralnetlib", "LSTM(return_sequences=True)"): Reason(
        DESIGN,
        "layers.py",
        "scaling_factor = min(1.0, self.clip_value /",
        "the gradient is clipped to a norm of 5",
    ),
    ("neuralnetlib", "LSTM(return_sequences=False)"): Reason(
        DESIGN,
        "layers.py",
        "scaling_factor = min(1.0, self.clip_value /",
        "the gradient is clipped to a norm of 5",
    ),
    ("neuralnetlib", "LSTM(return_sequences=True) without clipping"): Reason(
        FAULT,
        "layers.py",
        "do_input = do * o_t * (1 - o_t + self.EPSILON)",
        _LSTM,
    ),
    ("neuralnetlib", "LSTM(return_sequences=False) without clipping"): Reason(
        FAULT,
        "layers.py",
        "do_input = do * o_t * (1 - o_t + self.EPSILON)",
        _LSTM,
    ),
    ("neuralnetlib", "BinaryCrossentropy"): Reason(
        FAULT,
        "losses.py",
        "return (y_pred - y_true) / (y_pred * (1 - y_pred))",
        "the mean's 1 / size is missing",
    ),
    ("neuralnetlib", "CategoricalCrossentropy"): Reason(
        FAULT,
        "losses.py",
        "return -y_true / y_pred",
        "the value is divided by the batch, its gradient is not",
    ),
    ("neuralnetlib", "SparseCategoricalCrossentropy"): Reason(
        FAULT,
        "losses.py",
        "return -y_true_one_hot / y_pred",
        "the value is a mean over the batch, its gradient is not",
    ),
    ("neuralnetlib", "AsymmetricLoss"): Reason(
        FAULT,
        "losses.py",
        "y_pred = np.clip(y_pred, self.clip, 1 - self.clip)",
        "predictions beyond the margin are clipped, so their gradient is 0; backward gives them one",
        ("class AsymmetricLoss", "def derivative"),
    ),
    ("nnfs-implementation", "Layer(w_l2=0.1)"): Reason(
        DESIGN,
        "layer.py",
        "self.dw += d_w_l2",
        "the gradient of the penalty, whose value another class adds to the loss",
    ),
    ("caspian-ml", "Linear"): Reason(
        FAULT,
        "layers/Linear.py",
        "new_err = cost_err * self.__last_out",
        "dY is multiplied by the layer's own output",
    ),
    ("caspian-ml", "RMSNorm"): Reason(
        FAULT,
        "layers/RMSNorm.py",
        "((-np.square(self.__last_in)",
        "the diagonal of the Jacobian alone",
    ),
    ("caspian-ml", "GroupNorm"): Reason(
        FAULT,
        "layers/GroupNorm.py",
        "ret_grad = (shaped_err - shaped_err.mean(axis=-1",
        "means over the last axis; forward normalises over the last two",
    ),
    ("caspian-ml", "InstanceNorm"): Reason(
        FAULT,
        "layers/InstanceNorm.py",
        "ret_grad = shaped_err * self.__last_v",
        "the variance stands where 1 / sqrt(variance) belongs, and the mean is divided twice",
    ),
    ("caspian-ml", "Bilinear"): Reason(
        FAULT,
        "layers/Bilinear.py",
        'first_ret_grad = np.einsum("...o,oij->...i"',
        "the other input is left out",
    ),
    ("caspian-ml", "Attention"): Reason(
        FAULT,
        "layers/Attention.py",
        "new_err = cost_err @ np.moveaxis(last_v",
        "the inputs stand where their projections (q_vals, k_vals, v_vals) belong; its Linear layers are wrong too",
    ),
    ("caspian-ml", "Mult"): Reason(
        FAULT,
        "layers/Mult.py",
        "np.split(self.__last_ins * cost_err",
        "each input's gradient is multiplied by itself",
    ),
    ("caspian-ml", "Concat(1)"): Reason(
        FAULT,
        "layers/Concat.py",
        "indexes = np.cumsum(",
        "np.split at the last index too: one gradient too many, empty",
    ),
    ("caspian-ml", "CosineSimilarity"): Reason(
        FAULT,
        "layers/CosineSimilarity.py",
        "a_grad = (last_b / self.__last_fm)",
        "the lengths of a and b are mixed up in both",
    ),
    ("caspian-ml", "Pooling2D(Average(), strides=2)"): Reason(
        FAULT,
        "pooling/Average.py",
        "return partition * (1.0 / partition.shape[self.axis])",
        "dY / n is multiplied by the input: the derivative of a mean is 1 / n",
    ),
    ("caspian-ml", "Upsampling2D(2)"): Reason(
        FAULT,
        "layers/Upsampling2D.py",
        "ret_grad = cost_err.reshape((-1, *self.rate",
        "the axes are split in another order than np.kron has put them together",
    ),
    ("caspian-ml", "Dropout(0.3)"): Reason(
        FAULT,
        "layers/Dropout.py",
        "return cost_err * self.__drop_mask",
        "forward's factor is left out (which is 1.0 / 1.0 - chance, where 1.0 / (1.0 - chance) is meant)",
    ),
    ("caspian-ml", "BinaryCrossEntropy"): Reason(
        DESIGN,
        "losses/BinaryCrossEntropy.py",
        "return prediction - actual",
        _FUSED,
    ),
    ("caspian-ml", "CrossEntropy"): Reason(
        DESIGN,
        "losses/CrossEntropy.py",
        "return (prediction - actual) / batch_div",
        _FUSED,
    ),
    ("caspian-ml", "Huber"): Reason(
        FAULT,
        "losses/Huber.py",
        "return np.mean(np.where(a_val <= self.delta",
        "one number, a mean, and its sign is wrong",
        ("def backward",),
    ),
    ("caspian-ml", "KLDivergence"): Reason(
        FAULT,
        "losses/KLDivergence.py",
        "return 1 + np.log(actual / prediction)",
        "the derivative by `actual`; by the prediction it is -actual / prediction",
    ),
    ("caspian-ml", "GLU()"): Reason(
        FAULT,
        "activations/Activation.py",
        "return err * self.backward(data)",
        "dY has half as many columns as the derivative that it is multiplied by: it cannot be run",
    ),
    ("caspian-ml", "SwiGLU()"): Reason(FAULT, "activations/Activation.py", "return err * self.", "the same as in GLU"),
    ("caspian-ml", "HardSigmoid()"): Reason(
        FAULT,
        "activations/HardSigmoid.py",
        "return ((data <= 3) & (data >= -3))",
        _AT_THE_INPUT,
    ),
    ("caspian-ml", "HardSwish()"): Reason(
        FAULT,
        "activations/HardSwish.py",
        "return np.where((data >= -3) & (data <= 3)",
        _AT_THE_INPUT,
    ),
    ("caspian-ml", "Softplus()"): Reason(
        FAULT,
        "activations/Softplus.py",
        "return (1 / (1 + np.exp(-data)))",
        _AT_THE_INPUT,
    ),
    ("caspian-ml", "PReLU()"): Reason(
        FAULT,
        "activations/PReLU.py",
        "self.weights += self.opt(new_grad)",
        "the gradient of the input is summed, where dY min(x, 0) belongs",
    ),
    ("caspian-ml", "Softmin()"): Reason(
        FAULT,
        "activations/Softmin.py",
        "return super().forward(-data)",
        "__call__ is the softmax's: the minus of -data is missing there",
    ),
    ("caspian-ml", "Container(Sigmoid())"): Reason(
        FAULT,
        "layers/Container.py",
        "return self.funct(self.__last_in, cost_err)",
        "its input is handed over, where y (1 - y) needs the output",
    ),
}
