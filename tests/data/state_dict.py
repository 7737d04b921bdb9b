"""Writes state_dict.json and state_dict-{f64,f32,bf16,f16}.safetensors: a perceptron as PyTorch saves it, and its logits.

The network is torch.nn.Sequential(Linear(3, 4), Tanh(), Linear(4, 2)): tensors `0.weight` (4 x 3), `0.bias`, `2.weight` (2 x 4), `2.bias`,
since the activation counts as a module, and a buffer that belongs to no layer. Logits are those of the stored, rounded
numbers, in double precision.

    python tests/data/state_dict.py        (NumPy 2, ml_dtypes, safetensors)

With PyTorch installed it also checks that torch has the same names, shapes and logits.
"""

import json
import pathlib

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).resolve().parent
random = np.random.default_rng(0)
shapes = {"0.weight": (4, 3), "0.bias": (4,), "2.weight": (2, 4), "2.bias": (2,)}
weights = {name: random.normal(size=shape) for name, shape in shapes.items()}
inputs = random.normal(size=(5, 3))


def logits(p):
    hidden = np.tanh(inputs @ p["0.weight"].T + p["0.bias"])
    return hidden @ p["2.weight"].T + p["2.bias"]


table = {"inputs": inputs.ravel().tolist()}
types = {"f64": np.float64, "f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16}
for name, dtype in types.items():
    stored = {key: value.astype(dtype) for key, value in weights.items()}
    save_file(stored | {"steps": np.array([7], dtype=np.int64)}, HERE / f"state_dict-{name}.safetensors")
    exact = {key: value.astype(np.float64) for key, value in stored.items()}
    table[name] = {"logits": logits(exact).ravel().tolist(), "first": exact["0.weight"].ravel().tolist()}
# The dense layers of Flax: kernels are inputs x outputs.
flax = {"layers_0.kernel": weights["0.weight"].T.copy(), "layers_0.bias": weights["0.bias"]}
flax |= {"layers_1.kernel": weights["2.weight"].T.copy(), "layers_1.bias": weights["2.bias"]}
save_file(flax, HERE / "state_dict-transposed.safetensors")
(HERE / "state_dict.json").write_text(json.dumps(table, indent=1) + "\n")

try:
    import torch
    from safetensors.torch import load_file
except ImportError:
    print("without PyTorch: its names and logits were not checked")
else:
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)).double()
    state = load_file(HERE / "state_dict-f64.safetensors")
    del state["steps"]
    network.load_state_dict(state)
    difference = np.abs(network(torch.tensor(inputs)).detach().numpy() - logits(weights)).max()
    assert difference < 1e-14, difference
    print(f"PyTorch {torch.__version__} agrees to {difference:.1e}")
