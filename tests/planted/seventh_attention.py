"""Attention: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

import numpy as np

from tests.planted.catalogue import weights


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(bug=""):
    """Causal scaled dot product, one head, (T, d)."""

    def forward(q, k, v):
        d = q.shape[-1]
        s = q @ k.T / np.sqrt(d)
        a = softmax(np.where(np.tril(np.ones(s.shape)) > 0, s, -1e9))
        return a @ v, (q, k, v, a.astype(np.float16) if bug == "half" else a)

    def backward(dout, cache):
        q, k, v, a = cache
        da = dout @ v.T
        ds = a * da if bug == "softmax" else a * (da - (da * a).sum(axis=-1, keepdims=True))
        if bug == "column":
            ds = a * (da - (da * a).sum(axis=0, keepdims=True))
        ds = ds if bug == "scale" else ds / np.sqrt(q.shape[-1])
        dv = (a if bug == "dv" else a.T) @ dout
        if bug == "exchange":
            return ds @ k, dv, ds.T @ q
        return ds @ k, ds.T @ q, dv.astype(np.float64)

    return forward, backward


def biased_linear(bug=""):
    """y = tril(q k^T + B) v, no softmax; B is learned."""

    def forward(q, k, v, B):
        s = np.tril(q @ k.T + B)
        return s @ v, (q, k, v, s)

    def backward(dy, cache):
        q, k, v, s = cache
        full = dy @ v.T
        ds = np.tril(full)
        return ds @ k, ds.T @ q, s.T @ dy, full if bug == "triangle" else ds

    return forward, backward


class MultiHeadAttention:
    """(T, E) with h heads, the article's update in place."""

    def __init__(self, bug=""):
        self.num_heads, self.bug = 2, bug
        self.W_q, self.W_k, self.W_v, self.W_o = (weights(4, 4, seed=s) * 2 for s in range(4))

    def split(self, m):
        return m.reshape(len(m), self.num_heads, -1).transpose(1, 0, 2)

    def join(self, m):
        return m.transpose(1, 0, 2).reshape(m.shape[1], -1)

    def forward_propagation(self, x):
        self.x = x
        self.q, self.k, self.v = (self.split(x @ W) for W in (self.W_q, self.W_k, self.W_v))
        self.root = np.sqrt(self.q.shape[-1])
        self.a = softmax(self.q @ self.k.transpose(0, 2, 1) / self.root)
        self.o = self.join(self.a @ self.v)
        return self.o @ self.W_o

    def backward_propagation(self, error, learning_rate):
        bug = self.bug
        dW_o = self.o.T @ error
        do = self.split(error @ self.W_o.T)
        da = do @ self.v.transpose(0, 2, 1)
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) / self.root
        dv = self.a.transpose(0, 2, 1) @ do
        dq, dk = ds @ self.k, ds.transpose(0, 2, 1) @ self.q
        dv = dv.reshape(len(self.x), -1) if bug == "merge" else self.join(dv)
        dq, dk = self.join(dq), self.join(dk)
        dx = dq @ self.W_q.T + dk @ self.W_k.T
        if bug != "values":
            dx = dx + dv @ self.W_v.T
        self.W_o -= learning_rate * (dW_o.T if bug == "W_o" else dW_o)
        self.W_q -= learning_rate * self.x.T @ dq
        self.W_k -= learning_rate * self.x.T @ dk
        self.W_v -= learning_rate * self.x.T @ dv
        return dx
