"""Writes plateau.json.gz: random curves, and the learning rate of each epoch by the rule of Keras 3's ReduceLROnPlateau.

    python3 make_plateau.py               # CPython 3.11, NumPy 2.2

`on_epoch_end` is that of keras/src/callbacks/reduce_lr_on_plateau.py, restated: the rate is a float32 variable. Values are multiples
of 1/8, so that ties with `min_delta` occur and no comparison depends on rounding.
"""
import gzip
import json
import platform
import random

import numpy as np

rng = random.Random(7)


class Plateau:
    def __init__(self, learning_rate, mode, factor, patience, min_delta, cooldown, min_lr):
        self.learning_rate = np.float32(learning_rate)
        self.factor, self.patience, self.cooldown, self.min_lr = factor, patience, cooldown, min_lr
        better = {"min": lambda a, b: np.less(a, b - min_delta), "max": lambda a, b: np.greater(a, b + min_delta)}
        self.monitor_op = better[mode]
        self.best = {"min": np.inf, "max": -np.inf}[mode]
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self):
        return self.cooldown_counter > 0

    def on_epoch_end(self, current):
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.monitor_op(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                old_lr = float(self.learning_rate)
                if old_lr > np.float32(self.min_lr):
                    self.learning_rate = np.float32(max(old_lr * self.factor, self.min_lr))
                    self.cooldown_counter = self.cooldown
                    self.wait = 0


cases = []
for _ in range(40):
    options = {
        "mode": rng.choice(["min", "max"]),
        "factor": rng.choice([0.1, 0.5, 0.75]),
        "patience": rng.choice([0, 1, 2, 3]),
        "minDelta": rng.choice([0, 0.125, 0.5]),
        "cooldown": rng.choice([0, 0, 1, 3]),
        "minLearningRate": rng.choice([0, 0, 0.001, 0.02]),
    }
    values = [rng.randrange(-8, 9) / 8 for _ in range(rng.randrange(4, 20))]
    plateau = Plateau(0.1, *options.values())
    rates = []
    for value in values:
        rates.append(float(plateau.learning_rate))
        plateau.on_epoch_end(value)
    cases.append({"options": options, "values": values, "rates": rates, "last": float(plateau.learning_rate)})
origin = f"{platform.python_implementation()} {platform.python_version()}, NumPy {np.__version__}, by make_plateau.py"
with gzip.GzipFile("plateau.json.gz", "wb", mtime=0) as file:
    file.write(json.dumps({"origin": origin, "cases": cases}).encode())
