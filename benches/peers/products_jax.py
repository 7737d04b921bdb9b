"""Medians of gradient and curvature products in JAX, as lines of JSON. CPU, float32.

Everything is jitted and checked before it is timed. Each quantity is written in several ways (the linear part from
`jax.linearize` with the primal part cached, or forward over reverse mode; convolutions in both layouts of images, or as
sums of nine shifted products), timed in turns; a line reports the fastest and names it.
"""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np

from timing import medians

REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5


def perceptron(sizes, examples):
    """Inputs, parameters and the recording of W1 or W2."""
    random = np.random.default_rng(0)
    x = random.normal(size=(examples, sizes[0]))
    theta = [(random.normal(size=(m, n)) / np.sqrt(n), np.zeros(m)) for n, m in zip(sizes[:-1], sizes[1:])]

    def logits(theta, x):
        for layer, (weight, bias) in enumerate(theta):
            x = x @ weight.T + bias
            if layer + 1 < len(theta):
                x = jnp.tanh(x)
        return x

    return x, theta, {"": (logits, lambda x: x)}


def convolutional(examples):
    """W3: twice a 3x3 convolution with the same padding, tanh and 2x2 average pooling; then a dense layer."""
    random = np.random.default_rng(0)
    x = random.normal(size=(examples, 1, 28, 28))
    shapes = [(8, 1, 3, 3), (16, 8, 3, 3), (10, 784)]
    theta = [(random.normal(size=s) / np.sqrt(np.prod(s[1:])), np.zeros(s[0])) for s in shapes]

    def nchw(theta, x):
        for kernel, bias in theta[:2]:
            x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME") + bias[:, None, None]
            x = jnp.tanh(x)
            n, c, h, w = x.shape
            x = x.reshape(n, c, h // 2, 2, w // 2, 2).mean((3, 5))
        return x.reshape(x.shape[0], -1) @ theta[2][0].T + theta[2][1]

    def pooled_nhwc(x):
        n, h, w, c = x.shape
        return x.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))

    def dense(x, theta):
        return x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1) @ theta[2][0].T + theta[2][1]

    def nhwc(theta, x):
        layout = ("NHWC", "OIHW", "NHWC")
        for kernel, bias in theta[:2]:
            x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=layout) + bias
            x = pooled_nhwc(jnp.tanh(x))
        return dense(x, theta)

    def shifted(theta, x):
        for kernel, bias in theta[:2]:
            n, h, w, c = x.shape
            padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            patches = jnp.stack([padded[:, i : i + h, j : j + w] for i in range(3) for j in range(3)], axis=3)
            weight = kernel.transpose(2, 3, 1, 0).reshape(9 * c, -1)
            x = (patches.reshape(-1, 9 * c) @ weight).reshape(n, h, w, -1) + bias
            x = pooled_nhwc(jnp.tanh(x))
        return dense(x, theta)

    last = lambda x: x.transpose(0, 2, 3, 1)
    return x, theta, {" NCHW": (nchw, lambda x: x), " NHWC": (nhwc, last), " shifted": (shifted, last)}


def single(tree):
    return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, np.float32)), tree)


def dot(a, b):
    return sum(float(jnp.vdot(x, y)) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b)))


def distance(a, b):
    difference = jax.tree.map(lambda x, y: x - y, a, b)
    return np.sqrt(dot(difference, difference) / dot(b, b))


def ways(logits, x, y, theta, v):
    """For each quantity its ways, as functions without arguments."""

    def loss_of(z):
        return jnp.mean(jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, y[:, None], 1)[:, 0])

    loss = lambda theta: loss_of(logits(theta, x))
    gradient = jax.jit(jax.value_and_grad(loss))

    _, hessian = jax.linearize(jax.grad(loss), theta)
    hessian = jax.jit(hessian)
    forward_over_reverse = jax.jit(lambda theta, v: jax.jvp(jax.grad(loss), (theta,), (v,))[1])

    z, jacobian = jax.linearize(lambda theta: logits(theta, x), theta)
    transposed = jax.linear_transpose(jacobian, theta)
    _, curvature = jax.linearize(jax.grad(loss_of), z)
    gauss_newton = jax.jit(lambda v: transposed(curvature(jacobian(v)))[0])

    def uncached(theta, v):
        z, u = jax.jvp(lambda theta: logits(theta, x), (theta,), (v,))
        _, pull = jax.vjp(lambda theta: logits(theta, x), theta)
        return pull(jax.jvp(jax.grad(loss_of), (z,), (u,))[1])[0]

    uncached = jax.jit(uncached)

    # A product is the difference of gradients, and v'Gv the curvature of the loss along the difference of logits.
    step = 1e-3
    at = lambda side: jax.tree.map(lambda t, u: t + side * step * u, theta, v)
    halved = lambda a, b: jax.tree.map(lambda x, y: (x - y) / (2 * step), a, b)
    differences = halved(gradient(at(1))[1], gradient(at(-1))[1])
    u = halved(logits(at(1), x), logits(at(-1), x))
    form = dot(u, curvature(u))
    for product in [hessian(v), forward_over_reverse(theta, v)]:
        assert distance(product, differences) < 0.03, distance(product, differences)
    for product in [gauss_newton(v), uncached(theta, v)]:
        assert abs(dot(v, product) / form - 1) < 0.03, dot(v, product) / form
    assert distance(gauss_newton(v), uncached(theta, v)) < 1e-3
    return {
        "gradient": {"value_and_grad": lambda: gradient(theta)},
        "hessian": {"linearize": lambda: hessian(v), "jvp of grad": lambda: forward_over_reverse(theta, v)},
        "gauss_newton": {"linearize": lambda: gauss_newton(v), "jvp and vjp": lambda: uncached(theta, v)},
    }


for name, (x, theta, recordings) in {
    "W1": perceptron([784, 512, 512, 10], 2048),
    "W2": perceptron([64, 64, 64, 10], 1797),
    "W3": convolutional(512),
}.items():
    random = np.random.default_rng(1)
    y = jnp.asarray(random.integers(0, 10, size=len(x)))
    v = single([(random.normal(size=w.shape), random.normal(size=b.shape)) for w, b in theta])
    theta, x = single(theta), single(x)
    calls = {}
    for recording, (logits, layout) in recordings.items():
        for quantity, by_way in ways(logits, layout(x), y, theta, v).items():
            for way, call in by_way.items():
                calls.setdefault(quantity, {})[way + recording] = lambda call=call: jax.block_until_ready(call())
    for quantity, by_way in calls.items():
        times = medians(by_way, REPETITIONS)
        way = min(times, key=times.get)
        row = {"work": name, "quantity": quantity, "milliseconds": times[way], "way": way, "ways": times}
        print(json.dumps(row), flush=True)
