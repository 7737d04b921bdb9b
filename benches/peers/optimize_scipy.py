"""What SciPy's minimizers evaluate until the gradient's norm is at most 1e-6, on the objectives of the example `optimizers`.

    python benches/peers/optimize_scipy.py        (NumPy, SciPy)

Counted are calls of the function, of the gradient, and of the Hessian's product, up to the first point at which the Euclidean norm of
the gradient is small enough. SciPy's own criteria are switched off, or set to that.
"""

import gzip
import pathlib

import numpy as np
import scipy
from scipy.optimize import minimize, rosen, rosen_der, rosen_hess_prod

TOLERANCE = 1e-6
DATA = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "data"


class Enough(Exception):
    pass


def digits(strength):
    """Softmax regression on standardized digits: parameters are 64 x 10 weights row by row, then 10 biases."""
    pixels = gzip.open(DATA / "digits-images-idx3-ubyte.gz").read()[16:]
    labels = np.frombuffer(gzip.open(DATA / "digits-labels-idx1-ubyte.gz").read()[8:], np.uint8)
    x = np.frombuffer(pixels, np.uint8).reshape(len(labels), 64).astype(float) / 255
    x = (x - x.mean()) / x.std()
    x = np.hstack([x, np.ones((len(x), 1))])
    y = np.eye(10)[labels]

    def softmax(theta):
        z = x @ theta.reshape(65, 10)
        z -= z.max(axis=1, keepdims=True)
        e = np.exp(z)
        return z, e / e.sum(axis=1, keepdims=True)

    def value(theta):
        z, p = softmax(theta)
        return np.mean(np.log(np.exp(z).sum(axis=1)) - (z * y).sum(axis=1)) + 0.5 * strength * theta @ theta

    def gradient(theta):
        _, p = softmax(theta)
        return (x.T @ (p - y) / len(x)).ravel() + strength * theta

    def product(theta, v):
        _, p = softmax(theta)
        u = x @ v.reshape(65, 10)
        return (x.T @ (p * (u - (p * u).sum(axis=1, keepdims=True))) / len(x)).ravel() + strength * v

    return value, gradient, product, np.zeros(650)


def quadratic(n, condition):
    d = condition ** (np.arange(n) / (n - 1))
    return (
        lambda x: 0.5 * d @ (x - 1) ** 2,
        lambda x: d * (x - 1),
        lambda x, v: d * v,
        np.zeros(n),
    )


def valley(n):
    return rosen, rosen_der, rosen_hess_prod, np.tile([-1.2, 1.0], n // 2)


OBJECTIVES = {
    "Rosenbrock, 2": valley(2),
    "Rosenbrock, 100": valley(100),
    "quadratic, 100, condition 1e6": quadratic(100, 1e6),
    "softmax regression on digits, 650": digits(1e-3),
}
# No method's own criterion but the gradient's norm.
OPTIONS = {
    "L-BFGS-B": {"maxcor": 10, "ftol": 0, "gtol": 0, "maxiter": 10**5, "maxfun": 10**5},
    "BFGS": {"gtol": 0, "maxiter": 10**5},
    "trust-ncg": {"gtol": TOLERANCE, "maxiter": 10**5},
    "Newton-CG": {"xtol": 0, "maxiter": 10**4},
}


def counts(method, value, gradient, product, start):
    made = {"values": 0, "gradients": 0, "products": 0, "iterations": 0}
    enough = {}

    def counted_value(x):
        made["values"] += 1
        return value(x)

    def counted_gradient(x):
        made["gradients"] += 1
        g = gradient(x)
        if np.linalg.norm(g) <= TOLERANCE:
            enough.update(made, value=value(x), theta=x.copy())
            raise Enough
        return g

    def counted_product(x, v):
        made["products"] += 1
        return product(x, v)

    def iteration(_):
        made["iterations"] += 1

    more = {"hessp": counted_product} if method in ("trust-ncg", "Newton-CG") else {}
    try:
        minimize(
            counted_value, start, jac=counted_gradient, method=method, options=OPTIONS[method], callback=iteration, **more
        )
    except Enough:
        pass
    return enough


if __name__ == "__main__":
    print(f"SciPy {scipy.__version__}")
    print("| objective | method | values | gradients | products | value |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, objective in OBJECTIVES.items():
        for method in OPTIONS:
            found = counts(method, *objective)
            if not found:
                print(f"| {name} | {method} | not reached | | | |")
                continue
            numbers = [found["values"], found["gradients"], found["products"], f"{found['value']:.12g}"]
            print(f"| {name} | {method} | " + " | ".join(map(str, numbers)) + " |")
