"""Models that Keras 3 saves, with inputs and what it predicts, in keras.json.gz beside this file. Needs keras and torch:

    KERAS_BACKEND=torch python3 make_keras_models.py
"""

import base64
import gzip
import json
import os
import pathlib
import tempfile

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from keras import layers as L  # noqa: E402

ROWS = 3


def stack(shape, *layers):
    return keras.Sequential([keras.Input(shape), *layers])


def dense_stack(activation):
    return stack((4,), L.Dense(5, activation=activation), L.Dense(3))


def functional(shapes, build):
    inputs = [keras.Input(shape) for shape in shapes]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], build(*inputs))


def merged(merge):
    return functional([(4,)], lambda x: L.Dense(2)(merge()([L.Dense(3)(x), L.Dense(3, activation="tanh")(x)])))


def shared():
    layer = L.Dense(4, activation="relu")
    return functional([(4,)], lambda x: L.Dense(1)(layer(layer(x))))


def nested_twice():
    inner = stack((3,), L.Dense(3, activation="tanh"), L.LayerNormalization())
    return functional([(3,)], lambda x: L.Dense(2)(inner(inner(x))))


def nested_functional():
    inner = functional([(4,)], lambda x: L.Add()([x, L.Dense(4)(x)]))
    return stack((4,), L.Dense(4), inner, L.Dense(2))


def residual(x):
    y = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    y = L.BatchNormalization()(y)
    y = L.Conv2D(2, 3, padding="same")(y)
    return L.Dense(3, activation="softmax")(L.GlobalAveragePooling2D()(L.Activation("relu")(L.Add()([x, y]))))


def two_outputs(a, b):
    both = L.Concatenate()([L.Dense(3)(a), L.Flatten()(b)])
    return [L.Dense(1, name="first")(both), L.Dense(2, activation="softmax", name="second")(both)]


