"""Clustering of logit gradients of digit classifiers at initialization, independently, with numpy alone: means and standard
deviations over ten draws of the weights, which tests/suite/clustering.rs quotes. From the root of the repository:
python3 tests/data/clustering.py"""

import gzip

import numpy as np


def read(name, header):
    with gzip.open(f"examples/data/digits-{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8)[header:]


images = read("images-idx3", 16).reshape(1797, 64)[:1500].astype(float)
images = ((images - images.mean()) / images.std())[::3]
labels = read("labels-idx1", 8)[:1500:3].astype(int)
counts = np.bincount(labels, minlength=10)
rows = []
for seed in range(10):
    draw = np.random.default_rng(seed)
    weights = [draw.normal(size=(b, a)) / np.sqrt(a) for a, b in [(64, 64), (64, 64), (64, 10)]]
    first = np.tanh(images @ weights[0].T)
    second = np.tanh(first @ weights[1].T)
    logits = second @ weights[2].T
    n = len(labels)
    delta = np.broadcast_to(np.eye(10), (n, 10, 10))
    parts = []
    for layer, below in ((2, second), (1, first), (0, images)):
        parts += [delta, np.einsum("mkj,mi->mkji", delta, below).reshape(n, 10, -1)]
        delta = np.einsum("mkj,ji->mki", delta, weights[layer]) * (1 - below**2)[:, None, :]
    jacobian = np.concatenate([part.astype(np.float32) for part in parts], 2)
    units = jacobian / np.linalg.norm(jacobian, axis=2, keepdims=True)
    sums = np.stack([[units[labels == y][:, k].sum(0) for y in range(10)] for k in range(10)])
    gram = sums.sum(1) @ sums.sum(1).T
    means = jacobian.mean(0)
    rows.append([
        ((sums**2).sum() - 10 * n) / (10 * (counts * (counts - 1)).sum()),
        (np.trace(gram) - 10 * n) / (10 * n * (n - 1)),
        (gram.sum() - np.trace(gram)) / (90 * n * n),
        (means**2).sum(1).mean(),
        ((jacobian - means) ** 2).sum(2).mean(),
    ])
rows = np.array(rows)
print("same logit and class, same logit, different logits, |c_k|^2, |residue|^2")
print("mean", rows.mean(0).round(4).tolist())
print("standard deviation", rows.std(0, ddof=1).round(4).tolist())
