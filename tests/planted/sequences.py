"""Recurrent layers (N, T, D), attention, gates, residual branches, embeddings; mostly pairs of functions."""

from typing import Any

import numpy as np

from tests.planted.catalogue import Planted, draw, weights


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn_forward(x, h0, Wx, Wh, b):
    h = [h0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ Wx + h[-1] @ Wh + b))
    return np.stack(h[1:], axis=1), (x, h, Wx, Wh)


def rnn_backward(dh, cache, fault=""):
    x, h, Wx, Wh = cache
    steps = x.shape[1]
    dx, dWx, dWh, db = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wx.shape[1])
    dnext = np.zeros_like(h[0])
    for t in reversed(range(steps)):
        total = dh[:, t] + (0 if fault == "not carried" else dnext)
        slope = {"slope 1": 1.0, "slope 1-h": 1 - h[t + 1], "slope of h before": 1 - h[t] ** 2}
        da = total * slope.get(fault, 1 - h[t + 1] ** 2)
        dx[:, t] = da @ Wx.T
        before = {"state after": h[t + 1], "first step's state": h[max(t, 1)]}.get(fault, h[t])
        dWh = dWh * (fault != "last Wh alone") + before.T @ da
        dWx = dWx * (fault != "last Wx alone") + (0 if fault == "first step left out" and t == 0 else x[:, t].T @ da)
        db += da[0] if fault == "bias of one sample" else da.sum(axis=0)
        dnext = da @ (Wh if fault == "Wh not transposed" else Wh.T)
        if fault == "carried twice":
            dnext *= 2
    if fault == "dx reversed":
        dx = dx[:, ::-1]
    if fault == "dh0 of h1":
        dnext = dh[:, 0]
    return dx, dnext, dWx, dWh, db / (steps if fault == "bias per step" else 1)


def lstm_forward(x, h0, W, U, b):
    _n, d = h0.shape
    h, c = h0, np.zeros_like(h0)
    kept: list[tuple[Any, ...]] = []
    out = []
    for t in range(x.shape[1]):
        a = x[:, t] @ W + h @ U + b
        i, f, o, g = sigmoid(a[:, :d]), sigmoid(a[:, d : 2 * d]), sigmoid(a[:, 2 * d : 3 * d]), np.tanh(a[:, 3 * d :])
        kept.append((h, c, i, f, o, g))
        c = f * c + i * g
        h = o * np.tanh(c)
        kept[-1] = (*kept[-1], c)
        out.append(h)
    return np.stack(out, axis=1), (x, kept, W, U)


def lstm_backward(dh, cache, fault=""):
    x, kept, W, U = cache
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(W.shape[1])
    dhn, dcn = np.zeros_like(kept[0][0]), np.zeros_like(kept[0][0])
    for t in reversed(range(x.shape[1])):
        h, c, i, f, o, g, c1 = kept[t]
        if fault == "first step's state" and t == 0:
            h = kept[1][0]
        total = dh[:, t] + dhn
        slope = 1 - (c1 if fault == "tanh of c" else np.tanh(c1)) ** 2
        dc = (0 if fault == "cell not carried" else dcn) + total * o * slope
        do = total * (c1 if fault == "output gate" else np.tanh(c1))
        parts = [dc * g * i * (1 - i), dc * c * f * (1 - f), do * o * (1 - o), dc * i * (1 - g**2)]
        if fault == "forget gate of c after":
            parts[1] = dc * c1 * f * (1 - f)
        if fault == "candidate slope":
            parts[3] = dc * i * g * (1 - g)
        if fault == "gates exchanged":
            parts[0], parts[1] = parts[1], parts[0]
        if fault == "candidate sign":
            parts[3] = -parts[3]
        da = np.concatenate(parts, axis=1)
        dx[:, t], dhn, dcn = da @ W.T, da @ U.T, dc * f
        dW += x[:, t].T @ da
        dU += h.T @ da
        db += da.sum(axis=0)
    return dx, dhn, dW, dU, db


def gru_forward(x, h0, W, U):
    d = h0.shape[1]
    h, kept = h0, []
    for t in range(x.shape[1]):
        gates = x[:, t] @ W
        z, r = sigmoid(gates[:, :d] + h @ U[:, :d]), sigmoid(gates[:, d : 2 * d] + h @ U[:, d : 2 * d])
        n = np.tanh(gates[:, 2 * d :] + (r * h) @ U[:, 2 * d :])
        kept.append((h, z, r, n))
        h = (1 - z) * n + z * h
    return h, (x, kept, W, U)


