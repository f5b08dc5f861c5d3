"""Fits one of the peers to a training table and predicts a test table; see bench/tables/contestants.ts.

usage: python3 peers.py '{"train", "test", "target", "task", "contestant", "seed", "jobs", "clock", "seconds" or "trials", "out"}'

The answer, as JSON in the file "out": "classes" and "probabilities", or "values"; and "trials", how many Optuna finished.
"seconds" count from when the libraries are loaded to the end of the last fit.
"""

import json
import sys
import time
import warnings

import numpy as np
import optuna
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

CLOCKS = {"wall": time.monotonic, "processor": time.process_time}
now = CLOCKS[json.loads(sys.argv[1])["clock"]]
BEGAN = now()
FOLDS = 5
# Of a search by trials: so many times as long as fettle took, so that it ends.
LONGEST = 20

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def read(path):
    """Words and booleans are categories; an empty cell is missing, and no other."""
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    for name in table.columns:
        if table[name].dtype == bool:
            table[name] = table[name].map({True: "true", False: "false"})
    return table


class Task:
    def __init__(self, message):
        self.message = message
        self.classifies = message["task"] == "classification"
        train, test = read(message["train"]), read(message["test"])
        target = message["target"]
        self.y = train.pop(target)
        test.pop(target)
        if self.classifies:
            self.y = self.y.astype(str)
        words = train.select_dtypes("object").columns
        test[words] = test[words].astype(object)
        self.x, self.test, self.words = train, test, list(words)
        self.numbers = [name for name in train.columns if name not in self.words]
        self.seed, self.jobs = message["seed"], message["jobs"]

    def features(self):
        """Numbers standardized, gaps filled by the median; categories one-hot, a gap is one of them."""
        return make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()), self.numbers),
            (
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value="(missing)"),
                    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                ),
                self.words,
            ),
        )

    def mlp(self, **options):
        if self.classifies:
            return make_pipeline(self.features(), MLPClassifier(random_state=self.seed, **options))
        network = MLPRegressor(random_state=self.seed, **options)
        return TransformedTargetRegressor(make_pipeline(self.features(), network), transformer=StandardScaler())

    def linear(self):
        return make_pipeline(self.features(), LogisticRegression(max_iter=1000) if self.classifies else Ridge())

    def boosting(self, **options):
        kind = HistGradientBoostingClassifier if self.classifies else HistGradientBoostingRegressor
        return Boosting(kind(random_state=self.seed, categorical_features="from_dtype", **options), self.words)

    def mlp_space(self, trial):
        layers = trial.suggest_int("layers", 1, 2)
        units = trial.suggest_int("units", 16, 256, log=True)
        return self.mlp(
            hidden_layer_sizes=(units,) * layers,
            activation=trial.suggest_categorical("activation", ["relu", "tanh"]),
            alpha=trial.suggest_float("alpha", 1e-6, 1, log=True),
            learning_rate_init=trial.suggest_float("learning_rate_init", 1e-4, 3e-2, log=True),
            batch_size=min(trial.suggest_categorical("batch_size", [16, 32, 64, 128, 200]), len(self.x) // 2),
            early_stopping=trial.suggest_categorical("early_stopping", [False, True]),
        )

    def boosting_space(self, trial):
        return self.boosting(
            learning_rate=trial.suggest_float("learning_rate", 0.01, 0.5, log=True),
            max_iter=trial.suggest_int("max_iter", 20, 500, log=True),
            max_leaf_nodes=trial.suggest_int("max_leaf_nodes", 4, 128, log=True),
            min_samples_leaf=trial.suggest_int("min_samples_leaf", 1, 100, log=True),
            l2_regularization=trial.suggest_float("l2_regularization", 1e-8, 10, log=True),
            max_features=trial.suggest_float("max_features", 0.3, 1),
        )

    def loss(self, model, x, y):
        if self.classifies:
            return log_loss(y, model.predict_proba(x), labels=np.unique(self.y))
        return mean_squared_error(y, model.predict(x)) ** 0.5


class Boosting(BaseEstimator):
    """Gradient boosting with the words of its training rows as categories; others are missing."""

    def __init__(self, model, words):
        self.model, self.words = model, words

    def cast(self, x):
        return x.assign(**{name: pd.Categorical(x[name], self.categories[name]) for name in self.words})

    def fit(self, x, y):
        self.categories = {name: sorted(x[name].dropna().unique()) for name in self.words}
        self.model.fit(self.cast(x), y)
        return self

    def predict(self, x):
        return self.model.predict(self.cast(x))

    def predict_proba(self, x):
        return self.model.predict_proba(self.cast(x))

    @property
    def classes_(self):
        return self.model.classes_


def fold(task, model, train, test, until):
    """Loss and seconds of a fit; None once it is too late to begin."""
    start = now()
    if start > until:
        return None
    model.fit(task.x.iloc[train], task.y.iloc[train])
    seconds = now() - start
    return task.loss(model, task.x.iloc[test], task.y.iloc[test]), seconds


def tuned(task, space, defaults, jobs):
    """The best of Optuna's trials by five folds, of which the first has scikit-learn's defaults, and how many ended.

    The best is None if none ended. The last fit takes about 5/4 of a fold's, which is what the search leaves it.
    """
    message = task.message
    trials = message.get("trials")
    deadline = BEGAN + message["seconds"] * (1 if trials is None else LONGEST)
    kind = StratifiedKFold if task.classifies else KFold
    folds = list(kind(FOLDS, shuffle=True, random_state=task.seed).split(task.x, task.y))
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=task.seed))

    def objective(trial):
        model = space(trial)
        last = study.best_trial.user_attrs["fit"] * FOLDS / (FOLDS - 1) if ended(study) else 0
        results = Parallel(jobs)(
            delayed(fold)(task, clone(model), train, test, deadline - last) for train, test in folds
        )
        if None in results:
            study.stop()
            raise optuna.TrialPruned()
        trial.set_user_attr("fit", float(np.mean([seconds for _, seconds in results])))
        return float(np.mean([loss for loss, _ in results]))

    study.enqueue_trial(defaults)
    study.optimize(objective, n_trials=trials)
    best = space(optuna.trial.FixedTrial(study.best_params)) if ended(study) else None
    return best, len(ended(study))


