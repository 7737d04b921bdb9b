"""Medians of Lanczos runs in JAX and of SciPy's `eigsh` around a JAX product, as lines of JSON. CPU, float32.

    python krylov_jax.py FOLDER [repetitions]

FOLDER holds the works that `benches/krylov_peers.rs` writes, so that both sides see the same data and parameters. A probe
is jitted as a whole: a loop over a preallocated basis, the linear part of `linearize(grad)` as product, two Gram-Schmidt
passes against the whole basis by matrix products. It is written in several ways (one loop, or one loop for each 20 steps
with as much of the basis as there is; probe after probe, or vmapped), timed in turns; a line reports the fastest.
"""

import functools
import json
import pathlib
import sys

import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from timing import medians

FOLDER = pathlib.Path(sys.argv[1])
REPETITIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 3


def work(name, sizes):
    """The product with the Hessian, its primal part paid, and the dimension."""
    read = lambda part, kind: np.fromfile(FOLDER / f"{name}.{part}", kind)
    x = jnp.asarray(read("inputs", "<f4").reshape(-1, sizes[0]))
    y = jnp.asarray(read("labels", np.uint8).astype(np.int32))
    theta = jnp.asarray(read("theta", "<f4"))

    def loss(theta):
        start, z = 0, x
        for layer, (n, m) in enumerate(zip(sizes[:-1], sizes[1:])):
            weight = theta[start : start + m * n].reshape(m, n)
            z = z @ weight.T + theta[start + m * n : start + m * n + m]
            start += m * n + m
            if layer + 2 < len(sizes):
                z = jnp.tanh(z)
        return jnp.mean(jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, y[:, None], 1)[:, 0])

    assert theta.size == sum(m * n + m for n, m in zip(sizes[:-1], sizes[1:]))
    _, product = jax.linearize(jax.grad(loss), theta)
    return product, theta.size


@functools.partial(jax.jit, static_argnums=(2, 3))
def lanczos(product, start, steps, group):
    """The two diagonals of T after `steps` steps with full orthogonalization, twice."""
    basis = jnp.zeros((steps, start.size), start.dtype)
    zeros = jnp.zeros(steps, start.dtype)

    def step(depth, j, state):
        basis, alpha, beta, v, before = state
        basis = basis.at[j].set(v)
        w = product(v)
        a = v @ w
        w = w - a * v - jnp.where(j > 0, beta[j - 1], 0) * before
        known = basis[:depth]
        for _ in range(2):
            w = w - (known @ w) @ known
        b = jnp.linalg.norm(w)
        return basis, alpha.at[j].set(a), beta.at[j].set(b), w / b, v

    state = (basis, zeros, zeros, start / jnp.linalg.norm(start), jnp.zeros_like(start))
    for first in range(0, steps, group):
        end = min(first + group, steps)
        state = jax.lax.fori_loop(first, end, functools.partial(step, end), state)
    basis, alpha, beta, _, _ = state
    return alpha, beta[:-1], basis


@functools.partial(jax.jit, static_argnums=(2, 3))
def vmapped(product, starts, steps, group):
    alpha, beta, _ = jax.vmap(lambda start: lanczos(product, start, steps, group))(starts)
    return alpha, beta


@functools.partial(jax.jit, static_argnums=(2, 3))
def single(product, start, steps, group):
    alpha, beta, _ = lanczos(product, start, steps, group)
    return alpha, beta


def report(name, quantity, times, **rest):
    way = min(times, key=times.get)
    row = {"work": name, "quantity": quantity, "milliseconds": times[way], "way": way, "ways": times, **rest}
    print(json.dumps(row), flush=True)


product, dim = work("W2", [64, 64, 64, 10])
random = np.random.default_rng(0)
starts = jnp.asarray(random.normal(size=(10, dim)).astype(np.float32))

# The basis is orthonormal, and T its projection: checked once.
alpha, beta, basis = lanczos(product, starts[0], 100, 20)
assert float(jnp.abs(basis @ basis.T - jnp.eye(100)).max()) < 1e-5
projected = basis @ jax.vmap(product)(basis).T
tridiagonal = jnp.diag(alpha) + jnp.diag(beta, 1) + jnp.diag(beta, -1)
assert float(jnp.abs(projected - tridiagonal).max()) < 1e-4 * float(jnp.abs(alpha).max())

in_turn = lambda group: lambda: [jax.block_until_ready(single(product, start, 100, group)) for start in starts]
at_once = lambda group: lambda: jax.block_until_ready(vmapped(product, starts, 100, group))
ways = {"loop": in_turn(100), "loops of 20": in_turn(20), "vmapped loop": at_once(100), "vmapped loops of 20": at_once(20)}
report("W2", "lanczos_10x100", medians(ways, REPETITIONS))

jitted = jax.jit(lambda product, v: product(v))
calls = 0


def counted(v):
    global calls
    calls += 1
    return np.asarray(jitted(product, v.astype(np.float32)))


operator = LinearOperator((dim, dim), matvec=counted, dtype=np.float32)
start = np.asarray(starts[0])
search = lambda: eigsh(operator, k=10, which="LA", tol=1e-4, v0=start)
calls = 0
values, vectors = search()
matvecs = calls
residuals = [float(np.linalg.norm(counted(v) - value * v)) for value, v in zip(values, vectors.T)]
assert max(residuals) < 1e-3 * max(abs(values)), residuals
values = sorted(map(float, values), reverse=True)
report("W2", "eigenpairs_10", medians({"eigsh": search}, REPETITIONS), matvecs=matvecs, values=values)

product, dim = work("W1", [784, 512, 512, 10])
start = jnp.asarray(random.normal(size=dim).astype(np.float32))
ways = {
    name: (lambda group: lambda: jax.block_until_ready(single(product, start, 60, group)))(group)
    for name, group in [("loop", 60), ("loops of 20", 20)]
}
report("W1", "lanczos_1x60", medians(ways, REPETITIONS))
