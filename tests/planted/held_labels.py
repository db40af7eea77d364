"""The fifth held-out batch: 72 faults with the names they should get, written down before the first run.

`also`: names that CAUSES.md would allow as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.planted import held_dense as dense
from tests.planted import held_losses as losses
from tests.planted import held_pointwise as points
from tests.planted import held_windows as windows


def normal(*shape: int) -> Any:
    return np.random.default_rng(shape).normal(size=shape)


def shares(*shape: int) -> Any:
    drawn = np.random.default_rng(shape).uniform(0.2, 1, size=shape)
    return drawn / drawn.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Held:
    name: str
    cause: str
    wrong: Callable[[], tuple[Any, ...]]
    right: Callable[[], tuple[Any, ...]]
    also: tuple[str, ...] = ()


def pair(name, cause, forward, wrong, right, *arguments, also=()):
    return Held(name, cause, lambda: (forward, wrong, arguments), lambda: (forward, right, arguments), also)


def layer(name, cause, wrong, right, made, x, also=()):
    return Held(name, cause, lambda: (wrong(*made), x), lambda: (right(*made), x), also)


IDS = np.array([2, 0, 3, 3])
IGNORED = np.array([2, -1, 3, 0, -1])
SIGNS = np.array([[1.0, -1, 1], [-1, -1, 1], [1, 1, -1], [1, -1, -1]])
TIED = np.random.default_rng(5).integers(0, 3, size=(2, 3, 4, 6)).astype(float)

LOSSES = (
    pair("mse over rows", "constant-factor", losses.mse, losses.mse_prime_rows, losses.mse_prime, normal(4, 3),
         normal(4, 3) * 0.5),
    pair("mae reversed", "sign-flipped", losses.mae, losses.mae_prime_reversed, losses.mae_prime, normal(4, 3),
         normal(4, 3)[::-1] + 0.1),
    layer("huber unit slope", "wrong-local-derivative", losses.HuberLossUnitSlope, losses.HuberLoss, (),
          (normal(5, 3), normal(5, 3)[::-1] * 0.7), also=("elementwise-factor",)),
    pair("hinge everywhere", "ghost-gradient", losses.hinge, losses.hinge_prime_everywhere, losses.hinge_prime, SIGNS,
         normal(4, 3) * 1.5),
    pair("svm right class set", "overwritten-contribution", losses.svm_loss, losses.svm_loss_grad_set,
         losses.svm_loss_grad, normal(4, 5), IDS, also=("located",)),
    layer("ignored rows divide", "constant-factor", losses.SoftmaxCrossEntropyUndivided, losses.SoftmaxCrossEntropy, (),
          (normal(5, 4), IGNORED)),
    layer("ignored rows taught", "ghost-gradient", losses.SoftmaxCrossEntropyIgnoredTaught, losses.SoftmaxCrossEntropy,
          (), (normal(5, 4), IGNORED)),
    pair("focal weight constant", "wrong-local-derivative", losses.focal_loss, losses.focal_loss_grad_constant_weight,
         losses.focal_loss_grad, shares(3, 4), np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0]]),
         also=("missing-term",)),
    pair("kl without the one", "missing-term", losses.kl_divergence, losses.kl_divergence_grad_no_one,
         losses.kl_divergence_grad, shares(3, 4), shares(3, 4)[::-1].copy()),
    pair("triplet exchanged", "swapped-leaves", losses.triplet_forward, losses.triplet_backward_exchanged,
         losses.triplet_backward, normal(5, 3), normal(5, 3)[::-1] * 0.8, normal(5, 3) + 0.7),
    pair("cosine lengths constant", "missing-term", losses.cosine_loss_forward,
         losses.cosine_loss_backward_norms_constant, losses.cosine_loss_backward, normal(4, 3), normal(4, 3)[::-1] + 1),
    layer("label smoothing hard", "missing-term", losses.LabelSmoothingLossHard, losses.LabelSmoothingLoss, (4,),
          (normal(4, 4), IDS)),
    pair("paths stay lost", "overwritten-contribution", losses.paths_forward, losses.paths_backward_stay_lost,
         losses.paths_backward, shares(6, 3)),
    layer("class weights lost", "elementwise-factor", losses.WeightedCrossEntropyUnweighted,
          losses.WeightedCrossEntropy, (np.array([0.5, 1.0, 2.0, 3.0]),), (normal(4, 4), IDS),
          also=("constant-factor",)),
    pair("bce sigmoid twice", "elementwise-factor", losses.bce_with_logits, losses.bce_with_logits_prime_twice,
         losses.bce_with_logits_prime, shares(4, 3), normal(4, 3), also=("wrong-local-derivative",)),
    layer("pinball exchanged", "wrong-local-derivative", losses.PinballLossExchanged, losses.PinballLoss, (),
          (normal(5, 3), normal(5, 3)[::-1] * 0.9), also=("elementwise-factor",)),
)  # fmt: skip

WINDOWS = (
    layer("conv1d unflipped", "axis-flipped", windows.Conv1DUnflipped, windows.Conv1D, (2, 4, 3), normal(3, 2, 7)),
    pair("im2col dW reshaped", "permuted-entries", windows.conv_im2col_forward, windows.conv_im2col_backward_reshaped,
         windows.conv_im2col_backward, normal(2, 3, 5, 4), normal(4, 3, 2, 3), normal(4)),
    layer("padding cut at the end", "permuted-entries", windows.PaddedConv2DCropped, windows.PaddedConv2D, (2, 3, 3, 1),
          normal(2, 2, 5, 4)),
    layer("edge padding cropped", "border-wrong", windows.ReplicatePaddedConv2DCropped, windows.ReplicatePaddedConv2D,
          (2, 3, 3, 1), normal(2, 2, 5, 6)),
    pair("strided leftover", "shape-mismatch", windows.strided_forward, windows.strided_backward_leftover,
         windows.strided_backward, normal(3, 8), normal(3), 2),
    layer("dilated last sample", "overwritten-contribution", windows.DilatedConv1DLastSample, windows.DilatedConv1D,
          (2, 3, 3, 2), normal(3, 7, 2)),
    layer("transposed conv mean bias", "wrong-reduction", windows.ConvTranspose2DMeanBias, windows.ConvTranspose2D,
          (2, 3, 3, 2), normal(2, 2, 3, 4), also=("constant-factor",)),
    layer("depthwise channels mixed", "permuted-entries", windows.DepthwiseConv1DMixed, windows.DepthwiseConv1D,
          (3, 2, 3), normal(2, 3, 6)),
    pair("groups start anew", "overwritten-contribution", windows.grouped_forward, windows.grouped_backward_fresh,
         windows.grouped_backward, normal(2, 6, 4), normal(3, 3, 2), also=("zero-gradient",)),
    pair("patches fancy", "duplicate-index-lost", windows.patches_forward, windows.patches_backward_fancy,
         windows.patches_backward, normal(2, 4, 5), normal(4), also=("overwritten-contribution",)),
    layer("pointwise transposed", "transposed", windows.PointwiseConvTransposed, windows.PointwiseConv, (3,),
          normal(2, 3, 4, 3)),
    layer("pointwise bias axes", "shape-mismatch", windows.PointwiseConvBiasAxes, windows.PointwiseConv, (3,),
          normal(2, 5, 4, 3), also=("wrong-reduction",)),
    layer("max pool ties", "tie-overcounted", windows.MaxPool2Ties, windows.MaxPool2, (), TIED),
    layer("max pool everywhere", "ghost-gradient", windows.MaxPool2Everywhere, windows.MaxPool2, (),
          normal(2, 3, 4, 6)),
    layer("average padding counted", "border-wrong", windows.AveragePaddedCounted, windows.AveragePadded, (),
          normal(3, 7)),
    pair("global average undivided", "constant-factor", windows.global_average_forward,
         windows.global_average_backward_undivided, windows.global_average_backward, normal(2, 3, 4, 5)),
    layer("lp pool unsigned", "elementwise-factor", windows.LPPoolUnsigned, windows.LPPool, (), normal(3, 8),
          also=("wrong-local-derivative",)),
    layer("adaptive bins set", "overwritten-contribution", windows.AdaptiveAveragePoolSet, windows.AdaptiveAveragePool,
          (4,), normal(3, 7)),
    pair("max pool wins twice", "overwritten-contribution", windows.max_pool1d_forward, windows.max_pool1d_backward_set,
         windows.max_pool1d_backward, normal(4, 9), 3, also=("duplicate-index-lost",)),
)  # fmt: skip

POINTS = (
    pair("gelu other form", "approximation", points.gelu, points.gelu_derivative_tanh, points.gelu_derivative,
         normal(4, 5)),
    layer("gelu first term", "wrong-local-derivative", points.GELUTanhFirstTerm, points.GELUTanh, (), normal(4, 5),
          also=("missing-term",)),
    layer("silu sigmoid's", "wrong-local-derivative", points.SiLUSigmoids, points.SiLU, (), normal(3, 4)),
    pair("softplus mirrored", "wrong-local-derivative", points.softplus, points.softplus_prime_mirrored,
         points.softplus_prime, normal(3, 4)),
    layer("elu output", "wrong-local-derivative", points.ELUOutput, points.ELU, (), normal(4, 5),
          also=("missing-term",)),
    pair("selu unscaled", "constant-factor", points.selu, points.selu_backward_unscaled, points.selu_backward,
         normal(3, 4)),
    layer("prelu slope of x", "upstream-ignored", points.PReLUSlopeOfX, points.PReLU, (4,), normal(5, 4)),
    layer("prelu dead left", "wrong-local-derivative", points.PReLUDeadLeft, points.PReLU, (4,), normal(5, 4),
          also=("zero-gradient",)),
    layer("maxout pieces first", "permuted-entries", points.MaxoutPiecesFirst, points.Maxout, (3,), normal(4, 12)),
    layer("softmax diagonal", "missing-term", points.SoftmaxDiagonal, points.Softmax, (), normal(3, 5),
          also=("wrong-local-derivative",)),
    pair("log softmax no sum", "missing-term", points.log_softmax_forward, points.log_softmax_backward_no_sum,
         points.log_softmax_backward, normal(3, 5)),
    pair("hard sigmoid everywhere", "ghost-gradient", points.hard_sigmoid, points.hard_sigmoid_prime_everywhere,
         points.hard_sigmoid_prime, normal(4, 5) * 3),
    layer("mish without sigmoid", "wrong-local-derivative", points.MishNoSigmoid, points.Mish, (), normal(3, 4)),
    layer("swish beta lost", "wrong-local-derivative", points.SwishBetaLost, points.Swish, (), normal(3, 4)),
    layer("dropout unscaled", "constant-factor", points.DropoutUnscaled, points.Dropout, (), normal(4, 6),
          also=("mode-mixup",)),
    layer("channel dropout unmasked", "ghost-gradient", points.ChannelDropoutUnmasked, points.ChannelDropout, (),
          normal(3, 4, 5)),
    layer("dropout first mask", "stale-cache", points.DropoutFirstMask, points.Dropout, (), normal(4, 6)),
)  # fmt: skip

DENSE = (
    layer("tied decoder alone", "overwritten-contribution", dense.TiedAutoencoderDecoder, dense.TiedAutoencoder, (4, 3),
          normal(5, 4), also=("missing-term",)),
    layer("linear transposed", "transposed", dense.LinearTransposed, dense.Linear, (3, 3), normal(5, 3)),
    layer("linear decay", "missing-term", dense.LinearRegularised, dense.Linear, (4, 3), normal(5, 4)),
    layer("linear bias axis", "wrong-reduction", dense.LinearBiasAxis, dense.Linear, (3, 5), normal(5, 3)),
    layer("linear averaged", "constant-factor", dense.LinearAveraged, dense.Linear, (4, 3), normal(5, 4)),
    layer("updated first", "updated-before-use", dense.FCLayerUpdatedFirst, dense.FCLayer, (4, 3), normal(2, 4)),
    pair("mlp mask of gradient", "not-linear-upstream", dense.mlp_forward, dense.mlp_backward_mask_of_gradient,
         dense.mlp_backward, normal(4, 3), normal(3, 5), normal(5, 2)),
    layer("embedding fancy", "duplicate-index-lost", dense.EmbeddingFancy, dense.Embedding, (6, 3),
          np.array([[1, 4, 1], [5, 0, 1]])),
    layer("embedding padding taught", "ghost-gradient", dense.EmbeddingPaddingTaught, dense.Embedding, (6, 3, 0),
          np.array([[1, 4, 0], [5, 0, 1]])),
    pair("upsample first copy", "overwritten-contribution", dense.upsample_forward, dense.upsample_backward_first,
         dense.upsample_backward, normal(2, 3, 2, 4), also=("wrong-reduction",)),
    layer("pixel shuffle exchanged", "permuted-entries", dense.PixelShuffleExchanged, dense.PixelShuffle, (),
          normal(2, 8, 3, 2)),
    layer("reflection cropped", "border-wrong", dense.ReflectionPad1dCropped, dense.ReflectionPad1d, (), normal(3, 9)),
    pair("concat exchanged", "swapped-leaves", dense.concat_forward, dense.concat_backward_exchanged,
         dense.concat_backward, normal(3, 4), normal(3, 4) + 0.5),
    layer("gate lacks a", "elementwise-factor", dense.GatedSplitGateOpen, dense.GatedSplit, (), normal(3, 8)),
    layer("flatten other order", "permuted-entries", dense.FlattenOtherOrder, dense.Flatten, (), normal(3, 2, 4)),
    pair("bilinear transposed", "transposed", dense.bilinear_forward, dense.bilinear_backward_transposed,
         dense.bilinear_backward, normal(4, 3), normal(2, 3, 3), normal(4, 3) + 0.3),
    layer("rbf centres' sign", "sign-flipped", dense.RBFCentersSign, dense.RBF, (3, 4), normal(5, 3)),
    layer("fm without squares", "missing-term", dense.FactorizationMachineNoSquares, dense.FactorizationMachine, (5, 3),
          normal(4, 5)),
    layer("layer scale by output", "elementwise-factor", dense.LayerScaleOutput, dense.LayerScale, (4,), normal(5, 4),
          also=("constant-factor",)),
    pair("residual branch alone", "missing-term", dense.residual_forward, dense.residual_backward_branch_alone,
         dense.residual_backward, normal(4, 3), normal(3, 3), np.array([0.2, 0.5, 0.9])),
)  # fmt: skip

BATCH = LOSSES + WINDOWS + POINTS + DENSE
