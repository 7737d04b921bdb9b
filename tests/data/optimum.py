"""Writes optimum.json: softmax regression on the digits with a quadratic penalty, minimised by SciPy.

The objective is the mean cross-entropy over all 1797 images, pixels standardized over all of them, plus strength |theta|^2 / 2; theta is
10 x 64 weights row by row, then 10 biases. It is strictly convex: one optimum. SciPy's trust-exact, from the dense Hessian, and then
Newton steps to the last digit.

    python tests/data/optimum.py        (NumPy 2, SciPy 1.17)
"""

import gzip
import json
import pathlib

import numpy as np
from scipy.optimize import minimize

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent / "examples" / "data"
pixels = gzip.open(DATA / "digits-images-idx3-ubyte.gz").read()[16:]
labels = np.frombuffer(gzip.open(DATA / "digits-labels-idx1-ubyte.gz").read()[8:], np.uint8)
x = np.frombuffer(pixels, np.uint8).reshape(len(labels), 64).astype(float)
x = np.hstack([(x - x.mean()) / x.std(), np.ones((len(x), 1))])
y = np.eye(10)[labels]


def probabilities(theta):
    z = x @ theta.reshape(65, 10)
    shift = z.max(axis=1, keepdims=True)
    e = np.exp(z - shift)
    return z, shift[:, 0] + np.log(e.sum(axis=1)), e / e.sum(axis=1, keepdims=True)


def case(strength):
    def value(theta):
        z, logarithm, _ = probabilities(theta)
        return np.mean(logarithm - (z * y).sum(axis=1)) + 0.5 * strength * theta @ theta

    def gradient(theta):
        _, _, p = probabilities(theta)
        return (x.T @ (p - y) / len(x)).ravel() + strength * theta

    def hessian(theta):
        _, _, p = probabilities(theta)
        h = np.zeros((65, 10, 65, 10))
        for k in range(10):
            for l in range(10):
                weight = p[:, k] * ((k == l) - p[:, l])
                h[:, k, :, l] = (x * weight[:, None]).T @ x / len(x)
        return h.reshape(650, 650) + strength * np.eye(650)

    # Within the computation the biases are a row below the transposed weights.
    theta = minimize(value, np.zeros(650), jac=gradient, hess=hessian, method="trust-exact", options={"gtol": 1e-9}).x
    for _ in range(2):
        theta = theta - np.linalg.solve(hessian(theta), gradient(theta))
    norm = np.linalg.norm(gradient(theta))
    assert norm < 1e-13, norm
    least, optimum = value(theta), theta.reshape(65, 10)
    theta = np.concatenate([optimum[:64].T.ravel(), optimum[64]])
    return {
        "strength": strength,
        "value": least,
        "gradient_norm": norm,
        "norm": np.linalg.norm(theta),
        "sum_of_cubes": np.sum(theta**3),
        "every": 37,
        "entries": theta[::37].tolist(),
    }


(HERE / "optimum.json").write_text(json.dumps([case(1e-2), case(1e-3)], indent=1) + "\n")
