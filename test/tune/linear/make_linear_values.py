"""Writes linear.json: what scikit-learn's linear models score on 200 random tables, in the order of `tables.ts`, which makes the same tables.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 /usr/bin/python3 make_linear_values.py > linear.json   # scikit-learn 1.4.2, NumPy 2.2.4

Each table has test rows (those whose number is 4 modulo 5) and three folds of the others. As Fettle's pipeline does, features are standardized by the rows
that are trained on and rounded to float32. Then: StandardScaler; Ridge by its singular values, or LogisticRegression without an intercept penalty and
nearly to the optimum; of the penalties below, from the largest to the first with which the training rows of each fold have a log loss below 0.001, the
one whose predictions for the validation rows of all folds, end to end, have the best R2 or log loss; fitted again to all rows but the test rows. A penalty of a mean loss over weights with the sum W is alpha = penalty W and C = 1 / (penalty W).

    score: R2 (the mean over targets) or log loss of the test rows
    leastSquares: R2 of LinearRegression, for quantities
"""
import json
import warnings

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss, r2_score
from sklearn.preprocessing import StandardScaler

PENALTIES = [1, 0.1, 0.01, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12]
KINDS = ["plain", "nearlyEqual", "polynomial", "wide", "dependent", "scales", "weighted", "several", "clean", "noise"]
APART = [0.1, 0.01, 1e-3, 1e-4, 1e-5]
TASKS = ["regression", "classification"]
SEEDS = 10


