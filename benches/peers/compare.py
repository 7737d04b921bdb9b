"""Runs our products and the peers' in alternation and prints the ratios as a table.

    cargo bench --bench products --no-run
    python benches/peers/compare.py [rounds]

Needs an environment with jax, torch and numpy; a peer that is not installed is left out.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
SIDES = {
    "eigenscape": ["cargo", "bench", "-q", "--bench", "products", "--", "21"],
    "JAX": [sys.executable, str(HERE / "products_jax.py"), "21"],
    "PyTorch": [sys.executable, str(HERE / "products_torch.py"), "21"],
}
# Peers choose their kernels by themselves, and nobody gets more than two threads.
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")}
ENVIRONMENT |= {"RAYON_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "JAX_PLATFORMS": "cpu"}
ENVIRONMENT["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads=2"

times = {}
for _ in range(ROUNDS):
    for side, command in list(SIDES.items()):
        done = subprocess.run(command, cwd=HERE.parent.parent, env=ENVIRONMENT, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{side} is left out: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            del SIDES[side]
            continue
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                times.setdefault((row["work"], row["quantity"]), {}).setdefault(side, []).append(row["milliseconds"])

print("| work | quantity | " + " | ".join(f"{side}, ms" for side in SIDES) + " | ours / best peer |")
print("| --- | --- |" + " --- |" * (len(SIDES) + 1))
for (work, quantity), sides in times.items():
    medians = {side: statistics.median(sides[side]) for side in SIDES}
    peers = [value for side, value in medians.items() if side != "eigenscape"]
    ratio = f"{medians['eigenscape'] / min(peers):.2f}" if peers else "-"
    print(f"| {work} | {quantity} | " + " | ".join(f"{value:.2f}" for value in medians.values()) + f" | {ratio} |")
