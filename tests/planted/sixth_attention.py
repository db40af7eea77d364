"""Attention of the sixth held-out batch: one maker a layer. The table stands in unseen_sixth.py."""

from typing import Any

import numpy as np

from tests.planted.catalogue import weights

Pair = tuple[Any, Any]


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax_back(p: Any, dp: Any) -> Any:
    return p * (dp - (p * dp).sum(-1, keepdims=True))


def causal(bug: str = "") -> Pair:
    """Scaled dot product over (N, T, D); a query sees what is not after it. The weights fall out with a fixed mask."""
    keep = (np.random.default_rng(11).random((2, 4, 4)) > 0.3) / 0.7

    def forward(q: Any, k: Any, v: Any, tau: Any) -> Any:
        scores = q @ k.transpose(0, 2, 1) / tau
        p = softmax(np.where(np.tri(q.shape[1], dtype=bool), scores, -1e9))
        return (p * keep) @ v, (q, k, v, tau, scores, p)

    def backward(dout: Any, cache: Any) -> Any:
        q, k, v, tau, scores, p = cache
        dv = (p * keep).transpose(0, 2, 1) @ dout
        dp = dout @ v.transpose(0, 2, 1) * (1 if bug == "dropout" else keep)
        ds = p * (dp - (p * dp).sum(1, keepdims=True)) if bug == "axis" else softmax_back(p, dp)
        dtau = (ds * scores).sum() / tau * (1 if bug == "tau" else -1)
        ds = ds / tau
        return ds @ k, ds.transpose(0, 2, 1) @ q, dv, np.array(dtau)

    return forward, backward


