"""Writes convolutions.json: convolutions in float64 by PyTorch, value and gradients of sum(probe * layer(x)).

PyTorch has channels before axes and filters before channels; what is written has Keras' order.

python3 test/nn/layers/make_convolution_values.py > test/nn/layers/convolutions.json
"""
import json
import torch
from torch.nn import functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def whole(*shape):
    """Small enough that all sums of products are exact in float32."""
    return torch.randint(-5, 6, shape).double().requires_grad_(True)


def numbers(tensor):
    return [int(number) for number in tensor.detach().reshape(-1).tolist()]


def same(n, k, s, d):
    total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
    return total // 2, total - total // 2


def pads(padding, lengths, size, strides, dilation):
    """For F.pad: of the last axis first."""
    result = []
    for n, k, s, d in reversed(list(zip(lengths, size, strides, dilation))):
        result += {"valid": (0, 0), "causal": ((k - 1) * d, 0)}.get(padding) or same(n, k, s, d)
    return result


cases = []


def case(name, args, options, x, arrays, compute):
    y = compute(x, **arrays)
    probe = whole(*y.shape)
    (probe.detach() * y).sum().backward()
    cases.append({
        "name": name, "args": args, "options": options,
        "x": {"shape": list(x.shape), "data": numbers(x)},
        "arrays": {key: {"shape": list(value.shape), "data": numbers(value)} for key, value in arrays.items()},
        "shape": list(y.shape), "probe": numbers(probe), "value": numbers(y),
        "gradients": {key: numbers(value.grad) for key, value in {"x": x, **arrays}.items()},
    })


def first(x):
    """Channels first."""
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def conv(x, kernel, padding, strides, dilation, groups=1):
    """Kernel [out, in / groups, ...]."""
    axes = x.dim() - 2
    padded = F.pad(first(x), pads(padding, x.shape[1:-1], kernel.shape[2:], strides, dilation))
    apply = F.conv1d if axes == 1 else F.conv2d
    return last(apply(padded, kernel, stride=strides, dilation=dilation, groups=groups))


for steps, size, stride, rate, padding in (
    (9, 3, 1, 1, "valid"), (9, 3, 1, 1, "same"), (9, 3, 1, 2, "causal"), (10, 4, 3, 1, "same"),
    (8, 2, 2, 3, "valid"), (7, 3, 2, 2, "causal"), (1, 1, 1, 1, "valid"), (2, 5, 1, 1, "same"),
):
    case(
        "conv1d", [5, size], {"strides": stride, "dilationRate": rate, "padding": padding},
        whole(3, steps, 2), {"kernel": whole(size, 2, 5), "bias": whole(5)},
        lambda x, kernel, bias, p=padding, s=stride, d=rate: conv(x, kernel.permute(2, 1, 0), p, [s], [d]) + bias,
    )

GRID = (
    # height, width, channels, filters, size, strides, dilation
    (5, 6, 2, 3, (3, 3), (1, 1), (1, 1)),
    (8, 8, 1, 4, (3, 3), (1, 1), (1, 1)),
    (7, 6, 3, 2, (2, 3), (2, 1), (1, 1)),
    (6, 9, 4, 5, (3, 2), (2, 3), (1, 1)),
    (7, 8, 2, 9, (2, 3), (1, 1), (2, 3)),
    (9, 7, 5, 8, (3, 3), (2, 2), (2, 1)),
    (4, 4, 3, 3, (1, 1), (1, 1), (1, 1)),
    (5, 5, 3, 2, (1, 1), (2, 3), (1, 1)),
    (3, 4, 2, 3, (3, 4), (1, 1), (1, 1)),
    (5, 4, 13, 2, (2, 2), (3, 3), (1, 1)),
)
for height, width, channels, filters, size, strides, rate in GRID:
    for padding in ("valid", "same"):
        options = {"strides": list(strides), "dilationRate": list(rate), "padding": padding}
        case(
            "conv2d", [filters, list(size)], options, whole(1 + channels % 2, height, width, channels),
            {"kernel": whole(*size, channels, filters), "bias": whole(filters)},
            lambda x, kernel, bias, p=padding, s=strides, d=rate:
                conv(x, kernel.permute(3, 2, 0, 1), p, s, d) + bias,
        )
        multiplier = 1 + filters % 2
        # channel c becomes the channels c * multiplier + m, as of groups in PyTorch
        depthwise = lambda x, kernel, p=padding, s=strides, d=rate: conv(
            x, kernel.permute(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2]), p, s, d, groups=x.shape[-1])
        case(
            "depthwiseConv2d", [list(size)], {**options, "depthMultiplier": multiplier},
            whole(1, height, width, channels),
            {"kernel": whole(*size, channels, multiplier), "bias": whole(channels * multiplier)},
            lambda x, kernel, bias, of=depthwise: of(x, kernel) + bias,
        )
        if channels > 4:
            continue
        case(
            "separableConv2d", [filters, list(size)], {**options, "depthMultiplier": multiplier, "useBias": False},
            whole(1, height, width, channels),
            {
                "depthwiseKernel": whole(*size, channels, multiplier),
                "pointwiseKernel": whole(1, 1, channels * multiplier, filters),
            },
            lambda x, depthwiseKernel, pointwiseKernel, of=depthwise: of(x, depthwiseKernel) @ pointwiseKernel[0, 0],
        )


def transposed(x, kernel, padding, strides, dilation):
    """Kernel [height, width, out, in]. The whole by PyTorch, then cut to what Keras keeps, or filled up with zeros."""
    full = F.conv_transpose2d(first(x), kernel.permute(3, 2, 0, 1), stride=strides, dilation=dilation)
    for axis, (n, k, s, d) in enumerate(zip(x.shape[1:-1], kernel.shape[:2], strides, dilation)):
        reach = (k - 1) * d + 1
        length = n * s + (max(reach - s, 0) if padding == "valid" else 0)
        before = 0 if padding == "valid" else same(length, k, s, d)[0]
        missing = max(before + length - full.shape[2 + axis], 0)
        full = F.pad(full, [0, 0] * (1 - axis) + [0, missing])
        full = full.narrow(2 + axis, before, length)
    return last(full)


for height, width, channels, filters, size, strides, rate in (
    (3, 4, 2, 3, (3, 3), (1, 1), (1, 1)),
    (3, 2, 3, 2, (3, 3), (2, 2), (1, 1)),
    (4, 3, 1, 1, (5, 4), (2, 3), (1, 1)),
    (2, 3, 4, 5, (2, 2), (2, 2), (1, 1)),
    (2, 2, 2, 3, (1, 2), (3, 3), (1, 1)),
    (3, 3, 2, 2, (3, 2), (1, 2), (2, 3)),
):
    for padding in ("valid", "same"):
        case(
            "conv2dTranspose", [filters, list(size)],
            {"strides": list(strides), "dilationRate": list(rate), "padding": padding},
            whole(2, height, width, channels),
            {"kernel": whole(*size, filters, channels), "bias": whole(filters)},
            lambda x, kernel, bias, p=padding, s=strides, d=rate: transposed(x, kernel, p, s, d) + bias,
        )

for shape in ((3, 4), (2, 3, 4), (2, 2, 3, 4)):
    case(
        "dense", [5], {}, whole(*shape), {"kernel": whole(4, 5), "bias": whole(5)},
        lambda x, kernel, bias: x @ kernel + bias,
    )

print(json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")))