def ended(study):
    return study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))


MLP_DEFAULTS = {
    "layers": 1,
    "units": 100,
    "activation": "relu",
    "alpha": 1e-4,
    "learning_rate_init": 1e-3,
    "batch_size": 200,
    "early_stopping": False,
}
BOOSTING_DEFAULTS = {
    "learning_rate": 0.1,
    "max_iter": 100,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 20,
    "l2_regularization": 1e-8,
    "max_features": 1.0,
}


def main():
    message = json.loads(sys.argv[1])
    task = Task(message)
    trials = 0
    contestant = message["contestant"]
    if contestant == "linear":
        model = task.linear()
    elif contestant == "mlp":
        model = task.mlp()
    elif contestant == "boosting":
        model = task.boosting()
    elif contestant in ("optunaMlp", "optunaMlpTrials"):
        model, trials = tuned(task, task.mlp_space, MLP_DEFAULTS, task.jobs)
        model = model or task.mlp()
    elif contestant == "optunaBoosting":
        # one fit of it uses all cores
        model, trials = tuned(task, task.boosting_space, BOOSTING_DEFAULTS, 1)
        model = model or task.boosting()
    else:
        raise ValueError(f"contestant must be one of this file's; received {contestant}")
    model.fit(task.x, task.y)
    if task.classifies:
        answer = {
            "classes": [str(name) for name in model.classes_],
            "probabilities": model.predict_proba(task.test).tolist(),
        }
    else:
        answer = {"values": np.ravel(model.predict(task.test)).tolist()}
    with open(message["out"], "w", encoding="utf-8") as file:
        json.dump({**answer, "trials": trials}, file)


main()
