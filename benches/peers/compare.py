"""Runs our products and the peers' in alternation and prints the ratios as tables.

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
OURS = "eigenscape"
SIDES = {
    OURS: ["cargo", "bench", "-q", "--bench", "products", "--", "21"],
    "JAX": [sys.executable, str(HERE / "products_jax.py"), "21"],
    "PyTorch": [sys.executable, str(HERE / "products_torch.py"), "21"],
}
# Libraries choose their kernels by themselves, and nobody gets more than two threads.
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")}
ENVIRONMENT |= {"RAYON_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "JAX_PLATFORMS": "cpu"}
ENVIRONMENT["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads=2"

# times[work][quantity][side]: a median for each round; ways[work, quantity, side]: what was fastest there;
# eager[work, quantity, side]: the fastest of the ways that are not compiled by torch.compile.
times, ways, eager = {}, {}, {}
for _ in range(ROUNDS):
    for side, command in list(SIDES.items()):
        done = subprocess.run(command, cwd=HERE.parent.parent, env=ENVIRONMENT, capture_output=True, text=True)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            print(f"{side} is left out: {reason}", file=sys.stderr)
            del SIDES[side]
            continue
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                work, quantity = row["work"], row["quantity"]
                times.setdefault(work, {}).setdefault(quantity, {}).setdefault(side, []).append(row["milliseconds"])
                if "way" in row:
                    ways.setdefault((work, quantity, side), []).append(row["way"])
                    plain = min(time for way, time in row["ways"].items() if not way.startswith("compile"))
                    eager.setdefault((work, quantity, side), []).append(plain)


def ratio(left, right):
    """The median of ratios round by round."""
    return statistics.median(x / y for x, y in zip(left, right))


def milliseconds(values):
    return f"{statistics.median(values):.2f}" if values else "-"


def table(*rows):
    for index, row in enumerate(rows):
        print("| " + " | ".join(row) + " |")
        if index == 0:
            print("|" + " --- |" * len(row))
    print()


rows = [["work", "quantity"] + [f"{side}, ms" for side in SIDES] + ["ours / best peer", "the peer's way", "ours / best without torch.compile"]]
for work, quantities in times.items():
    for quantity, sides in quantities.items():
        peers = {side: values for side, values in sides.items() if side != OURS}
        if not peers and quantity == "hessian_block_of_8":
            continue
        row = [work, quantity] + [milliseconds(sides.get(side)) for side in SIDES]
        if peers and OURS in sides:
            best = min(peers, key=lambda side: statistics.median(peers[side]))
            way = statistics.mode(ways.get((work, quantity, best), ["-"]))
            plain = min((eager[work, quantity, side] for side in peers), key=statistics.median)
            row += [f"{ratio(sides[OURS], peers[best]):.2f}", f"{best}: {way}", f"{ratio(sides[OURS], plain):.2f}"]
        else:
            row += ["-", "-", "-"]
        rows.append(row)
table(*rows)

rows = [["ratio", *times]]
for name, quantity, to in [
    ("block of 8, per vector / single product", "hessian_block_of_8", "hessian"),
    ("Hessian-vector product / gradient", "hessian", "gradient"),
    ("Gauss-Newton-vector product / gradient", "gauss_newton", "gradient"),
]:
    for side in SIDES:
        pairs = [(work.get(quantity, {}).get(side), work.get(to, {}).get(side)) for work in times.values()]
        if any(left and right for left, right in pairs):
            cells = [f"{ratio(left, right):.2f}" if left and right else "-" for left, right in pairs]
            rows.append([f"{name}, {side}", *cells])
table(*rows)
