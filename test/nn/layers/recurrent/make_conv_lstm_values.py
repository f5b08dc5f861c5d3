"""Writes convLstm.json: ConvLSTM2D of Keras 3.16 on PyTorch in float64, value and gradients of sum(probe * layer(x)).

KERAS_BACKEND=torch python3 make_conv_lstm_values.py > convLstm.json
"""
import json

import keras
import torch

torch.manual_seed(0)
keras.config.set_floatx("float64")


def sixteenths(*shape):
    """Numbers that float32 holds exactly."""
    return (torch.randint(-16, 17, shape) / 16).double()


def numbers(tensor):
    return tensor.detach().reshape(-1).tolist()


def case(shape, options, keras_options, mask=None):
    layer = keras.layers.ConvLSTM2D(**keras_options, dtype="float64")
    x = sixteenths(*shape).requires_grad_(True)
    layer.build(x.shape)
    names = ["kernel", "recurrentKernel", "bias"][:len(layer.trainable_variables)]
    variables = [variable.value for variable in layer.trainable_variables]
    for variable in variables:
        variable.data = sixteenths(*variable.shape)
    y = layer(x, mask=None if mask is None else torch.tensor(mask).bool())
    probe = sixteenths(*y.shape)
    (probe * y).sum().backward()
    # Keras returns the sequences of goBackwards reversed
    turned = keras_options.get("go_backwards") and keras_options.get("return_sequences")
    [y, probe] = [each.flip(1) if turned else each for each in (y, probe)]
    return {"options": options, "x": {"shape": list(shape), "data": numbers(x)},
            "weights": {name: numbers(variable) for name, variable in zip(names, variables)},
            **({} if mask is None else {"mask": [step for row in mask for step in row]}),
            "probe": numbers(probe), "value": numbers(y),
            "gradients": {"x": numbers(x.grad), **{name: numbers(v.grad) for name, v in zip(names, variables)}}}


IMAGES = (2, 3, 4, 5, 2)
CASES = [
    case(IMAGES, {"filters": 2, "kernelSize": [2, 3]}, {"filters": 2, "kernel_size": (2, 3)}),
    case(IMAGES, {"filters": 2, "kernelSize": 3, "padding": "same", "strides": [2, 1], "returnSequences": True,
                  "activation": "softsign", "recurrentActivation": "tanh"},
         {"filters": 2, "kernel_size": 3, "padding": "same", "strides": (2, 1), "return_sequences": True,
          "activation": "softsign", "recurrent_activation": "tanh"}),
    case(IMAGES, {"filters": 3, "kernelSize": 2, "dilationRate": 2, "useBias": False, "goBackwards": True},
         {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "use_bias": False, "go_backwards": True}),
    case(IMAGES, {"filters": 1, "kernelSize": [1, 2], "returnSequences": True, "goBackwards": True},
         {"filters": 1, "kernel_size": (1, 2), "return_sequences": True, "go_backwards": True}),
    case(IMAGES, {"filters": 2, "kernelSize": 2, "returnSequences": True},
         {"filters": 2, "kernel_size": 2, "return_sequences": True}, [[0, 1, 0], [1, 1, 0]]),
    case(IMAGES, {"filters": 2, "kernelSize": 2}, {"filters": 2, "kernel_size": 2}, [[1, 0, 1], [0, 0, 0]]),
]
print(json.dumps({"origin": f"Keras {keras.__version__}, PyTorch {torch.__version__}, by make_conv_lstm_values.py",
                  "cases": CASES}))
