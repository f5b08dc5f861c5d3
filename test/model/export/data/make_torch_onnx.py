"""Writes torchOnnx.json: PyTorch's networks as both of its exporters write them to ONNX, with inputs and what PyTorch predicts.

    /usr/bin/python3 make_torch_onnx.py > torchOnnx.json     # PyTorch 2.6.0, onnx 1.17.0, onnxscript 0.2.0

`script` is the exporter that traces (`dynamo=False`), `dynamo` the default of PyTorch since 2.9. Notes of the exporters on sources
and shapes are left out of the files, and nothing else. Files are in base64; numbers of rows are row-major. Predictions are float64
ones of the same weights, rounded to float32.
"""
import base64
import contextlib
import io
import json
import sys

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(41)


class Of(nn.Module):
    """Layers, and a function of them and of the inputs."""

    def __init__(self, function, **layers):
        super().__init__()
        self.layers = nn.ModuleDict(layers)
        self.function = function

    def forward(self, *given):
        return self.function(self.layers, *given)


def stack(*layers):
    return nn.Sequential(*layers)


def squeezed(l, x):
    """A block of squeeze and excitation."""
    h = l["conv"](x)
    return l["out"](torch.flatten(h * torch.sigmoid(l["up"](F.relu(l["down"](F.adaptive_avg_pool2d(h, 1))))), 1))


def residual(l, x):
    h = F.relu(l["bn"](l["conv"](x)))
    h = F.relu(h + l["second"](h))
    return l["out"](F.adaptive_avg_pool2d(h, 1).flatten(1))


def inception(l, x):
    parts = [F.relu(l["one"](x)), F.relu(l["three"](x)), F.avg_pool2d(x, 3, 1, 1)]
    return l["out"](torch.cat(parts, 1).mean(dim=(2, 3)))


MODELS = {
    "linear": (stack(nn.Linear(3, 2)), [(3,)]),
    "relu": (stack(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)), [(4,)]),
    "tanh without bias": (stack(nn.Linear(4, 6, bias=False), nn.Tanh(), nn.Linear(6, 1)), [(4,)]),
    "gelu": (stack(nn.Linear(4, 6), nn.GELU(), nn.Linear(6, 3), nn.Softmax(-1)), [(4,)]),
    "gelu by tanh": (stack(nn.Linear(4, 6), nn.GELU("tanh"), nn.Linear(6, 3), nn.LogSoftmax(-1)), [(4,)]),
    "silu, mish": (stack(nn.Linear(4, 6), nn.SiLU(), nn.Linear(6, 6), nn.Mish(), nn.Linear(6, 2)), [(4,)]),
    "elu, selu, celu": (stack(nn.Linear(4, 6), nn.ELU(0.5), nn.Linear(6, 6), nn.SELU(), nn.Linear(6, 5), nn.CELU(), nn.Linear(5, 2)), [(4,)]),
    "slopes": (stack(nn.Linear(4, 6), nn.LeakyReLU(0.05), nn.Linear(6, 6), nn.PReLU(), nn.Linear(6, 5), nn.PReLU(5), nn.Linear(5, 1)), [(4,)]),
    "hard": (stack(nn.Linear(4, 6), nn.Hardswish(), nn.Linear(6, 6), nn.Hardsigmoid(), nn.Linear(6, 6), nn.Hardtanh(), nn.Linear(6, 5), nn.ReLU6(), nn.Linear(5, 1)), [(4,)]),
    "softplus, softsign, sigmoid": (stack(nn.Linear(4, 6), nn.Softplus(), nn.Linear(6, 6), nn.Softsign(), nn.Linear(6, 6), nn.LogSigmoid(), nn.Linear(6, 1), nn.Sigmoid()), [(4,)]),
    "batch norm": (stack(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 2)), [(4,)]),
    "layer norm": (stack(nn.Linear(4, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 2)), [(4,)]),
    "residual mlp": (Of(lambda l, x: l["out"](x + torch.tanh(l["a"](x)) * torch.sigmoid(l["b"](x))), a=nn.Linear(4, 4), b=nn.Linear(4, 4), out=nn.Linear(4, 2)), [(4,)]),
    "two inputs": (Of(lambda l, a, b: l["out"](torch.cat([torch.relu(l["a"](a)), b], 1)), a=nn.Linear(3, 4), out=nn.Linear(6, 2)), [(3,), (2,)]),
    "shared": (Of(lambda l, x: l["out"](torch.relu(l["a"](torch.relu(l["a"](x))))), a=nn.Linear(4, 4), out=nn.Linear(4, 2)), [(4,)]),
    "scaled": (Of(lambda l, x: 2 * l["out"](torch.clamp((x - 0.5) / 0.25, -3, 3)) + 1, out=nn.Linear(4, 2)), [(4,)]),
    "lenet": (stack(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)), [(1, 7, 8)]),
    "batch norm of images": (stack(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Flatten(), nn.Linear(48, 3)), [(2, 5, 7)]),
    "strides": (stack(nn.Conv2d(2, 3, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(1, 2)), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)), [(2, 9, 12)]),
    "depthwise": (stack(nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.ReLU6(), nn.Conv2d(4, 6, 1), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2)), [(4, 6, 5)]),
    "multiplied depthwise": (stack(nn.Conv2d(2, 6, 3, groups=2, stride=2), nn.SiLU(), nn.Flatten(), nn.Linear(24, 2)), [(2, 5, 6)]),
    "residual": (Of(residual, conv=nn.Conv2d(2, 4, 3, padding=1), bn=nn.BatchNorm2d(4), second=nn.Conv2d(4, 4, 3, padding=1), out=nn.Linear(4, 2)), [(2, 6, 6)]),
    "squeeze and excitation": (Of(squeezed, conv=nn.Conv2d(1, 4, 3), down=nn.Conv2d(4, 2, 1), up=nn.Conv2d(2, 4, 1), out=nn.Linear(36, 2)), [(1, 5, 5)]),
    "inception": (Of(inception, one=nn.Conv2d(3, 2, 1), three=nn.Conv2d(3, 4, 3, padding=1), out=nn.Linear(9, 2)), [(3, 5, 4)]),
    "group norm": (stack(nn.Conv2d(2, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.Flatten(), nn.Linear(24, 2)), [(2, 4, 5)]),
    "instance norm": (stack(nn.Conv2d(2, 4, 3), nn.InstanceNorm2d(4, affine=True), nn.ELU(), nn.Flatten(), nn.Linear(24, 2)), [(2, 4, 5)]),
    "autoencoder": (stack(nn.Conv2d(1, 3, 3, 2, 1), nn.ReLU(), nn.ConvTranspose2d(3, 2, 3, 2, 1, 1), nn.ReLU(), nn.ConvTranspose2d(2, 1, 2)), [(1, 6, 8)]),
    "upsampling": (stack(nn.Conv2d(1, 2, 3, padding=1), nn.PReLU(2), nn.Upsample(scale_factor=2), nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(2, 1, 3), nn.Sigmoid()), [(1, 4, 3)]),
    "segmentation": (stack(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 4, 1), nn.Softmax(1)), [(2, 4, 5)]),
    "sequence": (stack(nn.Conv1d(3, 4, 3, padding=2), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(4, 4, 3, groups=4), nn.GELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2)), [(3, 11)]),
    "longer sequence": (stack(nn.ConvTranspose1d(2, 3, 4, 2, 1), nn.Tanh(), nn.AvgPool1d(2), nn.Flatten(), nn.Linear(15, 2)), [(2, 5)]),
    "volume": (stack(nn.Conv3d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool3d(2), nn.Flatten(), nn.Linear(16, 2)), [(1, 4, 4, 5)]),
    "tokens": (Of(lambda l, x: l["out"](l["norm"](x + l["b"](F.gelu(l["a"](x)))).mean(1)), a=nn.Linear(3, 5), b=nn.Linear(5, 3), norm=nn.LayerNorm(3), out=nn.Linear(3, 2)), [(4, 3)]),
    "transposed": (Of(lambda l, x: l["out"](l["a"](x.transpose(1, 2)).relu().transpose(1, 2)[:, -1]), a=nn.Linear(4, 4), out=nn.Linear(3, 2)), [(4, 3)]),
    "parts": (Of(lambda l, x: l["out"](x[:, 1:4] * torch.sigmoid(x[:, 3:])), out=nn.Linear(3, 2)), [(6,)]),
    "chunks": (Of(lambda l, x: (lambda a, b: l["out"](torch.maximum(a, b).view(-1, 8)))(*l["conv"](x).chunk(2, 1)), conv=nn.Conv2d(1, 4, 3), out=nn.Linear(8, 2)), [(1, 4, 4)]),
    "two outputs": (Of(lambda l, x: (l["a"](x), torch.softmax(l["b"](x), 1)), a=nn.Linear(3, 2), b=nn.Linear(3, 4)), [(3,)]),
}


