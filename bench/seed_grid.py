"""The seed grid in scikit-learn: prints the seconds of GridSearchCV, without imports and the start of its processes.

usage: python3 seed_grid.py <csv> <JSON of bench/seed-grid.ts>
"""

import csv
import json
import os
import sys
import time
import warnings

# Of convergence, which ten epochs do not reach: for the processes that joblib starts, and for this one.
os.environ["PYTHONWARNINGS"] = "ignore"
warnings.simplefilter("ignore")

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

path, settings = sys.argv[1], json.loads(sys.argv[2])
with open(path, newline="") as file:
    _, *lines = csv.reader(file)
x = np.array([line[:-1] for line in lines], dtype=float)
y = np.array([line[-1] for line in lines])


def search(**values):
    network = MLPClassifier(
        hidden_layer_sizes=(settings["units"],),
        activation="relu",
        solver="sgd",
        batch_size=settings["batchSize"],
        max_iter=settings["epochs"],
        n_iter_no_change=settings["epochs"] + 1,
        nesterovs_momentum=False,
        random_state=0,
    )
    grid = {f"mlpclassifier__{name}": list(value) for name, value in values.items()}
    model = make_pipeline(StandardScaler(), network)
    return GridSearchCV(model, grid, cv=settings["folds"], n_jobs=-1).fit(x, y)


search(learning_rate_init=[1e-4, 1e-3, 1e-2, 1e-1])
start = time.perf_counter()
space = settings["space"]
found = search(learning_rate_init=space["learningRate"], momentum=space["momentum"], alpha=space["weightDecay"])
print(time.perf_counter() - start)
