"""Writes successes.json: Clopper-Pearson intervals by SciPy, for tests/suite/successes.rs.

    python tests/data/successes.py        (SciPy 1.17)
"""

import json
import os

from scipy.stats import binomtest

COUNTS = [(0, 1), (1, 1), (0, 5), (5, 5), (3, 10), (9, 10), (50, 100), (1, 1000), (999, 1000), (4321, 10000), (500000, 1000000)]

rows = []
for successes, trials in COUNTS:
    for confidence in [0.5, 0.9, 0.95, 0.999]:
        interval = binomtest(successes, trials).proportion_ci(confidence, "exact")
        row = {"successes": successes, "trials": trials, "confidence": confidence}
        rows.append(row | {"lower": float(interval.low), "upper": float(interval.high)})
with open(os.path.join(os.path.dirname(__file__), "successes.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