CASES = {
    **{f"dense, {name}": lambda name=name: dense_stack(name) for name in [
        "linear", "relu", "tanh", "sigmoid", "softmax", "softplus", "softsign", "elu", "selu", "gelu", "silu", "mish",
        "relu6", "hard_sigmoid", "log_softmax", "leaky_relu", "celu", "hard_silu", "hard_tanh", "log_sigmoid", "exponential",
    ]},
    "normalizations": lambda: stack((4,), L.Dense(5), L.BatchNormalization(), L.Dense(4), L.LayerNormalization(), L.Dense(1)),
    "normalizations without scale or center": lambda: stack(
        (4,), L.BatchNormalization(scale=False), L.Dense(4), L.LayerNormalization(center=False), L.Dense(1)
    ),
    "rectifiers as layers": lambda: stack(
        (4,), L.Dense(5), L.PReLU(), L.Dense(4), L.LeakyReLU(negative_slope=0.1), L.Dense(4), L.ELU(), L.ReLU(), L.Softmax()
    ),
    "without biases, with penalties": lambda: stack(
        (4,), L.Dense(5, use_bias=False, kernel_regularizer="l2"), L.Dropout(0.3), L.GaussianNoise(0.1), L.Dense(1)
    ),
    "images": lambda: stack(
        (8, 8, 1), L.Rescaling(1 / 2), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), L.Dense(3, activation="softmax")
    ),
    "images with strides and padding": lambda: stack(
        (7, 7, 2), L.ZeroPadding2D(1), L.Conv2D(3, (3, 2), strides=2, padding="same"), L.AveragePooling2D(2, padding="same"),
        L.UpSampling2D(2), L.Cropping2D(((1, 0), (0, 1))), L.GlobalMaxPooling2D(),
    ),
    "separable convolutions": lambda: stack(
        (6, 6, 2), L.DepthwiseConv2D(3, depth_multiplier=2), L.SeparableConv2D(3, 2), L.Conv2DTranspose(2, 3, strides=2), L.Flatten(), L.Dense(2)
    ),
    "series": lambda: stack((8, 3), L.Conv1D(4, 3, padding="causal", activation="relu"), L.MaxPooling1D(), L.GlobalAveragePooling1D(), L.Dense(1)),
    "volumes": lambda: stack((4, 4, 4, 1), L.Conv3D(2, 2), L.MaxPooling3D(), L.Flatten(), L.Dense(2)),
    "residual": lambda: functional([(6, 6, 2)], residual),
    "lstm": lambda: stack((5, 3), L.LSTM(4, return_sequences=True), L.LSTM(3), L.Dense(1)),
    "gru": lambda: stack((5, 3), L.GRU(4), L.Dense(2)),
    "gru, reset before": lambda: stack((5, 3), L.GRU(4, reset_after=False), L.Dense(2)),
    "simple rnn": lambda: stack((5, 3), L.SimpleRNN(4, activation="relu"), L.Dense(2)),
    "bidirectional": lambda: stack((5, 3), L.Bidirectional(L.LSTM(4, return_sequences=True)), L.Bidirectional(L.GRU(3), merge_mode="sum"), L.Dense(1)),
    "ids with padding": lambda: stack((5,), L.Embedding(7, 3, mask_zero=True), L.LSTM(4), L.Dense(1)),
    "ids with padding, both ways": lambda: stack(
        (5,), L.Embedding(7, 3, mask_zero=True), L.Bidirectional(L.GRU(2)), L.Dense(1)
    ),
    "ids with padding, averaged": lambda: stack((5,), L.Embedding(7, 3, mask_zero=True), L.GlobalAveragePooling1D(), L.Dense(1)),
    "every step": lambda: stack((5, 3), L.LSTM(4, return_sequences=True), L.TimeDistributed(L.Dense(2, activation="tanh")), L.Flatten(), L.Dense(1)),
    "reshaped": lambda: stack((6,), L.Reshape((3, 2)), L.Permute((2, 1)), L.Flatten(), L.RepeatVector(2), L.Flatten(), L.Dense(1)),
    **{f"merged by {merge.__name__}": lambda merge=merge: merged(merge) for merge in [L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate]},
    "images in a sequence": lambda: stack(
        (3, 5, 4, 2), L.ConvLSTM2D(2, (2, 3), return_sequences=True), L.ConvLSTM2D(2, 2, padding="same", strides=2, go_backwards=True),
        L.Flatten(), L.Dense(2)
    ),
    "normalized groups": lambda: stack(
        (4, 4, 2), L.Conv2D(6, 2), L.GroupNormalization(3), L.SpatialDropout2D(0.2), L.GroupNormalization(-1, scale=False), L.Flatten(),
        L.Dense(4), L.RMSNormalization(), L.Dense(2)
    ),
    "lines": lambda: stack(
        (4, 3), L.ZeroPadding1D((1, 2)), L.Conv1DTranspose(2, 3, strides=2, padding="same"), L.Cropping1D((1, 0)), L.UpSampling1D(2),
        L.Flatten(), L.Dense(2)
    ),
    "means of volumes": lambda: stack((4, 4, 4, 1), L.Conv3D(3, 2), L.GlobalAveragePooling3D(), L.Dense(2)),
    "maxima of volumes": lambda: stack((4, 4, 4, 1), L.Conv3D(3, 2), L.GlobalMaxPooling3D(), L.Dense(2)),
    "attention": lambda: functional([(5, 4)], lambda x: L.Dense(2)(L.Flatten()(L.MultiHeadAttention(2, 3, value_dim=4)(x, x)))),
    "attention to another sequence": lambda: functional(
        [(5, 4), (3, 2)], lambda a, b: L.Dense(2)(L.Flatten()(L.MultiHeadAttention(2, 3, use_bias=False)(a, b)))
    ),
    "resized, bilinear": lambda: stack((4, 6, 2), L.Resizing(7, 5), L.Conv2D(2, 2), L.Flatten(), L.Dense(2)),
    "resized, nearest": lambda: stack((4, 6, 2), L.Resizing(8, 3, interpolation="nearest"), L.Conv2D(2, 2), L.Flatten(), L.Dense(2)),
    "dot": lambda: functional([(4,)], lambda x: L.Dot(axes=1)([L.Dense(3)(x), L.Dense(3)(x)])),
    "a layer twice": shared,
    "a model twice": nested_twice,
    "a model within a stack": nested_functional,
    "two inputs and two outputs": lambda: functional([(3,), (2, 2)], two_outputs),
    "frozen": lambda: frozen(),
    "states": lambda: functional([(5, 3)], lambda x: L.LSTM(4, return_state=True)(x)),
    "states and sequences": lambda: functional([(5, 3)], lambda x: L.LSTM(4, return_sequences=True, return_state=True)(x)),
    "states from the last step": lambda: functional([(5, 3)], lambda x: L.LSTM(4, go_backwards=True, return_state=True)(x)),
    "states of gru": lambda: functional([(5, 3)], lambda x: L.GRU(4, return_state=True)(x)),
    "states and sequences of gru": lambda: functional([(5, 3)], lambda x: L.GRU(4, return_sequences=True, return_state=True)(x)),
    "states and sequences of simple rnn": lambda: functional([(5, 3)], lambda x: L.SimpleRNN(4, return_sequences=True, return_state=True)(x)),
    "states of images": lambda: functional([(3, 4, 3, 2)], lambda x: L.ConvLSTM2D(3, 2, return_state=True)(x)),
    "states and sequences of images": lambda: functional(
        [(3, 4, 3, 2)], lambda x: L.ConvLSTM2D(3, 2, return_sequences=True, return_state=True)(x)
    ),
    "first states of images": lambda: functional([(3, 4, 3, 2)], lambda x: L.ConvLSTM2D(2, 2)(
        x, initial_state=L.ConvLSTM2D(2, 2, return_state=True)(x)[1:]
    )),
    "encoder and decoder": lambda: functional([(5, 3), (4, 2)], encoder_and_decoder),
    "encoder and decoder of gru": lambda: functional([(5, 3), (4, 2)], lambda x, y: L.Dense(2)(
        L.GRU(4, return_sequences=True)(y, initial_state=L.GRU(4, return_sequences=True, return_state=True)(x)[1])
    )),
    "encoder and decoder of simple rnn": lambda: functional([(5, 3), (4, 2)], lambda x, y: L.Dense(2)(
        L.SimpleRNN(4)(y, L.SimpleRNN(4, return_state=True)(x)[1])
    )),
    "states in the other order": lambda: functional([(5, 3), (4, 2)], lambda x, y: states_through(x, y, lambda h, c: [c, h])),
    "states through layers": lambda: functional(
        [(5, 3), (4, 2)], lambda x, y: states_through(x, y, lambda h, c: [L.Dense(4, activation="tanh")(h), L.Dense(4)(c)])
    ),
    "states as inputs and outputs": lambda: functional(
        [(1, 2), (4,), (4,)], lambda y, h, c: L.LSTM(4, return_sequences=True, return_state=True)(y, initial_state=[h, c])
    ),
    "a decoder twice": lambda: functional([(5, 3), (4, 2)], decoder_twice),
    "images changed in training": lambda: stack(
        (8, 6, 2), L.RandomFlip(), L.RandomFlip("vertical"), L.RandomRotation(0.1), L.RandomZoom(0.2), L.RandomZoom(0.1, 0.3),
        L.RandomTranslation(0.25, 0.2), L.GaussianNoise(0.1), L.GaussianDropout(0.2), L.AlphaDropout(0.1), L.Conv2D(2, 2), L.Flatten(), L.Dense(2)
    ),
    "padding, encoded": lambda: functional([(5, 3), (4, 2)], lambda x, y: L.LSTM(4)(
        y, initial_state=L.LSTM(4, return_state=True)(L.Dropout(0.1)(L.Masking(0.5)(x)))[1:]
    )),
    "ids with padding, encoded": lambda: functional([(5,)], ids_encoded),
    "states from model to model": lambda: functional([(5, 3), (4, 2)], states_of_models),
}


