"""
Values of activations, their gradients and second gradients in float64, by PyTorch: activations.json.

    /usr/bin/python3 test/nn/make_activation_values.py > test/nn/activations.json

Points are none of the kinks, where conventions differ. The options are those of Keras: a slope of 0.2.
"""
import json

import torch
import torch.nn.functional as F

POINTS = [-40.0, -12.5, -6.25, -3.5, -2.75, -1.5, -0.625, -0.0625, -1e-3, 1e-3, 0.125, 0.75, 1.25, 2.875, 3.5, 5.5, 7.0, 15.0]



def same(y, expected):
    assert torch.allclose(y, expected, rtol=1e-14, atol=1e-14)
    return y


ACTIVATIONS = {
    "linear": lambda x: x * 1,
    "relu": F.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    # PyTorch's default is x itself from 20 on
    "softplus": lambda x: F.softplus(x, threshold=1000),
    "gelu": F.gelu,
    "celu": F.celu,
    "elu": F.elu,
    "exponential": torch.exp,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
    # composed, since F.hardsigmoid and F.hardswish have no second gradient
    "hardSigmoid": lambda x: same(F.relu6(x + 3) / 6, F.hardsigmoid(x)),
    "hardSilu": lambda x: same(x * F.relu6(x + 3) / 6, F.hardswish(x)),
    "hardTanh": F.hardtanh,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.2),
    "logSigmoid": F.logsigmoid,
    "mish": F.mish,
    "relu6": F.relu6,
    "selu": F.selu,
    "silu": F.silu,
    "softsign": F.softsign,
}
OPTIONS = {
    "leakyRelu 0.01": lambda x: F.leaky_relu(x, 0.01),
    "elu 0.5": lambda x: F.elu(x, 0.5),
    "celu 0.5": lambda x: F.celu(x, 0.5),
}


def case(f):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    y = f(x)
    (gradient,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    second = torch.zeros_like(x)
    if gradient.requires_grad:
        (found,) = torch.autograd.grad(gradient.sum(), x, allow_unused=True)
        second = second if found is None else found
    return {"value": y.tolist(), "gradient": gradient.tolist(), "second": second.tolist()}


print(
    json.dumps(
        {
            "torch": torch.__version__,
            "points": POINTS,
            "cases": {name: case(f) for name, f in {**ACTIVATIONS, **OPTIONS}.items()},
        }
    )
)
