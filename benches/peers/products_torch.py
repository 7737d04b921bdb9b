"""Medians of gradient and curvature products in PyTorch, as lines of JSON. CPU, float32; the graph of the gradient is
kept for Hessian products; Gauss-Newton products by forward and reverse mode."""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch.func import functional_call, jvp, vjp

REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
torch.set_num_threads(2)


def median(call):
    call()
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[len(times) // 2]


for name, sizes, examples in [("W1", [784, 512, 512, 10], 2048), ("W2", [64, 64, 64, 10], 1797)]:
    torch.manual_seed(0)
    x = torch.randn(examples, sizes[0])
    y = torch.randint(0, 10, (examples,))
    layers = []
    for layer, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:])):
        layers.append(torch.nn.Linear(fan_in, fan_out))
        if layer + 2 < len(sizes):
            layers.append(torch.nn.Tanh())
    model = torch.nn.Sequential(*layers)
    parameters = list(model.parameters())
    v = [torch.randn_like(p) for p in parameters]

    def gradient():
        return torch.autograd.grad(F.cross_entropy(model(x), y), parameters)

    kept = torch.autograd.grad(F.cross_entropy(model(x), y), parameters, create_graph=True)

    def hessian():
        return torch.autograd.grad(kept, parameters, grad_outputs=v, retain_graph=True)

    named = {key: p.detach() for key, p in model.named_parameters()}
    tangent = dict(zip(named, v))
    logits = lambda theta: functional_call(model, theta, (x,))
    _, pull = vjp(logits, named)

    def gauss_newton():
        z, u = jvp(logits, (named,), (tangent,))
        p = z.softmax(1)
        weighted = p * u
        return pull((weighted - p * weighted.sum(1, keepdim=True)) / examples)

    for quantity, call in [("gradient", gradient), ("hessian", hessian), ("gauss_newton", gauss_newton)]:
        print(json.dumps({"work": name, "quantity": quantity, "milliseconds": median(call)}), flush=True)