class FusedHeads:
    """One matrix for q, k and v of three heads, (N, T, D)."""

    def __init__(self, bug: str = "") -> None:
        self.W_qkv, self.W_out, self.b_out = weights(6, 18) * 2, weights(6, 6, seed=2) * 2, weights(6, seed=3)
        self.bug, self.n_heads = bug, 3

    def split(self, x: Any) -> Any:
        n, t, d = x.shape
        return x.reshape(n, t, self.n_heads, d // self.n_heads).transpose(0, 2, 1, 3)

    def merge(self, x: Any) -> Any:
        n, h, t, d = x.shape
        return x.transpose(0, 2, 1, 3).reshape(n, t, h * d)

    def forward(self, x: Any) -> Any:
        self.x = x
        self.q, self.k, self.v = (self.split(part) for part in np.split(x @ self.W_qkv, 3, axis=-1))
        self.p = softmax(self.q @ self.k.swapaxes(2, 3) / np.sqrt(self.q.shape[-1]))
        self.y = self.merge(self.p @ self.v)
        return self.y @ self.W_out + self.b_out

    def backward(self, dout: Any) -> Any:
        bug, d = self.bug, self.q.shape[-1]
        self.dW_out = np.einsum("nti,ntj->ij", self.y, dout)
        self.db_out = dout.mean((0, 1)) if bug == "bias" else dout.sum((0, 1))
        dy = self.split(dout @ self.W_out.T)
        dv = self.p.swapaxes(2, 3) @ dy
        ds = softmax_back(self.p, dy @ self.v.swapaxes(2, 3)) / (d if bug == "twice" else np.sqrt(d))
        dq, dk = ds @ self.k, ds.swapaxes(2, 3) @ self.q
        dk = dk.reshape(self.x.shape) if bug == "merge" else self.merge(dk)
        parts = [self.merge(dq), dk, self.merge(dv)]
        if bug == "order":
            parts = [parts[0], parts[2], parts[1]]
        dqkv = np.concatenate(parts, axis=-1)
        self.dW_qkv = np.einsum("nti,ntj->ij", self.x, dqkv)
        return dqkv @ self.W_qkv.T


class CrossAttention:
    """Queries from x, keys and values from a memory; both are (T, D) and (S, E)."""

    def __init__(self, bug: str = "") -> None:
        self.Wq, self.Wk, self.Wv, self.bug = weights(3, 4) * 3, weights(5, 4, seed=2) * 3, weights(5, 3, seed=3), bug

    def forward(self, x: Any, memory: Any) -> Any:
        self.x, self.memory = x, memory
        self.q, self.k, self.v = x @ self.Wq, memory @ self.Wk, memory @ self.Wv
        self.p = softmax(self.q @ self.k.T / np.sqrt(4))
        return self.p @ self.v

    def backward(self, dout: Any) -> Any:
        bug = self.bug
        dv, ds = self.p.T @ dout, softmax_back(self.p, dout @ self.v.T)
        dq = ds @ self.k / np.sqrt(len(self.k) if bug == "length" else 4)
        dk = ds.T @ self.q / np.sqrt(4)
        self.dWq, self.dWk, self.dWv = self.x.T @ dq, self.memory.T @ dk, self.memory.T @ dv
        dmemory = dk @ self.Wk.T
        if bug == "values":
            dmemory = dv @ self.Wv.T
        elif bug != "keys":
            dmemory += dv @ self.Wv.T
        return dq @ self.Wq.T, dmemory


def general(bug: str = "") -> Pair:
    """Luong's: score = query W key, one context for each query, gated by a sigmoid of the query."""

    def forward(query: Any, keys: Any, W: Any, Wg: Any) -> Any:
        p = softmax(query @ W @ keys.T)
        context, gate = p @ keys, sigmoid(query @ Wg)
        return gate * context, (query, keys, W, Wg, p, context, gate)

    def backward(dout: Any, cache: Any) -> Any:
        query, keys, W, Wg, p, context, gate = cache
        dcontext = dout * gate
        da = dout * context * (gate if bug == "gate" else gate * (1 - gate))
        ds = softmax_back(p, dcontext @ keys.T)
        dW = query.T @ ds @ keys
        dquery = ds @ keys @ W.T + da @ Wg.T
        dkeys = ds.T @ query @ W + (0 if bug == "context" else p.T @ dcontext)
        return dquery, dkeys, dW.T if bug == "dW" else dW, query.T @ da

    return forward, backward


def bahdanau(bug: str = "") -> Pair:
    """score = v . tanh(keys U + state W + b), one state, (N, T, D) keys."""

    def forward(keys: Any, state: Any, U: Any, W: Any, b: Any, v: Any) -> Any:  # noqa: PLR0917
        u = np.tanh(keys @ U + (state @ W)[:, None] + b)
        alpha = softmax(u @ v)
        return np.einsum("nt,ntd->nd", alpha, keys), (keys, state, U, W, v, u, alpha)

    def backward(dout: Any, cache: Any) -> Any:
        keys, state, U, W, v, u, alpha = cache
        dalpha = np.einsum("nd,ntd->nt", dout, keys)
        de = alpha * (1 - alpha) * dalpha if bug == "diagonal" else softmax_back(alpha, dalpha)
        du = de[..., None] * v
        dz = du * (1 - u if bug == "slope" else 1 - u**2)
        dkeys = dz @ U.T + alpha[..., None] * dout[:, None]
        dh = dz[:, -1] if bug == "last" else dz.sum(1)
        dU = np.einsum("ntd,nth->dh", keys, dz)
        return dkeys, dh @ W.T, dU, state.T @ dh, dz.sum((0, 1)), np.einsum("nt,nth->h", de, u)

    return forward, backward


def shared_keys(bug: str = "") -> Pair:
    """Multi-query attention: (H, T, D) queries, one set of keys and values; a slope for each head's distances."""

    def forward(q: Any, k: Any, v: Any, slope: Any) -> Any:
        t = np.arange(q.shape[1])
        bias = -np.abs(t[:, None] - np.arange(len(k))[None, :])
        p = softmax(q @ k.T / np.sqrt(q.shape[-1]) + slope[:, None, None] * bias)
        return p @ v, (q, k, v, p, bias)

    def backward(dout: Any, cache: Any) -> Any:
        q, k, v, p, bias = cache
        dv = np.einsum("hts,htd->sd", p, dout)
        ds = softmax_back(p, dout @ v.T)
        dslope = (ds * bias).mean((1, 2)) if bug == "slope" else (ds * bias).sum((1, 2))
        ds = ds / np.sqrt(q.shape[-1])
        dk = np.zeros_like(k)
        for head in range(len(q)):
            if bug == "heads":
                dk = ds[head].T @ q[head]
            else:
                dk += ds[head].T @ q[head]
        return ds @ k, dk, dv, dslope

    return forward, backward


def linear_attention(bug: str = "") -> Pair:
    """phi(q) (phi(k).T v) / phi(q) . sum phi(k), phi = exp."""

    def forward(q: Any, k: Any, v: Any) -> Any:
        a, b = np.exp(q), np.exp(k)
        z = a @ b.sum(0)
        return a @ (b.T @ v) / z[:, None], (a, b, v, z)

    def backward(dout: Any, cache: Any) -> Any:
        a, b, v, z = cache
        dn = dout / z[:, None]
        dz = 0 * z if bug == "normaliser" else -(dn * (a @ (b.T @ v))).sum(1) / z
        da = dn @ (b.T @ v).T + dz[:, None] * b.sum(0)
        db = v @ (a.T @ dn).T + (dz[:, None] * a).sum(0)
        return da * (1 if bug == "phi" else a), db * b, b @ (a.T @ dn)

    return forward, backward


def padded_keys(bug: str = "") -> Pair:
    """The weights of padded keys are set to 0 after softmax."""
    real = np.array([1, 1, 1, 0, 1, 0.0])

    def forward(q: Any, k: Any, v: Any) -> Any:
        p = softmax(q @ k.T)
        return p * real @ v, (q, k, v, p)

    def backward(dout: Any, cache: Any) -> Any:
        q, k, v, p = cache
        dv = (p if bug == "values" else p * real).T @ dout
        ds = softmax_back(p, dout @ v.T * (1 if bug == "scores" else real))
        return ds @ k, ds.T @ q, dv

    return forward, backward