class Random:
    """Marsaglia's xorshift32."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        s = self.state
        s ^= (s << 13) & 0xFFFFFFFF
        s ^= s >> 17
        s ^= (s << 5) & 0xFFFFFFFF
        self.state = s
        return s / 4294967296

    def integer(self, count):
        return int(self.uniform() * count)

    def normal(self):
        """Nearly, by exact arithmetic."""
        return 1.7320508075688772 * (self.uniform() + self.uniform() + self.uniform() + self.uniform() - 2)


def features_of(kind, random, rows, columns):
    x = []
    apart = APART[random.integer(len(APART))]
    for _ in range(rows):
        if kind == "polynomial":
            t = 2 * random.uniform() - 1
            row = [t]
            while len(row) < columns:
                row.append(row[-1] * t)
        else:
            row = [random.normal() for _ in range(columns)]
        if kind == "nearlyEqual":
            row[1] = row[0] + apart * row[1]
        if kind == "dependent":
            row[1] = row[0]
            row[2] = 3
            row[3] = row[0] - 2 * row[4]
        if kind == "scales":
            row = [2.0 ** (12 * (j % 5 - 2)) * (value + 3 * (j % 2)) for j, value in enumerate(row)]
        x.append(row)
    return x, apart


def table(index):
    """The first of the tables by some seeds that has every class in all rows that are trained on."""
    attempt = 0
    while True:
        t = made(index, Random(1000 + 7 * index + 100000 * attempt))
        trained = [[i for i in range(len(t["x"])) if i % 5 != 4 and i % 3 != fold and t["weights"][i] > 0] for fold in range(3)]
        classes = max(2, t["y"].shape[1])
        if t["task"] == "regression" or all(len(set(map(tuple, t["y"][rows]))) == classes for rows in trained):
            return t
        attempt += 1


def made(index, random):
    kind = KINDS[index // (2 * SEEDS)]
    task = TASKS[index // SEEDS % 2]
    for _ in range(10):
        random.uniform()
    rows = 60 + random.integer(120)
    columns = rows + 20 if kind == "wide" else 5 + random.integer(6)
    outputs = (1 if task == "regression" else 4) if kind != "several" else (3 if task == "regression" else 5)
    if task == "classification" and index % 2 == 0 and kind != "several":
        outputs = 1
    x, apart = features_of(kind, random, rows, columns)
    noise = 0 if kind == "clean" else 0.1 + random.uniform()
    slopes = [[random.normal() for _ in range(columns)] for _ in range(outputs)]
    y, weights = [], []
    for row in x:
        values = []
        for k in range(outputs):
            value = 0.0
            for j in range(columns):
                unit = 2.0 ** (12 * (j % 5 - 2)) if kind == "scales" else 1
                value += slopes[k][j] * row[j] / unit
            if kind == "nearlyEqual":
                value = (k + 1) * (row[1] - row[0]) / apart + 0.1 * slopes[k][2] * row[2] * (k + 1)
            if kind == "noise":
                value = 0.0
            values.append(value + noise * random.normal())
        if task == "classification":
            values = [1 if values[0] > 0.5 else 0] if outputs == 1 else [int(k == values.index(max(values))) for k in range(outputs)]
        y.append(values)
        weights.append(random.integer(4) if kind == "weighted" else 1)
    return {"kind": kind, "task": task, "x": np.array(x, float), "y": np.array(y, float), "weights": np.array(weights, float)}


def fitted(task, x, y, w, penalty):
    """Predictions of rows by a model of some rows with weights above 0."""
    mean, std = x.mean(axis=0), x.std(axis=0)
    std = np.where(std > 1e-12 * np.abs(mean), std, 1)
    pipeline = lambda rows: ((rows - mean) / std).astype(np.float32).astype(float)
    z = pipeline(x)
    scaler = StandardScaler().fit(z, sample_weight=w)
    used = w > 0
    z, y, w = scaler.transform(z)[used], y[used], w[used]
    if task == "regression":
        model = LinearRegression() if penalty is None else Ridge(alpha=penalty * w.sum(), solver="svd")
        model.fit(z, y, sample_weight=w)
        return lambda rows: model.predict(scaler.transform(pipeline(rows))).reshape(len(rows), -1)
    labels = y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1)
    assert len(set(labels)) == max(2, y.shape[1])
    solver = "newton-cholesky" if y.shape[1] == 1 else "newton-cg"
    model = LogisticRegression(C=1 / (penalty * w.sum()), solver=solver, tol=1e-9, max_iter=3000)
    model.fit(z, labels, sample_weight=w)
    return lambda rows: model.predict_proba(scaler.transform(pipeline(rows)))


def score(task, y, predictions, w):
    if task == "regression":
        return r2_score(y, predictions, sample_weight=w)
    labels = y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1)
    return log_loss(labels, predictions.astype(np.float32), sample_weight=w, labels=range(max(2, y.shape[1])))


def scored(index):
    t = table(index)
    task, x, y, w = t["task"], t["x"], t["y"], t["weights"]
    rows = np.arange(len(x))
    test, development = rows[rows % 5 == 4], rows[rows % 5 != 4]
    held = [development[development % 3 == fold] for fold in range(3)]
    trained = [development[development % 3 != fold] for fold in range(3)]
    order = np.concatenate(held)
    best = None
    for penalty in PENALTIES:
        models = [fitted(task, x[rows], y[rows], w[rows], penalty) for rows in trained]
        value = score(task, y[order], np.concatenate([model(x[rows]) for model, rows in zip(models, held)]), w[order])
        if best is None or (value > best[0] if task == "regression" else value < best[0]):
            best = (value, penalty)
        if task == "classification" and all(score(task, y[a], m(x[a]), w[a]) < 1e-3 for m, a in zip(models, trained)):
            break
    final = lambda penalty: score(task, y[test], fitted(task, x[development], y[development], w[development], penalty)(x[test]), w[test])
    return {
        **{"kind": t["kind"], "task": task, "rows": len(x), "columns": x.shape[1], "outputs": y.shape[1]},
        **{"sum": round(float(x.sum() / abs(x).sum()), 9), "penalty": best[1], "score": round(float(final(best[1])), 7)},
        **({"leastSquares": round(float(final(None)), 7)} if task == "regression" else {}),
    }


warnings.simplefilter("ignore")
lines = [json.dumps(scored(index)) for index in range(len(KINDS) * 2 * SEEDS)]
print("[\n  " + ",\n  ".join(lines) + "\n]")
