"""Writes attention.json: multi-head attention in float64 by PyTorch (printed into the file), value and gradients of sum(probe * layer(...)).

/usr/bin/python3 test/nn/layers/make_attention_values.py > test/nn/layers/attention.json
"""
import json
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def sixteenths(*shape):
    """Numbers that float32 holds exactly, as parameters."""
    return (torch.randint(-24, 25, shape) / 16).requires_grad_(True)


def numbers(tensor):
    return tensor.detach().reshape(-1).tolist()


cases = []


def case(options, inputs, weights, y):
    probe = torch.randint(-16, 17, y.shape) / 16
    (probe * y).sum().backward()
    cases.append({
        "options": options, "inputs": [{"shape": list(x.shape), "data": numbers(x)} for x in inputs],
        "weights": {name: {"shape": list(w.shape), "data": numbers(w)} for name, w in weights.items()},
        "probe": numbers(probe), "value": numbers(y),
        "gradients": [numbers(x.grad) for x in inputs] + [numbers(w.grad) for w in weights.values()],
    })


def written_out(heads, key_dim, value_dim, bias, causal, *shapes):
    inputs = [sixteenths(*shape) for shape in shapes]
    query, value, key = (inputs + inputs[-1:] * 2)[:3]
    dims = {"query": (query, key_dim), "key": (key, key_dim), "value": (value, value_dim)}
    weights = {}
    for name, (x, dim) in dims.items():
        weights[f"{name}Kernel"] = sixteenths(x.shape[-1], heads, dim)
        if bias:
            weights[f"{name}Bias"] = sixteenths(heads, dim)
    weights["outputKernel"] = sixteenths(heads, value_dim, query.shape[-1])
    if bias:
        weights["outputBias"] = sixteenths(query.shape[-1])

    def project(name):
        projected = torch.einsum("nsf,fhd->nhsd", dims[name][0], weights[f"{name}Kernel"])
        return projected + weights[f"{name}Bias"].unsqueeze(1) if bias else projected

    attended = F.scaled_dot_product_attention(*map(project, ("query", "key", "value")), is_causal=causal)
    y = torch.einsum("nhsd,hdf->nsf", attended, weights["outputKernel"])
    options = {"numHeads": heads, "keyDim": key_dim, "valueDim": value_dim, "useBias": bias, "causal": causal}
    case(options, inputs, weights, y + weights["outputBias"] if bias else y)


written_out(2, 3, 3, True, False, (2, 4, 5))
written_out(1, 2, 4, True, True, (3, 5, 3))
written_out(3, 1, 2, False, False, (2, 3, 4), (2, 6, 5))
written_out(2, 2, 1, True, True, (1, 4, 3), (1, 4, 2), (1, 4, 5))
written_out(2, 4, 4, True, False, (2, 1, 8))

# PyTorch's own layer, with its weights as ours
heads, key_dim = 2, 3
dim = heads * key_dim
module = nn.MultiheadAttention(dim, heads, batch_first=True)
for parameter in module.parameters():
    parameter.data = sixteenths(*parameter.shape).detach()
x = sixteenths(2, 4, dim)
y, _ = module(x, x, x)
mine = {}
for name, w, b in zip(("query", "key", "value"), module.in_proj_weight.chunk(3), module.in_proj_bias.chunk(3)):
    mine[f"{name}Kernel"] = (w.T.reshape(dim, heads, key_dim), 0)
    mine[f"{name}Bias"] = (b.reshape(heads, key_dim), 0)
mine["outputKernel"] = (module.out_proj.weight.T.reshape(heads, key_dim, dim), 0)
mine["outputBias"] = (module.out_proj.bias, 0)
probe = torch.randint(-16, 17, y.shape) / 16
(probe * y).sum().backward()
gradients = [x.grad]
for w, b in zip(module.in_proj_weight.grad.chunk(3), module.in_proj_bias.grad.chunk(3)):
    gradients += [w.T, b]
gradients += [module.out_proj.weight.grad.T, module.out_proj.bias.grad]
cases.append({
    "options": {"numHeads": heads, "keyDim": key_dim}, "inputs": [{"shape": list(x.shape), "data": numbers(x)}],
    "weights": {name: {"shape": list(w.shape), "data": numbers(w)} for name, (w, _) in mine.items()},
    "probe": numbers(probe), "value": numbers(y), "gradients": [numbers(g) for g in gradients],
})

print(json.dumps({"torch": torch.__version__, "cases": cases}))
