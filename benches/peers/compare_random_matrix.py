"""Runs our laws, edges and samples of random matrices and those of scikit-rmt and freealg in alternation, one thread
each, and prints times, ratios and errors as a table.

    cargo bench --bench random_matrix_peers --no-run
    python benches/peers/compare_random_matrix.py [rounds]

Needs an environment with scikit-rmt, freealg and mpmath. Errors are the largest at some of the points, relative to the
largest value, or how many edges were found for how many there are; of quantiles those of F(quantile(u)) - u; of samples
the Kolmogorov distance from the law, times the size.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings

# As in compare.py: libraries choose their kernels by themselves. Before numpy is there.
for name in [key for key in os.environ if key.startswith("OPENBLAS_")]:
    del os.environ[name]
for name in ("RAYON", "OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{name}_NUM_THREADS"] = "1"
os.environ["MPLBACKEND"] = "Agg"

import mpmath
import numpy as np
import random_matrix_references as reference
from freealg import distributions as free
from skrmt.ensemble import spectral_law as rmt
from skrmt.ensemble.gaussian_ensemble import GaussianEnsemble
from skrmt.ensemble.wishart_ensemble import WishartEnsemble

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
OURS = ["cargo", "bench", "-q", "--bench", "random_matrix_peers", "--", "3"]
# A call of the peer's that takes longer, in seconds, is made once.
ONCE = 5.0
# Imaginary part at which freealg is asked for a density; its default, 1e-3 or 2e-4, takes as long and costs digits.
ETA = 1e-8
# At how many points errors are taken.
CHECKED = 25
RMT, FREE = "scikit-rmt", "freealg"


def asked(law):
    """What a law of scikit-rmt answers; the semicircle has no quantile."""
    quantile = {"quantile": law.ppf} if hasattr(law, "ppf") else {}
    return {"density": law.pdf, "cumulative": law.cdf} | quantile


def solved(make, **options):
    """What a law of freealg answers."""
    return {
        "density": lambda x: make().density(x, **options),
        "edges": lambda _: [end for part in make().support() for end in part],
    }


def covariance(atoms, ratio):
    return solved(lambda: free.DeformedMarchenkoPastur(atoms, np.full(len(atoms), 1 / len(atoms)), ratio), eta=ETA)


def gaussian(beta, size, tridiagonal):
    def eigenvalues(_):
        ensemble = GaussianEnsemble(beta, size, tridiagonal_form=tridiagonal, random_state=0)
        return ensemble.eigvals(normalize=True) / beta**0.5

    return {"eigenvalues": eigenvalues}


def wishart(size, samples, tridiagonal):
    def eigenvalues(_):
        return WishartEnsemble(1, size, samples, tridiagonal_form=tridiagonal, random_state=0).eigvals(normalize=True)

    return {"eigenvalues": eigenvalues}


def histogram():
    ensemble = GaussianEnsemble(2, 4000, tridiagonal_form=True, random_state=0)

    def counts(ends):
        return ensemble.eigval_hist([end * 2**0.5 for end in ends], interval=(-1.0, 1.0), normalize=True)[0]

    return {"histogram": counts}


SPACED = [10 ** (4 * node / 9 - 2) for node in range(10)]
MANY = [10 ** (4 * node / 999 - 2) for node in range(1000)]
GAUSS, WISHART = reference.semicircle(), reference.marchenko_pastur(0.5)
# work: the peer, what it calls for a quantity, the law and its edges as they should be.
WORKS = {
    "semicircle": (RMT, asked(rmt.WignerSemicircleDistribution()), GAUSS, None),
    "Marchenko-Pastur 1/4": (RMT, asked(rmt.MarchenkoPasturDistribution(0.25)), reference.marchenko_pastur(0.25), None),
    "Marchenko-Pastur 4": (RMT, asked(rmt.MarchenkoPasturDistribution(4.0)), reference.marchenko_pastur(4.0), None),
    "Tracy-Widom 1": (RMT, asked(rmt.TracyWidomDistribution(1)), reference.tracy_widom(1), None),
    "Tracy-Widom 2": (RMT, asked(rmt.TracyWidomDistribution(2)), reference.tracy_widom(2), None),
    "covariance, 2 atoms": (
        FREE, covariance([1.0, 10.0], 0.1), reference.covariance([1, 10], 0.1), reference.covariance_edges([1, 10], 0.1)
    ),
    "covariance, 10 atoms": (
        FREE, covariance(SPACED, 0.5), reference.covariance(SPACED, 0.5), reference.covariance_edges(SPACED, 0.5)
    ),
    # freealg's polynomial of degree 1001 in its powers overflows.
    "covariance, 1000 atoms spaced": (
        None, {}, reference.covariance(MANY, 0.5), reference.covariance_edges(MANY, 0.5)
    ),
    "2 atoms + Wigner": (
        FREE, solved(lambda: free.DeformedWigner([-1.0, 1.0], [0.5, 0.5], 0.8), eta=ETA),
        reference.deformed_wigner([-1, 1], 0.8), reference.wigner_edges([-1, 1], 0.8),
    ),
    "product of two squares": (
        FREE, solved(lambda: free.FussCatalan(2), eta=ETA), reference.fuss_catalan(), [0, 6.75]
    ),
    "sum of two arcsines": (
        FREE, {"density": free.KestenMcKay(4).density}, reference.kesten_mckay(), [-(12**0.5), 12**0.5]
    ),
    "half of Marchenko-Pastur": (None, {}, reference.marchenko_pastur(0.25), [0.25, 2.25]),
    "GOE 1000": (RMT, gaussian(1, 1000, False), GAUSS, None),
    "Wishart 1000 x 2000": (RMT, wishart(1000, 2000, False), WISHART, None),
    "GOE 4000, tridiagonal": (RMT, gaussian(1, 4000, True), GAUSS, None),
    "GUE 4000, tridiagonal": (RMT, gaussian(2, 4000, True) | histogram(), GAUSS, None),
    "Wishart 4000 x 8000, tridiagonal": (RMT, wishart(4000, 8000, True), WISHART, None),
}


def distance(counted, law, ends):
    """The Kolmogorov distance at some values, times the size."""
    size = counted[-1][1]
    inside = lambda x: mpmath.mpf(min(max(float(x), ends[0]), ends[1]))
    return float(max(abs(count - size * law[1](inside(x))) for x, count in counted))


def error(work, quantity, x, values):
    if work not in WORKS:
        return None
    _, _, law, edges = WORKS[work]
    values = [float(value) for value in values]
    if quantity == "edges":
        if edges is None:
            return None
        if len(edges) != len(values):
            return f"{len(values)} for {len(edges)}"
        return float(max(abs(value - edge) / max(map(abs, edges)) for value, edge in zip(values, edges)))
    if quantity in ("eigenvalues", "histogram"):
        ends = WISHART_ENDS if "Wishart" in work else (-2, 2)
        if quantity == "eigenvalues":
            counted = [(value, index + 0.5) for index, value in enumerate(sorted(values))]
            counted = counted[:: max(1, len(counted) // 200)] + [(ends[1], len(values))]
        else:
            counted = list(zip(x[1:], np.cumsum(values)))
        return distance(counted, law, ends)
    if quantity == "quantile":
        if law[1] is None:
            return None
        if not np.all(np.isfinite(values)):
            return float("nan")
        picked = list(zip(x, values))[:: max(1, len(x) // CHECKED)]
        # What an atom at 0 jumps over is no error.
        atom = law[1](mpmath.mpf(0)) if work.startswith("Marchenko") else 0
        return float(max(abs(law[1](mpmath.mpf(value)) - max(u, atom)) for u, value in picked))
    function = {"density": law[0], "cumulative": law[1]}.get(quantity)
    if function is None:
        return None
    # Tracy-Widom points come around after 45.
    picked = list(zip(x, values))[:: 1 if work.startswith("Tracy") else max(1, len(x) // CHECKED)][:45]
    expected = [function(mpmath.mpf(point)) for point, _ in picked]
    if any(not np.isfinite(value) for _, value in picked):
        return float("nan")
    return float(max(abs(value - right) for (_, value), right in zip(picked, expected)) / max(map(abs, expected)))


WISHART_ENDS = tuple(float((1 + sign * 0.5**0.5) ** 2) for sign in (-1, 1))
# What each round said of a row.
times, theirs, first, answers = {}, {}, {}, {}
for _ in range(ROUNDS):
    done = subprocess.run(OURS, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr[-2000:])
    for line in filter(lambda line: line.startswith("{"), done.stdout.splitlines()):
        row = json.loads(line)
        key = row["work"], row["quantity"]
        first.setdefault(key, row)
        times.setdefault(key, []).append(row["milliseconds"])
        call = WORKS[row["work"]][1].get(row["quantity"]) if row["work"] in WORKS else None
        if call is None or min(theirs.get(key, [0.0])) > 1e3 * ONCE:
            continue
        x = np.array(row["x"])
        start = time.perf_counter()
        answers[key] = call(x)
        spent = time.perf_counter() - start
        # Short calls again, as ours are.
        again = min(100, int(0.05 / max(spent, 1e-6)))
        if again > 0:
            start = time.perf_counter()
            for _ in range(again):
                call(x)
            spent = (time.perf_counter() - start) / again
        theirs.setdefault(key, []).append(1e3 * spent)

def written(error):
    return "-" if error is None else error if isinstance(error, str) else f"{error:.1e}"


print("| law or ensemble | what | values | eigenscape, ms | peer, ms | peer / ours | our error | the peer's | peer |")
print("|" + " --- |" * 9)
for key, row in first.items():
    work, quantity = key
    cells = [work, quantity, str(len(row["values"])), f"{statistics.median(times[key]):.3g}"]
    ours = error(work, quantity, row["x"], row["values"])
    if key in theirs:
        ratio = statistics.median(y / x for x, y in zip(times[key], theirs[key]))
        other = error(work, quantity, row["x"], answers[key])
        cells += [f"{statistics.median(theirs[key]):.3g}", f"{ratio:.3g}", written(ours), written(other), WORKS[work][0]]
    else:
        cells += ["-", "-", written(ours), "-", "-"]
    print("| " + " | ".join(cells) + " |", flush=True)