def numbers(x):
    return [float(f"{value:.9g}") for value in x.detach().float().flatten().tolist()]


def exported(model, inputs, dynamo):
    file = io.BytesIO()
    names = [f"input{i}" for i in range(len(inputs))]
    if dynamo:
        rows = torch.export.Dim("rows", min=1, max=1000)
        shapes = tuple({0: rows} for _ in inputs)
        # the signature of `forward(*given)` has one name for all
        given = (shapes,) if isinstance(model, Of) else shapes
        program = torch.onnx.export(model, tuple(inputs), dynamo=True, optimize=True, input_names=names, dynamic_shapes=given)
        proto = program.model_proto
    else:
        torch.onnx.export(model, tuple(inputs), file, dynamo=False, input_names=names, dynamic_axes={name: {0: "rows"} for name in names})
        import onnx
        proto = onnx.load_from_string(file.getvalue())
    proto.graph.ClearField("value_info")
    proto.graph.ClearField("metadata_props")
    for node in proto.graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    return base64.b64encode(proto.SerializeToString()).decode()


cases = []
for name, (model, shapes) in MODELS.items():
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.normal_(module.weight)
        if isinstance(module, (nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d)):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    model.eval()
    inputs = [torch.randn(3, *shape) for shape in shapes]
    files = {}
    for exporter in ("script", "dynamo"):
        with contextlib.redirect_stdout(sys.stderr):
            try:
                files[exporter] = exported(model, inputs, exporter == "dynamo")
            except Exception as error:  # what an exporter of this version cannot write
                print(name, exporter, str(error)[:300], file=sys.stderr)
    with torch.no_grad():
        results = model.double()(*[x.double() for x in inputs])
    results = results if isinstance(results, tuple) else (results,)
    cases.append({
        "name": name,
        "inputs": [{"shape": list(x.shape[1:]), "data": numbers(x)} for x in inputs],
        "outputs": [{"shape": list(y.shape[1:]), "data": numbers(y)} for y in results],
        "files": files,
    })
json.dump({"torch": torch.__version__, "cases": cases}, sys.stdout, separators=(",", ":"))
