"""The 51 x 51 surface of `benches/slices.rs` in PyTorch, as a line of JSON. CPU, float32.

Written as loss-surface scripts are: for each point the weights are set to origin + x d_1 + y d_2, then the loss is taken under `no_grad`. Three
ways, timed in turns, of which the fastest is reported: parameters set one by one and all examples at once; the same in batches of 256; one flat
vector of parameters of which the layers are views, so that a point is set by two calls.
"""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F

REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
torch.manual_seed(0)

layers = [torch.nn.Linear(64, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh(), torch.nn.Linear(64, 10)]
model = torch.nn.Sequential(*layers)
x, y = torch.randn(1797, 64), torch.randint(0, 10, (1797,))
parameters = list(model.parameters())
origin = [p.detach().clone() for p in parameters]


def filter_normalized():
    """Random, each row of a weight scaled to the norm of the model's; biases do not move."""
    direction = [torch.randn_like(p) for p in origin]
    for d, p in zip(direction, origin):
        if p.dim() == 1:
            d.zero_()
        else:
            d.mul_(p.norm(dim=1, keepdim=True) / d.norm(dim=1, keepdim=True))
    return direction


first, second = filter_normalized(), filter_normalized()
axis = torch.linspace(-1, 1, 51).tolist()


def surface(place, loss):
    losses = []
    with torch.no_grad():
        for b in axis:
            for a in axis:
                place(a, b)
                losses.append(loss())
    return losses


def one_by_one(a, b):
    for p, o, d, e in zip(parameters, origin, first, second):
        p.copy_(o + a * d + b * e)


def whole():
    return F.cross_entropy(model(x), y).item()


def batches():
    total = 0.0
    for inputs, labels in zip(x.split(256), y.split(256)):
        total += F.cross_entropy(model(inputs), labels, reduction="sum").item()
    return total / len(x)


flat, flat_first, flat_second = (torch.cat([t.reshape(-1) for t in list]) for list in (origin, first, second))
vector = flat.clone()
views, start = [], 0
for p in origin:
    views.append(vector[start : start + p.numel()].view_as(p))
    start += p.numel()


def at_once(a, b):
    torch.add(flat, flat_first, alpha=a, out=vector)
    vector.add_(flat_second, alpha=b)


def functional():
    h = torch.tanh(F.linear(x, views[0], views[1]))
    h = torch.tanh(F.linear(h, views[2], views[3]))
    return F.cross_entropy(F.linear(h, views[4], views[5]), y).item()


ways = {
    "parameters one by one": lambda: surface(one_by_one, whole),
    "the same, batches of 256": lambda: surface(one_by_one, batches),
    "one flat vector": lambda: surface(at_once, functional),
}
times = {way: [] for way in ways}
for _ in range(REPETITIONS):
    found = {}
    for way, call in ways.items():
        start = time.perf_counter()
        found[way] = call()
        times[way].append((time.perf_counter() - start) * 1e3)
    reference = found["parameters one by one"]
    for losses in found.values():
        assert max(abs(a - b) / a for a, b in zip(losses, reference)) < 1e-5
times = {way: round(sorted(all)[len(all) // 2], 1) for way, all in times.items()}
way = min(times, key=times.get)
usual = times["parameters one by one"]
print(json.dumps({"work": "51 x 51 surface", "milliseconds": times[way], "usual": usual, "way": way, "ways": times}))
