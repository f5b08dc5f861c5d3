"""Writes torch.json: layers in float64 by PyTorch (printed into the file), value and gradients of sum(probe * layer(x)).

python3 test/nn/layers/make_torch_values.py > test/nn/layers/torch.json
"""
import json
import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def eighths(*shape):
    """Numbers that float32 holds exactly."""
    return torch.randint(-40, 41, shape) / 8


def numbers(tensor):
    return tensor.detach().reshape(-1).tolist()


cases = []


def case(name, options, module, x, parameters, training, updated=None):
    """`parameters`: ours by name, the module's attribute, and a value."""
    for attribute, value in parameters.values():
        getattr(module, attribute).data = value.clone()
    module.train(training)
    is_ids = not x.is_floating_point()
    if not is_ids:
        x = x.clone().requires_grad_(True)
    y = module(x)
    probe = eighths(*y.shape)
    (probe * y).sum().backward()
    names = [ours for ours, (attribute, _) in parameters.items() if getattr(module, attribute).requires_grad]
    cases.append({
        "name": name, "options": options, "training": training,
        "x": {"shape": list(x.shape), "data": numbers(x)},
        "parameters": {ours: numbers(value) for ours, (_, value) in parameters.items()},
        "probe": numbers(probe), "value": numbers(y),
        "gradients": {
            **({} if is_ids else {"x": numbers(x.grad)}),
            **{ours: numbers(getattr(module, parameters[ours][0]).grad) for ours in names},
        },
        "updated": {ours: numbers(value(x.detach())) for ours, value in (updated or {}).items()},
    })


for training in (True, False):
    for momentum, epsilon in ((0.99, 1e-3), (0.5, 0.125)):
        units = 3
        moving = {"movingMean": eighths(units), "movingVariance": eighths(units).abs() + 0.5}
        follow = lambda old, now, m=momentum: m * old + (1 - m) * now
        case(
            "batchNormalization", {"momentum": momentum, "epsilon": epsilon},
            nn.BatchNorm1d(units, eps=epsilon, momentum=1 - momentum), eighths(7, units),
            {
                "gamma": ("weight", eighths(units)), "beta": ("bias", eighths(units)),
                "movingMean": ("running_mean", moving["movingMean"]),
                "movingVariance": ("running_var", moving["movingVariance"]),
            },
            training,
            {
                "movingMean": lambda x: follow(moving["movingMean"], x.mean(0)),
                # of the batch itself; PyTorch keeps the estimate by n - 1
                "movingVariance": lambda x: follow(moving["movingVariance"], x.var(0, unbiased=False)),
            } if training else None,
        )
case(
    "batchNormalization", {"center": False, "scale": False, "epsilon": 1e-3},
    nn.BatchNorm1d(4, eps=1e-3, affine=False), eighths(5, 4), {}, True,
)
for epsilon in (1e-3, 0.125):
    case(
        "layerNormalization", {"epsilon": epsilon}, nn.LayerNorm(5, eps=epsilon), eighths(4, 5),
        {"gamma": ("weight", eighths(5)), "beta": ("bias", eighths(5))}, True,
    )
case(
    "layerNormalization", {"center": False, "scale": False, "epsilon": 1e-3},
    nn.LayerNorm(3, eps=1e-3, elementwise_affine=False), eighths(6, 3), {}, False,
)
for ids in ((6, 1), (5, 3)):
    case(
        "embedding", {"inputDim": 4, "outputDim": 3}, nn.Embedding(4, 3), torch.randint(0, 4, ids),
        {"embeddings": ("weight", eighths(4, 3))}, True,
    )


class ChannelsLast(nn.Module):
    """A module with channels behind the rows, as one with channels last."""

    def __init__(self, module):
        super().__init__()
        self.module = module
        for name in ("weight", "bias", "running_mean", "running_var"):
            setattr(self, name, getattr(module, name))

    def forward(self, x):
        return self.module(x.movedim(-1, 1)).movedim(1, -1)


for training in (True, False):
    units, momentum = 3, 0.75
    moving = {"movingMean": eighths(units), "movingVariance": eighths(units).abs() + 0.5}
    follow = lambda old, now: momentum * old + (1 - momentum) * now
    case(
        "batchNormalization", {"momentum": momentum, "epsilon": 1e-3},
        ChannelsLast(nn.BatchNorm2d(units, eps=1e-3, momentum=1 - momentum)), eighths(2, 3, 4, units),
        {
            "gamma": ("weight", eighths(units)), "beta": ("bias", eighths(units)),
            "movingMean": ("running_mean", moving["movingMean"]),
            "movingVariance": ("running_var", moving["movingVariance"]),
        },
        training,
        {
            "movingMean": lambda x: follow(moving["movingMean"], x.mean((0, 1, 2))),
            "movingVariance": lambda x: follow(moving["movingVariance"], x.var((0, 1, 2), unbiased=False)),
        } if training else None,
    )
for shape in ((3, 4, 5), (2, 3, 2, 4)):
    case(
        "layerNormalization", {"epsilon": 1e-3}, nn.LayerNorm(shape[-1], eps=1e-3), eighths(*shape),
        {"gamma": ("weight", eighths(shape[-1])), "beta": ("bias", eighths(shape[-1]))}, True,
    )

print(json.dumps({"torch": torch.__version__, "cases": cases}))
