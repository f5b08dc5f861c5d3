"""Writes torch.json: recurrent layers in float64 by PyTorch, their last states, and the gradients of sum(probe * outputs).

PyTorch's GRU resets after the recurrent product. The GRU that resets before it, and layers without biases of that kind, are
written out in NumPy below; its gradients are by complex steps, exact to the last digits (W. Squire and G. Trapp, SIAM
Review 40(1), 1998).

python3 test/nn/layers/recurrent/make_torch_values.py > test/nn/layers/recurrent/torch.json
"""
import json
import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
# the blocks of PyTorch's rows in the order of Keras' columns
ORDER = {"simpleRNN": [0], "lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}


def eighths(*shape):
    """Numbers that float32 holds exactly."""
    return torch.randint(-12, 13, shape) / 8


def numbers(array):
    return np.asarray(array).reshape(-1).tolist()


def blocks(kind, rows):
    """PyTorch's [gates * units, ...] as Keras' [..., gates * units]."""
    parts = np.split(np.asarray(rows), len(ORDER[kind]))
    return np.concatenate([parts[i] for i in ORDER[kind]]).T


def ours(kind, module, suffix, prefix, of):
    w, u, b, own = (of(getattr(module, f"{name}_l0{suffix}")) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    bias = np.stack([blocks(kind, b), blocks(kind, own)]) if kind == "gru" else blocks(kind, b)
    return {f"{prefix}kernel": numbers(blocks(kind, w)), f"{prefix}recurrentKernel": numbers(blocks(kind, u)), f"{prefix}bias": numbers(bias)}


cases = []


def case(kind, rows, steps, features, units, options, bidirectional=False, nonlinearity="tanh"):
    modules = {"simpleRNN": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
    extra = {"nonlinearity": nonlinearity} if kind == "simpleRNN" else {}
    module = modules[kind](features, units, batch_first=True, bidirectional=bidirectional, **extra)
    for name, parameter in module.named_parameters():
        # the layers here have one bias where two would be added up
        parameter.data = torch.zeros_like(parameter) if name.startswith("bias_hh") and kind != "gru" else eighths(*parameter.shape)
    x = eighths(rows, steps, features).requires_grad_(True)
    back = options.get("goBackwards", False)
    outputs, last = module(x.flip(1) if back else x)
    outputs = outputs.flip(1) if back else outputs
    last = last[0] if kind == "lstm" else last
    y = outputs if options.get("returnSequences") else torch.cat(list(last), dim=1)
    probe = eighths(*y.shape)
    (probe * y).sum().backward()
    directions = {"": "forward.", "_reverse": "backward."} if bidirectional else {"": ""}
    weights, gradients = {}, {"x": numbers(x.grad)}
    for suffix, prefix in directions.items():
        weights |= ours(kind, module, suffix, prefix, lambda p: p.detach().numpy())
        gradients |= ours(kind, module, suffix, prefix, lambda p: p.grad.numpy())
    cases.append({
        "layer": kind, "units": units, "bidirectional": bidirectional, "options": options,
        "x": {"shape": [rows, steps, features], "data": numbers(x.detach())},
        "weights": weights, "probe": numbers(probe), "value": numbers(y.detach()), "gradients": gradients,
    })


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_before(x, w, units, sequences):
    """Cho and others, 2014, in Keras' words: the reset gate before the recurrent product."""
    kernel, recurrent, bias = w["kernel"], w["recurrentKernel"], w.get("bias", 0)
    h = np.zeros((x.shape[0], units), dtype=x.dtype)
    all_states = []
    for t in range(x.shape[1]):
        xz, xr, xh = np.split(x[:, t] @ kernel + bias, 3, axis=1)
        uz, ur, uh = np.split(recurrent, 3, axis=1)
        z, r = sigmoid(xz + h @ uz), sigmoid(xr + h @ ur)
        h = z * h + (1 - z) * np.tanh(xh + (r * h) @ uh)
        all_states.append(h)
    return np.stack(all_states, axis=1) if sequences else h


def case_before(rows, steps, features, units, options):
    shapes = {"kernel": (features, 3 * units), "recurrentKernel": (units, 3 * units), "bias": (3 * units,)}
    if not options.get("useBias", True):
        del shapes["bias"]
    w = {name: eighths(*shape).numpy() for name, shape in shapes.items()}
    x = eighths(rows, steps, features).numpy()
    sequences = options.get("returnSequences", False)
    y = gru_before(x, w, units, sequences)
    probe = eighths(*y.shape).numpy()
    all_of = {"x": x, **w}

    def derivative(name):
        result = []
        for i in range(all_of[name].size):
            moved = {key: value.astype(complex) for key, value in all_of.items()}
            moved[name].reshape(-1)[i] += 1e-30j
            own = {key: value for key, value in moved.items() if key != "x"}
            result.append(float((probe * gru_before(moved["x"], own, units, sequences)).sum().imag / 1e-30))
        return result

    cases.append({
        "layer": "gru", "units": units, "bidirectional": False, "options": {**options, "resetAfter": False},
        "x": {"shape": [rows, steps, features], "data": numbers(x)},
        "weights": {name: numbers(value) for name, value in w.items()},
        "probe": numbers(probe), "value": numbers(y), "gradients": {name: derivative(name) for name in all_of},
    })


for kind in ORDER:
    case(kind, 3, 4, 2, 3, {"returnSequences": True})
    case(kind, 3, 4, 2, 3, {})
    case(kind, 2, 5, 3, 2, {"goBackwards": True, "returnSequences": True})
    case(kind, 2, 3, 1, 2, {"goBackwards": True})
    case(kind, 1, 1, 2, 1, {})
    case(kind, 2, 3, 2, 2, {"returnSequences": True}, bidirectional=True)
    case(kind, 2, 3, 2, 2, {}, bidirectional=True)
case("simpleRNN", 2, 4, 2, 3, {"activation": "relu"}, nonlinearity="relu")
case_before(3, 4, 2, 3, {"returnSequences": True})
case_before(2, 3, 3, 2, {})
case_before(2, 3, 2, 2, {"useBias": False})

print(json.dumps({"torch": torch.__version__, "numpy": np.__version__, "cases": cases}))
