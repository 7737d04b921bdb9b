"""Writes shrinkage.json: optimal shrinkage from the definitions, by quadrature, root finding and minimisation.

Nothing here uses the closed forms of the library. The median of the Marchenko-Pastur law is that of its density's
integral; shrinkers minimise the loss between 2 x 2 matrices with the limiting overlaps; the hard threshold is where keeping
a value and dropping it cost the same; the Hilbert transform of Ledoit and Wolf's analytical estimator is a principal value
integral of its kernel.

    python tests/data/shrinkage.py        (NumPy 2, SciPy 1.17)
"""

import json
import os

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar


def median(ratio):
    low, high = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2

    def mass(x):
        # x = middle - radius cos(angle) takes the roots out of the integrand.
        middle, radius = (low + high) / 2, (high - low) / 2
        end = np.arccos(np.clip((middle - x) / radius, -1, 1))
        def density(a):
            s, c = max(np.sin(a / 2), 1e-150), np.cos(a / 2)
            return (2 * radius * s * c) ** 2 / (2 * np.pi * ratio * (low + 2 * radius * s * s))

        return quad(density, 0, end, epsabs=1e-13, epsrel=1e-13, limit=500)[0]

    return brentq(lambda x: mass(x) - 0.5, low, high, xtol=1e-15, rtol=1e-14)


def singular(ratio, x):
    """Where a singular value x > ratio^(1/4) shows, and the squared overlaps of its vectors (Benaych-Georges 2012)."""
    y = np.sqrt((1 + x * x) * (ratio + x * x)) / x
    left = 1 - ratio * (1 + x * x) / (x * x * (x * x + ratio))
    right = 1 - (ratio + x * x) / (x * x * (x * x + 1))
    return y, left, right


def norms(matrix):
    values = np.linalg.svd(matrix, compute_uv=False)
    return {"frobenius": np.sum(values**2), "operator": values[0], "nuclear": np.sum(values)}


def least(loss, high):
    """The argument of the least loss on [0, high]; of a flat piece the end that other points lead to."""
    grid = np.linspace(0, high, 4001)
    best = int(np.argmin([loss(x) for x in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, 4000)]
    return minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-12}).x


def singular_table():
    rows = []
    for ratio in [0.05, 0.3, 0.5, 0.8, 1.0]:
        mu = median(ratio)
        keep = lambda x: (lambda y, l, r: y * y - 2 * x * y * np.sqrt(l * r))(*singular(ratio, x))
        crossing = brentq(keep, ratio**0.25 * (1 + 1e-9), 20, xtol=1e-15, rtol=1e-14)
        threshold = singular(ratio, crossing)[0]
        shrunk = []
        for x in [ratio**0.25 * 1.05, 1.3, 2.0, 5.0]:
            y, left, right = singular(ratio, x)
            u = np.array([np.sqrt(left), np.sqrt(1 - left)])
            v = np.array([np.sqrt(right), np.sqrt(1 - right)])
            signal = np.diag([x, 0.0])
            row = {"y": y}
            for name in ["frobenius", "operator", "nuclear"]:
                row[name] = least(lambda eta: norms(signal - eta * np.outer(u, v))[name], 2 * y)
            shrunk.append(row)
        omega = threshold / np.sqrt(mu)
        rows.append({"ratio": ratio, "median": mu, "threshold": threshold, "omega": omega, "values": shrunk})
    return rows


def root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T


COVARIANCE = {
    "frobenius": lambda a, b: norms(a - b)["frobenius"],
    "operator": lambda a, b: norms(a - b)["operator"],
    "nuclear": lambda a, b: norms(a - b)["nuclear"],
    "stein": lambda a, b: np.trace(np.linalg.solve(a, b)) - np.log(np.linalg.det(np.linalg.solve(a, b))),
    "entropy": lambda a, b: np.trace(np.linalg.solve(b, a)) - np.log(np.linalg.det(np.linalg.solve(b, a))),
    "precision": lambda a, b: norms(np.linalg.inv(a) - np.linalg.inv(b))["frobenius"],
    "frechet": lambda a, b: norms(root(a) - root(b))["frobenius"],
}


def covariance_table():
    rows = []
    for ratio in [0.1, 0.5, 1.0, 2.5]:
        for spike in [1 + ratio**0.5 * 1.1, 1 + ratio**0.5 * 2, 12.0]:
            theta = spike - 1
            overlap = (1 - ratio / theta**2) / (1 + ratio / theta)
            u = np.array([np.sqrt(overlap), np.sqrt(1 - overlap)])
            population = np.diag([spike, 1.0])
            row = {"ratio": ratio, "eigenvalue": spike * (1 + ratio / theta)}
            for name, loss in COVARIANCE.items():
                estimate = lambda x: np.eye(2) + x * np.outer(u, u)
                # Bounded by the sample eigenvalue, and above the noise.
                row[name] = 1 + least(lambda x: loss(population, estimate(x)), row["eigenvalue"])
            rows.append(row)
    return rows


def kernel(t):
    return 3 / (4 * np.sqrt(5)) * max(1 - t * t / 5, 0)


def hilbert(x):
    """(1 / pi) PV int kernel(t) / (t - x) dt."""
    edge = np.sqrt(5)
    if abs(x) < edge:
        return quad(kernel, -edge, edge, weight="cauchy", wvar=x, epsabs=1e-13, epsrel=1e-13)[0] / np.pi
    return quad(lambda t: kernel(t) / (t - x), -edge, edge, epsabs=1e-14, epsrel=1e-13, limit=200)[0] / np.pi


def ledoit_wolf(values, samples):
    p, n = len(values), samples
    h = n ** (-1 / 3)
    nonzero = values[max(0, p - n) :]
    f = lambda x: np.mean([kernel((x - v) / (h * v)) / (h * v) for v in nonzero])
    hf = lambda x: np.mean([hilbert((x - v) / (h * v)) / (h * v) for v in nonzero])
    c = p / n
    if p <= n:
        return [v / ((np.pi * c * v * f(v)) ** 2 + (1 - c - np.pi * c * v * hf(v)) ** 2) for v in nonzero]
    zero = 1 / (np.pi * (p - n) / n * hf(0.0))
    return [zero] * (p - n) + [1 / (np.pi**2 * v * (f(v) ** 2 + hf(v) ** 2)) for v in nonzero]


def ledoit_wolf_table():
    rng = np.random.default_rng(0)
    rows = []
    for p, n in [(12, 30), (20, 20), (30, 15), (10, 400)]:
        population = np.repeat([1.0, 3.0, 10.0], [p - 2 * (p // 3), p // 3, p // 3])
        data = np.sqrt(population)[:, None] * rng.standard_normal((p, n))
        values = np.linalg.eigvalsh(data @ data.T / n)
        values[: max(0, p - n)] = 0
        rows.append({"samples": n, "values": values.tolist(), "shrunk": [float(x) for x in ledoit_wolf(values, n)]})
    spread = np.concatenate([np.linspace(0.5, 1.5, 10), np.linspace(5e3, 1.2e4, 5)])
    rows.append({"samples": 60, "values": spread.tolist(), "shrunk": [float(x) for x in ledoit_wolf(spread, 60)]})
    return rows


tables = {"singular": singular_table(), "covariance": covariance_table(), "ledoit_wolf": ledoit_wolf_table()}
with open(os.path.join(os.path.dirname(__file__), "shrinkage.json"), "w") as file:
    json.dump(tables, file, indent=1)
