"""Writes constraints.json: weights projected by the equations of Keras 3's constraints, and a training with them.

    python3 make_constraint_values.py               # CPython 3.11, its standard library alone

The equations are those of keras/src/constraints/constraints.py, with epsilon 1e-7, in float64. The training is a linear model,
kernel [3, 2] and bias [2], under the mean squared error of all rows by Keras' SGD with momentum: v = m v - lr g; w = w + v; then, as
`BaseOptimizer.apply` of Keras 3 does, kernel and bias are projected.
"""
import json
import platform
import random
from itertools import product
from math import prod, sqrt

EPSILON = 1e-7


def projected(weights, shape, axes, factor):
    """weights, flat and row-major, times factor(norm) of their group: those that differ along `axes` alone"""
    places = list(product(*map(range, shape)))
    group = lambda place: tuple(i for axis, i in enumerate(place) if axis not in axes)
    squares = {}
    for place, w in zip(places, weights):
        squares[group(place)] = squares.get(group(place), 0) + w * w
    return [w * factor(sqrt(squares[group(place)])) for place, w in zip(places, weights)]


def clip(x, low, high):
    return min(max(x, low), high)


def max_norm(value):
    return lambda norm: clip(norm, 0, value) / (EPSILON + norm)


def unit_norm(norm):
    return 1 / (EPSILON + norm)


def min_max_norm(low, high, rate):
    return lambda norm: (rate * clip(norm, low, high) + (1 - rate) * norm) / (EPSILON + norm)


def non_neg(weights):
    return [max(w, 0) for w in weights]


stream = random.Random(20)
normal = lambda size: [stream.randint(-2048, 2048) / 512 for _ in range(size)]

CASES = [
    ([4, 3], [0], 2),
    ([4, 3], [1], 3.5),
    ([5], [0], 0.5),
    ([2, 3, 2, 2], [0, 1, 2], 4),
    ([1, 1], [0], 1),
]
cases = []
for shape, axis, value in CASES:
    w = normal(prod(shape))
    cases.append(
        {
            **{"shape": shape, "axis": axis, "weights": w, "value": value},
            "maxNorm": projected(w, shape, axis, max_norm(value)),
            "unitNorm": projected(w, shape, axis, unit_norm),
            "minMaxNorm": projected(w, shape, axis, min_max_norm(value / 2, value, 0.75)),
            "nonNeg": non_neg(w),
        }
    )

LEARNING_RATE, MOMENTUM, STEPS = 0.1, 0.5, 12
x = [normal(3) for _ in range(6)]
y = [normal(2) for _ in range(6)]
first = {"kernel": normal(6), "bias": normal(2)}
kernel, bias = list(first["kernel"]), list(first["bias"])
velocity = [0] * 8
for _ in range(STEPS):
    gradient = [0] * 8
    for row, target in zip(x, y):
        for j in range(2):
            error = sum(row[i] * kernel[2 * i + j] for i in range(3)) + bias[j] - target[j]
            slope = 2 * error / (len(x) * 2)
            for i in range(3):
                gradient[2 * i + j] += slope * row[i]
            gradient[6 + j] += slope
    velocity = [MOMENTUM * v - LEARNING_RATE * g for v, g in zip(velocity, gradient)]
    w = [w + v for w, v in zip(kernel + bias, velocity)]
    kernel = projected(w[:6], [3, 2], [0], max_norm(0.25))
    bias = non_neg(w[6:])

values = {
    "origin": f"{platform.python_implementation()} {platform.python_version()}, by make_constraint_values.py",
    "cases": cases,
    "training": {
        **{"learningRate": LEARNING_RATE, "momentum": MOMENTUM, "steps": STEPS, "maxValue": 0.25},
        **{"x": x, "y": y, "first": first, "last": {"kernel": kernel, "bias": bias}},
    },
}
with open("constraints.json", "w") as file:
    file.write(json.dumps(values, indent=1) + "\n")
