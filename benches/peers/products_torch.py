"""Medians of gradient and curvature products in PyTorch, as lines of JSON. CPU, float32.

Everything is checked before it is timed. Each quantity is written in several ways (double backward on a kept graph;
`torch.func` with forward mode; `torch.func.linearize`, where this version has it; compiled or not), timed in turns; a
line reports the fastest and names it.
"""

import json
import sys
import warnings

import torch
import torch.nn.functional as F
from torch.func import functional_call, grad, jvp, vjp

from timing import medians

REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
torch.set_num_threads(2)
warnings.simplefilter("ignore")


def perceptron(sizes, examples):
    """Inputs and model of W1 or W2."""
    layers = []
    for layer, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:])):
        layers.append(torch.nn.Linear(fan_in, fan_out))
        if layer + 2 < len(sizes):
            layers.append(torch.nn.Tanh())
    return torch.randn(examples, sizes[0]), torch.nn.Sequential(*layers)


def convolutional(examples):
    """W3: twice a 3x3 convolution with the same padding, tanh and 2x2 average pooling; then a dense layer."""
    layers = []
    for channels in [(1, 8), (8, 16)]:
        layers += [torch.nn.Conv2d(*channels, 3, padding=1), torch.nn.Tanh(), torch.nn.AvgPool2d(2)]
    model = torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Linear(784, 10))
    return torch.randn(examples, 1, 28, 28), model


def flat(tensors):
    return torch.cat([t.detach().reshape(-1) for t in tensors])


def distance(a, b):
    return ((a - b).norm() / b.norm()).item()


def ways(model, x, y, v):
    """For each quantity its ways, as functions without arguments that return tensors in the parameters' order."""
    parameters = list(model.parameters())
    examples = len(x)
    loss = lambda: F.cross_entropy(model(x), y)
    named = {key: p.detach() for key, p in model.named_parameters()}
    tangent = dict(zip(named, v))
    logits = lambda theta: functional_call(model, theta, (x,))
    gradient_at = grad(lambda theta: F.cross_entropy(logits(theta), y))

    def curvature(z, u):
        p = z.softmax(1)
        weighted = p * u
        return (weighted - p * weighted.sum(1, keepdim=True)) / examples

    kept = torch.autograd.grad(loss(), parameters, create_graph=True)

    # J'u as a function of u, whose derivative along v is J v: forward mode out of two reverse ones.
    z = model(x)
    dummy = torch.zeros_like(z, requires_grad=True)
    pulled = torch.autograd.grad(z, parameters, dummy, create_graph=True)
    _, pull = vjp(logits, named)
    at_z = z.detach()

    def double_backward_gauss_newton():
        u = torch.autograd.grad(pulled, dummy, v, retain_graph=True)[0]
        return torch.autograd.grad(z, parameters, curvature(at_z, u), retain_graph=True)

    def forward_gauss_newton():
        here, u = jvp(logits, (named,), (tangent,))
        return list(pull(curvature(here, u))[0].values())

    found = {
        "gradient": {
            "autograd": lambda: torch.autograd.grad(loss(), parameters),
            "func.grad": lambda: list(gradient_at(named).values()),
        },
        "hessian": {
            "double backward": lambda: torch.autograd.grad(kept, parameters, v, retain_graph=True),
            "jvp of grad": lambda: list(jvp(gradient_at, (named,), (tangent,))[1].values()),
        },
        "gauss_newton": {"double backward": double_backward_gauss_newton, "jvp and vjp": forward_gauss_newton},
    }
    def add(quantity, way, call):
        """Adds a way, unless this version or this machine (compiling needs a C++ compiler) cannot go it."""
        try:
            call()
            found[quantity][way] = call
        except Exception as error:
            print(f"without {quantity} by {way}: {str(error).splitlines()[0]}", file=sys.stderr)

    compiled_gradient = torch.compile(gradient_at)
    add("gradient", "compile(func.grad)", lambda: list(compiled_gradient(named).values()))
    if hasattr(torch.func, "linearize"):
        _, linear = torch.func.linearize(gradient_at, named)
        _, jacobian = torch.func.linearize(logits, named)

        def transposed(tangent):
            # The derivative of a linear function is itself: its vjp is J' and pays nothing for the primal.
            u, pull = vjp(jacobian, tangent)
            return pull(curvature(at_z, u))[0]

        compiled_linear, compiled_transposed = torch.compile(linear), torch.compile(transposed)
        add("hessian", "linearize", lambda: list(linear(tangent).values()))
        add("hessian", "compile(linearize)", lambda: list(compiled_linear(tangent).values()))
        add("gauss_newton", "linearize and vjp", lambda: list(pull(curvature(at_z, jacobian(tangent)))[0].values()))
        add("gauss_newton", "linearize and its vjp", lambda: list(transposed(tangent).values()))
        add("gauss_newton", "compile(linearize and its vjp)", lambda: list(compiled_transposed(tangent).values()))

    # A product is the difference of gradients, and v'Gv the curvature of the loss along the difference of logits.
    step = 1e-3
    at = lambda side: {key: named[key] + side * step * tangent[key] for key in named}
    with torch.no_grad():
        u = (logits(at(1)) - logits(at(-1))) / (2 * step)
    form = (u * curvature(at_z, u)).sum().item()
    differences = (flat(gradient_at(at(1)).values()) - flat(gradient_at(at(-1)).values())) / (2 * step)
    for way, call in found["hessian"].items():
        assert distance(flat(call()), differences) < 0.03, (way, distance(flat(call()), differences))
    for way, call in found["gauss_newton"].items():
        assert abs(flat(call()).dot(flat(v)).item() / form - 1) < 0.03, way
    return found


for name in ["W1", "W2", "W3"]:
    torch.manual_seed(0)
    x, model = {
        "W1": lambda: perceptron([784, 512, 512, 10], 2048),
        "W2": lambda: perceptron([64, 64, 64, 10], 1797),
        "W3": lambda: convolutional(512),
    }[name]()
    y = torch.randint(0, 10, (len(x),))
    v = [torch.randn_like(p) for p in model.parameters()]
    layouts = {"": (model, x)}
    if name == "W3":
        last = torch.channels_last
        copy = convolutional(1)[1]
        copy.load_state_dict(model.state_dict())
        layouts = {" NCHW": (model, x), " NHWC": (copy.to(memory_format=last), x.to(memory_format=last))}
    calls = {}
    for layout, (model, x) in layouts.items():
        for quantity, by_way in ways(model, x, y, v).items():
            for way, call in by_way.items():
                calls.setdefault(quantity, {})[way + layout] = call
    for quantity, by_way in calls.items():
        times = medians(by_way, REPETITIONS)
        way = min(times, key=times.get)
        row = {"work": name, "quantity": quantity, "milliseconds": times[way], "way": way, "ways": times}
        print(json.dumps(row), flush=True)
