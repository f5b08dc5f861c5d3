"""Writes sklearn.json: rows, and what scikit-learn's linear models predict for them.

    /usr/bin/python3 make_sklearn_values.py > sklearn.json        # scikit-learn 1.4.2, NumPy 2.2.4

Fettle's penalty p of a mean over n rows is alpha = p n of Ridge, and C = 1 / (p n) of LogisticRegression. Features have different scales,
one depends on another, and one is constant; both standardize them.
"""
import json

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

rng = np.random.default_rng(19)
ROWS, FEATURES = 50, 5


def inputs():
    x = rng.normal(size=(ROWS, FEATURES)) * [1, 100, 0.01, 1, 0] + [0, 1000, 5, -2, 3]
    x[:, 3] = x[:, 0] + 0.2 * rng.normal(size=ROWS)
    return x.astype(np.float32).astype(float)


def standardized(x, weights):
    """As StandardScaler with weights; a column that is constant up to float32 is divided by 1."""
    mean = np.average(x, axis=0, weights=weights)
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights))
    return (x - mean) / np.where(scale > 1e-7 * abs(mean), scale, 1)


def case(outputs, task, penalty, weighted):
    x = inputs()
    z = standardized(x, np.ones(ROWS))
    signal = z @ rng.normal(size=(FEATURES, max(outputs, 1))) + 0.8 * rng.normal(size=(ROWS, outputs))
    weights = rng.integers(1, 5, ROWS).astype(float) if weighted else np.ones(ROWS)
    weights /= weights.mean()
    z = standardized(x, weights)
    if task == "regression":
        y = signal + 3
        model = Ridge(alpha=penalty * ROWS, tol=1e-12).fit(z, y, sample_weight=weights)
        predictions = model.predict(z).reshape(ROWS, outputs)
    else:
        labels = (signal[:, 0] > 0.3).astype(int) if outputs == 1 else signal.argmax(axis=1)
        y = labels[:, None] if outputs == 1 else np.eye(outputs)[labels]
        model = LogisticRegression(C=1 / (penalty * ROWS), tol=1e-10, max_iter=100000)
        predictions = model.fit(z, labels, sample_weight=weights).predict_proba(z)
        if outputs == 1:
            predictions = predictions[:, 1:]
    return {
        **{"task": task, "outputs": outputs, "penalty": penalty, "x": x.ravel().tolist(), "y": y.ravel().tolist()},
        **({"weights": weights.tolist()} if weighted else {}),
        "predictions": predictions.ravel().tolist(),
    }


print(
    json.dumps(
        [
            case(1, "regression", 0.1, False),
            case(2, "regression", 0.001, True),
            case(1, "classification", 0.01, False),
            case(1, "classification", 0.1, True),
            case(3, "classification", 0.01, False),
            case(4, "classification", 0.001, True),
        ]
    )
)