def gru_backward(dh, cache, fault=""):
    x, kept, W, U = cache
    d = dh.shape[1]
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    for t in reversed(range(x.shape[1])):
        h, z, r, n = kept[t]
        dz, dn = dh * (h - n), dh * (1 - z)
        if fault == "update gate's sign":
            dz = -dz
        dan = dn * (1 - n**2)
        drh = dan @ U[:, 2 * d :].T
        dar, daz = drh * h * r * (1 - r), dz * z * (1 - z)
        dx[:, t] = np.concatenate([daz, dar, dan], axis=1) @ W.T
        dW += x[:, t].T @ np.concatenate([daz, dar, dan], axis=1)
        dU += np.concatenate([h.T @ daz, h.T @ dar, (h if fault == "reset left out" else r * h).T @ dan], axis=1)
        direct = 0 if fault == "direct path lost" else dh * z
        dh = direct + daz @ U[:, :d].T + dar @ U[:, d : 2 * d].T + drh * (1 if fault == "reset lost" else r)
    return dx, dh, dW, dU


def attention_forward(q, k, v):
    s = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    return p @ v, (q, k, v, p)


def attention_backward(dout, cache, fault=""):
    q, k, v, p = cache
    dv = (p if fault == "p not transposed" else p.swapaxes(-1, -2)) @ dout
    dp = dout @ v.swapaxes(-1, -2)
    ds = p * (dp - (0 if fault == "softmax diagonal" else (dp * p).sum(axis=-1, keepdims=True)))
    root = {"scale forgotten": 1.0, "scale not rooted": q.shape[-1]}.get(fault, np.sqrt(q.shape[-1]))
    dk = ds.swapaxes(-1, -2) @ q / root
    return ds @ k / root, (dk[:, ::-1] if fault == "keys reversed" else dk), dv


def entropy_forward(scores, labels):
    s = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(p)), labels]).mean(), (p, labels)


def entropy_backward(dout, cache, fault=""):
    p, labels = cache
    d = p.copy()
    if fault != "label not subtracted":
        d[np.arange(len(d)), labels] -= 2 if fault == "label twice" else 1
    d = -d if fault == "sign" else d
    d = d if fault == "not averaged" else d / (d.size if fault == "over all" else len(d))
    return d * (1.0 if fault == "dout ignored" else dout), None


def gate_forward(x, W, V):
    a, s = x @ W, sigmoid(x @ V)
    return a * s, (x, W, V, a, s)


def gate_backward(dout, cache, fault=""):
    x, W, V, a, s = cache
    da, ds = dout * s, dout * a * (s if fault == "half a slope" else s * (1 - s))
    da = dout * a if fault == "wrong factor" else da
    dx = da @ W.T + (0 if fault == "gate's path lost" else ds @ V.T)
    if fault == "gradients exchanged":
        return dx, x.T @ ds, x.T @ da
    return dx, x.T @ da, x.T @ ds


def residual_forward(x, W):
    a = np.tanh(x @ W)
    return x + a, (x, W, a)


def residual_backward(dout, cache, fault=""):
    x, W, a = cache
    da = dout * (1 - a**2)
    skip = {"skip lost": 0.0, "skip twice": 2.0, "skip subtracted": -1.0}.get(fault, 1.0)
    return skip * dout + (0 if fault == "branch lost" else da @ (W if fault == "W not transposed" else W.T)), x.T @ da


def embed_forward(words, table):
    return table[words], (words, table.shape)


def embed_backward(dout, cache, fault=""):
    words, shape = cache
    table = np.zeros(shape)
    if fault == "buffered":
        table[words] += dout
    elif fault == "set":
        table[words] = dout
    else:
        np.add.at(table, words, dout)
    return None, table / (words.size if fault == "averaged" else 1)


def with_fault(backward, fault):
    def wrong(dout, cache):
        return backward(dout, cache, fault)

    return wrong


