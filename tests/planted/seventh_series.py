"""Losses and pools of sequences: the seventh held-out batch; see unseen_seventh.py and unseen_seventh_blind.py."""

import numpy as np

MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]])


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def masked_ce(bug=""):
    def nll(y_true, y_pred):
        p = softmax(y_pred)
        n, t = np.indices(y_true.shape)
        return p, -np.log(p[n, t, y_true]) * MASK

    def loss(y_true, y_pred):
        mean = nll(y_true, y_pred)[1].sum() / MASK.sum()
        return np.exp(mean) if "perplexity" in bug or bug == "right" else mean

    def loss_prime(y_true, y_pred):
        p, each = nll(y_true, y_pred)
        n, t = np.indices(y_true.shape)
        d = p.copy()
        if bug != "target":
            d[n, t, y_true] -= 1
        if bug != "mask":
            d *= MASK[..., None]
        d /= y_true.size if bug == "count" else MASK.sum()
        return d * np.exp(each.sum() / MASK.sum()) if bug == "right" else d

    return loss, loss_prime


def perplexity(bug=""):
    return masked_ce(bug or "right")


class SequenceNLL:
    """Probabilities (T, V) in, the summed loss out; padded rows are zeros."""

    def __init__(self, bug=""):
        self.bug, self.target, self.mask = bug, np.array([1, 0, 2, 1]), np.array([1, 1, 1, 0])

    def forward(self, p):
        self.p = p
        picked = p[np.arange(4), self.target]
        return -np.log(np.where(self.mask > 0, picked, 1.0)).sum() * np.ones(1)

    def backward(self, dloss):
        picked = self.p[np.arange(4), self.target]
        dp = np.zeros_like(self.p)
        safe = picked if self.bug == "nan" else np.where(self.mask > 0, picked, 1.0)
        dp[np.arange(4), self.target] = -self.mask / safe
        return dp if self.bug == "one" else dp * dloss


def two_paths(bug=""):
    """CTC in small: -log(sum over alignments of the product), 'a' in T steps once, else blank. log-probs (T, 2)."""

    def scores(lp):
        return np.array([lp[:, 0].sum() - lp[t, 0] + lp[t, 1] for t in range(len(lp))])

    def forward(lp):
        s = scores(lp)
        m = s.max()
        return np.array([-(m + np.log(np.exp(s - m).sum()))]), (lp, s)

    def backward(dl, cache):
        _, s = cache
        post = softmax(s)
        d = np.stack([1 - post, post], axis=1)
        return (dl * d if bug == "sign" else -dl * d,)

    return forward, backward


class MeanValid:
    def __init__(self, bug=""):
        self.lengths, self.bug = np.array([4, 1, 3]), bug

    def forward(self, x):
        self.mask = (np.arange(x.shape[1])[None] < self.lengths[:, None])[..., None]
        return (x * self.mask).sum(1) / self.lengths[:, None]

    def backward(self, dy):
        g = (dy / (self.mask.shape[1] if self.bug == "T" else self.lengths[:, None]))[:, None]
        return np.repeat(g, self.mask.shape[1], 1) if self.bug == "mask" else g * self.mask


class MaxOverTime:
    def __init__(self, bug=""):
        self.bug = bug

    def forward(self, x):
        self.x, self.arg = x, x.argmax(1)
        return x.max(1)

    def backward(self, dy):
        if self.bug == "ties":
            return (self.x == self.x.max(1, keepdims=True)) * dy[:, None]
        dx = np.zeros_like(self.x)
        n, d = np.indices(dy.shape)
        dx[n, self.arg, d] = dy
        return dx
