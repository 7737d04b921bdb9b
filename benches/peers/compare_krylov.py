"""Runs our Lanczos and eigensolver and the peers' in alternation, on the same data, and prints the ratios as a table.

    cargo bench --bench krylov_peers --no-run
    python benches/peers/compare_krylov.py [rounds]

Needs an environment with jax, scipy and numpy.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORKS = ROOT / "target" / "peers-works"
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
OURS, THEIRS = "eigenscape", "peer"
SIDES = {
    OURS: ["cargo", "bench", "-q", "--bench", "krylov_peers", "--", "3"],
    THEIRS: [sys.executable, str(HERE / "krylov_jax.py"), str(WORKS), "3"],
}
# As in compare.py: libraries choose their kernels by themselves, and nobody gets more than two threads.
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")}
ENVIRONMENT |= {"RAYON_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "JAX_PLATFORMS": "cpu"}
ENVIRONMENT["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads=2"
# What is beside what: ours, and theirs.
ROWS = [
    ("10 probes x 100 steps", "W2", "lanczos_10x100", "lanczos_10x100"),
    ("1 probe x 60 steps", "W1", "lanczos_1x60", "lanczos_1x60"),
    ("10 largest eigenpairs, default", "W2", "eigenpairs_10", "eigenpairs_10"),
    ("10 largest eigenpairs, single vector", "W2", "eigenpairs_10_single", "eigenpairs_10"),
]


def run(command, **more):
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT | more, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr[-2000:])
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


run(SIDES[OURS], EIGENSCAPE_WORKS=str(WORKS))
# rows[side][work, quantity]: what each round said.
rows = {OURS: {}, THEIRS: {}}
for _ in range(ROUNDS):
    for side, command in SIDES.items():
        for row in run(command):
            rows[side].setdefault((row["work"], row["quantity"]), []).append(row)

print("| what | work | eigenscape, ms | peer, ms | ours / peer | the peer's way | our products | the peer's |")
print("|" + " --- |" * 8)
for what, work, ours, theirs in ROWS:
    left, right = rows[OURS].get((work, ours)), rows[THEIRS].get((work, theirs))
    if not left or not right:
        continue
    if "values" in left[0]:
        apart = max(abs(x - y) for x, y in zip(left[0]["values"], right[0]["values"])) / abs(right[0]["values"][0])
        assert apart < 1e-4, f"the eigenvalues of both sides differ by {apart}"
    times = [[row["milliseconds"] for row in side] for side in (left, right)]
    ratio = statistics.median(x / y for x, y in zip(*times))
    cells = [what, work, *(f"{statistics.median(side):.1f}" for side in times), f"{ratio:.2f}"]
    cells += [statistics.mode(row["way"] for row in right)]
    cells += [str(side[0].get("matvecs", "-")) for side in (left, right)]
    print("| " + " | ".join(cells) + " |")
