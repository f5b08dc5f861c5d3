"""Writes pooling.json: pooling and layers of shape in float64 by PyTorch (printed into the file), value and gradient of sum(probe * layer(x)).

/usr/bin/python3 test/nn/layers/make_pooling_values.py > test/nn/layers/pooling.json
"""
import json
import math
import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return tensor.detach().reshape(-1).tolist()


cases = []


def case(name, args, fn, shape, few=False):
    """`few`: numbers of which many are equal."""
    x = (torch.randint(-2, 3, shape) if few else torch.randperm(math.prod(shape)).reshape(shape) - 20) / 8
    x = x.clone().requires_grad_(True)
    y = fn(x)
    probe = torch.randint(-40, 41, y.shape) / 8
    (probe * y).sum().backward()
    cases.append({
        "name": name, "args": args, "shape": list(shape), "x": numbers(x), "out": list(y.shape[1:]),
        "probe": numbers(probe), "value": numbers(y), "gradient": numbers(x.grad),
    })


def first(x):
    """Channels behind the rows."""
    return x.movedim(-1, 1).contiguous()


def last(x):
    return x.movedim(1, -1)


def same(length, size, stride):
    total = max((-(-length // stride) - 1) * stride + size - length, 0)
    return [total // 2, total - total // 2]


def padded(x, sizes, strides, value):
    """x with channels in front; F.pad takes the last axis first."""
    ends = [same(n, size, stride) for n, size, stride in zip(x.shape[2:], sizes, strides)]
    return F.pad(x, [n for pair in reversed(ends) for n in pair], value=value)


def largest(sizes, strides, padding):
    pool = F.max_pool1d if len(sizes) == 1 else F.max_pool2d
    def fn(x):
        x = first(x)
        return last(pool(padded(x, sizes, strides, -math.inf) if padding == "same" else x, sizes, strides))
    return fn


def average(sizes, strides, padding):
    pool = F.avg_pool1d if len(sizes) == 1 else F.avg_pool2d
    def fn(x):
        x = first(x)
        if padding == "valid":
            return last(pool(x, sizes, strides))
        # means of what there is
        sums, counts = (pool(padded(of, sizes, strides, 0.0), sizes, strides) for of in (x, torch.ones_like(x)))
        return last(sums / counts)
    return fn


for name, make in (("maxPooling2d", largest), ("averagePooling2d", average)):
    case(name, [2], make([2, 2], [2, 2], "valid"), (2, 4, 6, 3))
    case(name, [2], make([2, 2], [2, 2], "valid"), (1, 5, 3, 5), few=True)
    case(name, [[3, 2], {"strides": [2, 1]}], make([3, 2], [2, 1], "valid"), (2, 5, 4, 2), few=True)
    case(name, [3, {"strides": 2, "padding": "same"}], make([3, 3], [2, 2], "same"), (2, 6, 5, 4))
    case(name, [[2, 4], {"strides": 1, "padding": "same"}], make([2, 4], [1, 1], "same"), (1, 3, 4, 1), few=True)
    case(name, [2, {"strides": 3, "padding": "same"}], make([2, 2], [3, 3], "same"), (1, 7, 5, 2))
for name, make in (("maxPooling1d", largest), ("averagePooling1d", average)):
    case(name, [2], make([2], [2], "valid"), (3, 7, 2))
    case(name, [3, {"strides": 2, "padding": "same"}], make([3], [2], "same"), (2, 6, 5), few=True)
    case(name, [4, {"strides": 1, "padding": "same"}], make([4], [1], "same"), (1, 3, 1))
for axes, shape in ((1, (3, 4, 2)), (2, (2, 3, 2, 5))):
    over = tuple(range(1, axes + 1))
    case(f"globalMaxPooling{axes}d", [], lambda x: x.amax(over), shape, few=True)
    case(f"globalAveragePooling{axes}d", [], lambda x: x.mean(over), shape)
case("upSampling1d", [3], lambda x: last(F.interpolate(first(x), scale_factor=3)), (2, 3, 2))
case("upSampling2d", [[2, 3]], lambda x: last(F.interpolate(first(x), scale_factor=(2, 3))), (2, 3, 2, 4))
case("zeroPadding1d", [[2, 1]], lambda x: F.pad(x, (0, 0, 2, 1)), (2, 3, 2))
case("zeroPadding2d", [[[1, 0], 2]], lambda x: F.pad(x, (0, 0, 2, 2, 1, 0)), (2, 3, 2, 3))
case("zeroPadding2d", [1], lambda x: F.pad(x, (0, 0, 1, 1, 1, 1)), (1, 2, 2, 1))
case("cropping2d", [[[1, 0], [0, 2]]], lambda x: x[:, 1:, :-2], (2, 3, 4, 3))
case("cropping2d", [1], lambda x: x[:, 1:-1, 1:-1], (1, 3, 4, 2))
case("permute", [[3, 1, 2]], lambda x: x.permute(0, 3, 1, 2), (2, 3, 4, 2))
case("reshape", [[2, -1, 3]], lambda x: x.reshape(-1, 2, 2, 3), (2, 3, 4))
case("repeatVector", [3], lambda x: x.unsqueeze(1).repeat(1, 3, 1), (2, 4))
case("flatten", [], lambda x: x.flatten(1), (2, 3, 2))

print(json.dumps({"torch": torch.__version__, "cases": cases}))
