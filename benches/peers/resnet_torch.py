"""Gradient and Hessian-vector product of a residual network in PyTorch, as lines of JSON. CPU, float32.

The network of `eigenscape::network::residual_network(20, 8, 10)` on 512 random images: 3x3 convolutions without biases,
group normalisation, shortcuts by 1x1 convolutions. The product is double backward on a kept graph, in both layouts of
images; the gradient builds its graph anew, as it must.
"""

import json
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

from timing import medians

REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
torch.set_num_threads(2)
GROUPS = 8


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, channels) for _ in range(2))
        self.shortcut = nn.Identity()
        if stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.GroupNorm(GROUPS, channels)
            )

    def forward(self, x):
        inside = F.relu(self.norms[0](self.first(x)))
        return F.relu(self.shortcut(x) + self.norms[1](self.second(inside)))


def network(depth=20, classes=10):
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.GroupNorm(GROUPS, 16), nn.ReLU()]
    channels_in = 16
    for stage, channels in enumerate([16, 32, 64]):
        for block in range((depth - 2) // 6):
            layers.append(Block(channels_in, channels, 2 if stage > 0 and block == 0 else 1))
            channels_in = channels
    return nn.Sequential(*layers, nn.AvgPool2d(8), nn.Flatten(), nn.Linear(64, classes))


torch.manual_seed(0)
images, labels = torch.randn(512, 3, 32, 32), torch.arange(512) ** 2 % 10
calls = {"gradient": {}, "hessian": {}}
kept = []
for layout, memory_format in [("NCHW", torch.contiguous_format), ("NHWC", torch.channels_last)]:
    torch.manual_seed(1)
    model = network().to(memory_format=memory_format)
    parameters = list(model.parameters())
    assert sum(p.numel() for p in parameters) == 272_474
    x = images.to(memory_format=memory_format)
    v = [torch.randn_like(p) for p in parameters]

    def gradient(create_graph=False, model=model, x=x, parameters=parameters):
        return torch.autograd.grad(F.cross_entropy(model(x), labels), parameters, create_graph=create_graph)

    graph = gradient(create_graph=True)

    def product(graph=graph, parameters=parameters, v=v):
        return torch.autograd.grad(graph, parameters, v, retain_graph=True)

    kept.append([torch.cat([t.reshape(-1) for t in product()])])
    calls["gradient"][layout] = gradient
    calls["hessian"][layout] = product
for quantity, by_way in calls.items():
    times = medians(by_way, REPETITIONS)
    way = min(times, key=times.get)
    row = {"work": "ResNet-20", "quantity": quantity, "milliseconds": times[way], "way": way, "ways": times}
    print(json.dumps(row), flush=True)
