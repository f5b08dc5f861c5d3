"""Writes mlp.json: networks of scikit-learn trained from given weights, to which the options that the page names are held.

    /usr/bin/python3 make_mlp_values.py > mlp.json        # scikit-learn 1.4.2, NumPy 2.2.4

Rows are visited in their order, in batches of 8, in float64.
"""
import json
import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

warnings.simplefilter("ignore")
rng = np.random.default_rng(41)
x = rng.normal(size=(24, 3)).round(3)
targets = {
    "regression": (x @ [1, -2, 0.5]).round(3),
    "two": (x[:, 0] > x[:, 1]).astype(int),
    "three": np.argsort(x, 1)[:, 0],
}
own = {"hidden_layer_sizes": (4,), "alpha": 0.8, "batch_size": 8, "shuffle": False, "max_iter": 5}
cases = {
    "adam": {"solver": "adam", "learning_rate_init": 0.01, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.02, "momentum": 0.8, "nesterovs_momentum": True},
    "momentum": {"solver": "sgd", "learning_rate_init": 0.02, "momentum": 0.8, "nesterovs_momentum": False},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1, "power_t": 0.4},
}


def trained(target, options):
    network = (MLPRegressor if target == "regression" else MLPClassifier)(**own, warm_start=True)
    network.set_params(max_iter=1).fit(x, targets[target])
    first = [rng.normal(size=array.shape).round(3) for array in [*network.coefs_, *network.intercepts_]]
    half = len(first) // 2
    network.coefs_, network.intercepts_, network.t_ = [a.copy() for a in first[:half]], [a.copy() for a in first[half:]], 0
    network.set_params(**own, **options).fit(x, targets[target])
    last = [*network.coefs_, *network.intercepts_]
    order = ["dense_1.kernel", "dense_2.kernel", "dense_1.bias", "dense_2.bias"]
    return {
        "first": {name: array.tolist() for name, array in zip(order, first)},
        "last": {name: array.round(8).tolist() for name, array in zip(order, last)},
        "loss": np.round(network.loss_curve_[-own["max_iter"] :], 8).tolist(),
    }


made = [
    {"target": target, "solver": name, **trained(target, options)} for target in targets for name, options in cases.items()
]
print(json.dumps({"x": x.tolist(), "y": {name: y.tolist() for name, y in targets.items()}, "trained": made}))
