"""Runs our surface and PyTorch's in alternation and prints times and ratios.

    cargo bench --bench slices --no-run
    python benches/peers/compare_slices.py [rounds] [threads]
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
THREADS = sys.argv[2] if len(sys.argv) > 2 else "2"
OURS = ["cargo", "bench", "-q", "--bench", "slices", "--", "1"]
THEIRS = [sys.executable, str(HERE / "slices_torch.py"), "1"]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")}
ENVIRONMENT |= {"RAYON_NUM_THREADS": THREADS, "OMP_NUM_THREADS": THREADS, "MKL_NUM_THREADS": THREADS}


def run(command):
    done = subprocess.run(command, cwd=HERE.parent.parent, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return next(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))


rounds = [(run(OURS), run(THEIRS)) for _ in range(ROUNDS)]
ours = [ours["milliseconds"] for ours, _ in rounds]
print(f"{THREADS} threads; ours: {statistics.median(ours):.0f} ms")
for name, label in [("usual", "the usual script"), ("milliseconds", "the fastest way")]:
    theirs = [theirs[name] for _, theirs in rounds]
    ratios = [a / b for a, b in zip(ours, theirs)]
    print(f"PyTorch, {label}: {statistics.median(theirs):.0f} ms; ours / theirs {statistics.median(ratios):.2f} "
          f"({min(ratios):.2f} to {max(ratios):.2f})")
print("ways:", {way: round(statistics.median(theirs["ways"][way] for _, theirs in rounds)) for way in rounds[0][1]["ways"]})