def encoder_and_decoder(x, y):
    _, h, c = L.LSTM(4, return_state=True)(x)
    steps, _, last = L.LSTM(4, return_sequences=True, return_state=True)(y, initial_state=[h, c])
    return [L.Dense(2, activation="softmax")(steps), last]


def states_through(x, y, change):
    _, h, c = L.LSTM(4, return_sequences=True, return_state=True)(x)
    return L.LSTM(4)(y, initial_state=change(h, c))


def decoder_twice(x, y):
    _, h, c = L.LSTM(4, return_state=True)(x)
    decoder = L.LSTM(4, return_state=True)
    _, h, c = decoder(y, initial_state=[h, c])
    return decoder(y, [h, c])


def ids_encoded(x):
    e = L.Embedding(7, 3, mask_zero=True)(x)
    return [*L.LSTM(3, return_state=True)(e), L.Bidirectional(L.GRU(2))(e), L.GlobalAveragePooling1D()(e)]


def states_of_models(x, y):
    encoder = functional([(5, 3)], lambda x: L.LSTM(4, return_state=True)(x)[1:])
    decoder = functional([(4, 2), (4,), (4,)], lambda y, h, c: L.LSTM(4, return_sequences=True)(y, initial_state=[h, c]))
    return L.Dense(2)(decoder([y, *encoder(x)]))


def frozen():
    model = stack((4,), L.Dense(3, activation="relu"), L.Dense(1))
    model.layers[0].trainable = False
    return model


def main():
    cases = []
    for number, (name, build) in enumerate(CASES.items()):
        keras.utils.set_random_seed(number)
        keras.backend.clear_session()
        model = build()
        generator = np.random.default_rng(number)
        # any weights, also of biases and moving averages, which begin as 0 and 1
        for weight in model.weights:
            if weight.dtype != "float32":
                continue
            value = generator.uniform(-1, 1, weight.shape) / max(1, np.prod(weight.shape[:-1])) ** 0.5
            weight.assign(value ** 2 + 0.5 if weight.name == "moving_variance" else value)
        inputs = [generator.uniform(-1, 1, (ROWS, *each.shape[1:])).astype(np.float32) for each in model.inputs]
        if name.startswith("ids"):
            inputs = [np.array([[1, 6, 2, 0, 0], [3, 0, 0, 0, 0], [5, 4, 3, 2, 1]], np.float32)]
        if name.startswith("padding"):
            inputs[0][0, 3:] = inputs[0][1, :2] = 0.5
        with torch.no_grad():
            outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.keras"
            model.save(path)
            file = base64.b64encode(path.read_bytes()).decode()
        listed = lambda array: {"shape": list(array.shape), "data": [float(each) for each in array.ravel()]}
        cases.append({
            "name": name,
            "inputs": [listed(each) for each in inputs],
            "outputs": [listed(each) for each in (outputs if isinstance(outputs, (list, tuple)) else [outputs])],
            "file": file,
        })
    target = pathlib.Path(__file__).parent / "keras.json.gz"
    text = json.dumps({"keras": keras.__version__, "cases": cases}, separators=(",", ":"))
    target.write_bytes(gzip.compress(text.encode(), mtime=0))


main()
