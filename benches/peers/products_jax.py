"""Medians of gradient and curvature products in JAX, as lines of JSON. CPU, float32; primal part cached by linearize."""

import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5


def median(call):
    jax.block_until_ready(call())
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        jax.block_until_ready(call())
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[len(times) // 2]


for name, sizes, examples in [("W1", [784, 512, 512, 10], 2048), ("W2", [64, 64, 64, 10], 1797)]:
    random = np.random.default_rng(0)
    x = jnp.asarray(random.normal(size=(examples, sizes[0])).astype(np.float32))
    y = jnp.asarray(random.integers(0, 10, size=examples))
    theta = []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
        weight = random.normal(size=(fan_out, fan_in)) / np.sqrt(fan_in)
        theta.append((jnp.asarray(weight.astype(np.float32)), jnp.zeros(fan_out, jnp.float32)))
    v = [(jnp.asarray(random.normal(size=w.shape).astype(np.float32)), jnp.asarray(random.normal(size=b.shape).astype(np.float32))) for w, b in theta]

    def logits(theta):
        hidden = x
        for layer, (weight, bias) in enumerate(theta):
            hidden = hidden @ weight.T + bias
            if layer + 1 < len(theta):
                hidden = jnp.tanh(hidden)
        return hidden

    def loss_of(z):
        return jnp.mean(jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, y[:, None], 1)[:, 0])

    loss = lambda theta: loss_of(logits(theta))
    gradient = jax.jit(jax.value_and_grad(loss))
    _, hessian = jax.linearize(jax.grad(loss), theta)
    hessian = jax.jit(hessian)

    z, jacobian = jax.linearize(logits, theta)
    transposed = jax.linear_transpose(jacobian, theta)
    _, curvature = jax.linearize(jax.grad(loss_of), z)
    gauss_newton = jax.jit(lambda v: transposed(curvature(jacobian(v)))[0])

    for quantity, call in [
        ("gradient", lambda: gradient(theta)),
        ("hessian", lambda: hessian(v)),
        ("gauss_newton", lambda: gauss_newton(v)),
    ]:
        print(json.dumps({"work": name, "quantity": quantity, "milliseconds": median(call)}), flush=True)