X, H0 = draw(2, 4, 3), draw(2, 5)
RNN = (X, H0, weights(3, 5), weights(5, 5, seed=2), weights(5))
LSTM = (X, H0, weights(3, 20), weights(5, 20), weights(20))
GRU = (X, H0, weights(3, 15), weights(5, 15))
HEADS = (draw(2, 4, 6), draw(2, 5, 6, seed=1), draw(2, 5, 3, seed=2))
SQUARE = (draw(2, 4, 6), draw(2, 4, 6, seed=1), draw(2, 4, 3, seed=2))
SCORES = (draw(5, 4), np.array([0, 3, 1, 1, 2]))
GATE, SKIP = (draw(4, 5), weights(5, 3), weights(5, 3, seed=2)), (draw(4, 5), weights(5, 5))
WORDS = (np.array([[2, 0, 3], [2, 1, 3]]), weights(6, 4))


class Pair:
    """A family of faults of one pair of functions."""

    def __init__(self, name, forward, backward, arguments):
        self.name, self.forward, self.backward, self.arguments = name, forward, backward, arguments

    def __call__(self, fault, leaf, cause, expression=None):
        return Planted(
            f"{self.name}: {fault}", lambda: (self.forward, with_fault(self.backward, fault)),
            lambda: (self.forward, self.backward), self.arguments, leaf, cause, expression,
        )  # fmt: skip


_rnn = Pair("rnn", rnn_forward, rnn_backward, RNN)
_lstm = Pair("lstm", lstm_forward, lstm_backward, LSTM)
_gru = Pair("gru", gru_forward, gru_backward, GRU)
_attention = Pair("attention", attention_forward, attention_backward, HEADS)
_square = Pair("square attention", attention_forward, attention_backward, SQUARE)
_entropy = Pair("cross entropy", entropy_forward, entropy_backward, SCORES)
_gate = Pair("gate", gate_forward, gate_backward, GATE)
_skip = Pair("residual", residual_forward, residual_backward, SKIP)
_embed = Pair("embedding", embed_forward, embed_backward, WORDS)


PLANTED = [
    _rnn("not carried", "input h0 Wx Wh b", "time-step-wrong"),
    _rnn("slope 1", "input h0 Wx Wh b", "wrong-local-derivative"),
    _rnn("state after", "Wh", "time-step-wrong"),
    _rnn("first step's state", "Wh", "time-step-wrong"),
    _rnn("first step left out", "Wx", "time-step-wrong"),
    _rnn("last Wh alone", "Wh", "overwritten-contribution"),
    _rnn("last Wx alone", "Wx", "overwritten-contribution"),
    _rnn("bias of one sample", "b", "overwritten-contribution"),
    _rnn("Wh not transposed", "input h0 Wx Wh b", "transposed"),
    _rnn("dx reversed", "input", "axis-flipped"),
    _rnn("dh0 of h1", "h0", "unrecognised"),
    _rnn("bias per step", "b", "constant-factor"),
    _lstm("first step's state", "U", "time-step-wrong"),
    _lstm("cell not carried", "input h0 W U b", "time-step-wrong"),
    _lstm("candidate sign", "input h0 W U b", "unrecognised"),
    _gru("update gate's sign", "input h0 W U", "unrecognised"),
    _gru("reset left out", "U", "located"),
    _square("p not transposed", "v", "transposed"),
    _attention("scale forgotten", "input k", "constant-factor", "sqrt(input_shape[2])"),
    _attention("scale not rooted", "input k", "constant-factor", "1 / sqrt(input_shape[2])"),
    _attention("keys reversed", "k", "axis-flipped"),
    _entropy("not averaged", "input", "constant-factor", "N"),
    _entropy("over all", "input", "constant-factor", "1 / input_shape[1]"),
    _entropy("sign", "input", "sign-flipped"),
    _entropy("dout ignored", "input", "upstream-ignored"),
    _gate("gradients exchanged", "W V", "swapped-leaves"),
    _gate("half a slope", "input V", "wrong-local-derivative"),
    _skip("skip lost", "input", "missing-term"),
    _skip("skip twice", "input", "missing-term"),
    _skip("W not transposed", "input", "transposed"),
    _embed("buffered", "input", "duplicate-index-lost"),
    _embed("set", "input", "duplicate-index-lost"),
    _embed("averaged", "input", "constant-factor"),
]  # fmt: skip
