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
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, RidgeCV
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier, XGBRegressor

CLOCKS = {"wall": time.monotonic, "processor": time.process_time}
now = CLOCKS[json.loads(sys.argv[1])["clock"]]
BEGAN = now()
# As fettle scores trials: by five folds, and from so many rows on by one part.
FOLDS, LARGE, PART = 5, 4000, 0.2
# Rounds of boosting that are tried while it is tuned, and how many without progress end it.
ROUNDS, PATIENCE = 2000, 50
TREES = 500
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

    def of(self, classifier, regressor, **options):
        return (classifier if self.classifies else regressor)(**options)

    def encoded(self, classifier, regressor, **options):
        return make_pipeline(self.features(), self.of(classifier, regressor, **options))

    def linear(self):
        return make_pipeline(self.features(), LogisticRegression(max_iter=1000) if self.classifies else Ridge())

    def tuned_linear(self):
        """The penalty by cross-validation."""
        if not self.classifies:
            return make_pipeline(self.features(), RidgeCV(np.logspace(-4, 6, 31)))
        search = LogisticRegressionCV(
            Cs=np.logspace(-4, 4, 17), cv=self.splitter(), scoring="neg_log_loss", max_iter=1000, n_jobs=self.jobs
        )
        return make_pipeline(self.features(), search)

    def forest(self):
        return self.encoded(
            RandomForestClassifier, RandomForestRegressor, n_estimators=TREES, random_state=self.seed, n_jobs=self.jobs
        )

    def extra_trees(self):
        return self.encoded(
            ExtraTreesClassifier, ExtraTreesRegressor, n_estimators=TREES, random_state=self.seed, n_jobs=self.jobs
        )

    def boosting(self, **options):
        kind = HistGradientBoostingClassifier if self.classifies else HistGradientBoostingRegressor
        return Boosting(kind(random_state=self.seed, categorical_features="from_dtype", **options), self.words)

    def xgboost(self, **options):
        model = self.of(
            XGBClassifier, XGBRegressor, random_state=self.seed, n_jobs=self.jobs, enable_categorical=True, **options
        )
        return Boosting(model, self.words)

    def splitter(self):
        """Five folds, or from LARGE rows on one part, as fettle scores trials."""
        if len(self.x) < LARGE:
            kind = StratifiedKFold if self.classifies else KFold
            return kind(FOLDS, shuffle=True, random_state=self.seed)
        kind = StratifiedShuffleSplit if self.classifies else ShuffleSplit
        return kind(1, test_size=PART, random_state=self.seed)

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
            max_leaf_nodes=trial.suggest_int("max_leaf_nodes", 4, 128, log=True),
            min_samples_leaf=trial.suggest_int("min_samples_leaf", 1, 100, log=True),
            l2_regularization=trial.suggest_float("l2_regularization", 1e-8, 10, log=True),
            max_features=trial.suggest_float("max_features", 0.3, 1),
            max_iter=ROUNDS,
            early_stopping=True,
            n_iter_no_change=PATIENCE,
        )

    def xgboost_space(self, trial):
        return self.xgboost(
            learning_rate=trial.suggest_float("learning_rate", 0.01, 0.3, log=True),
            max_depth=trial.suggest_int("max_depth", 2, 10),
            min_child_weight=trial.suggest_float("min_child_weight", 1, 100, log=True),
            subsample=trial.suggest_float("subsample", 0.5, 1),
            colsample_bytree=trial.suggest_float("colsample_bytree", 0.3, 1),
            reg_lambda=trial.suggest_float("reg_lambda", 1e-2, 10, log=True),
            reg_alpha=trial.suggest_float("reg_alpha", 1e-6, 1, log=True),
            n_estimators=ROUNDS,
            early_stopping_rounds=PATIENCE,
        )

    def loss(self, model, x, y):
        if not self.classifies:
            return mean_squared_error(y, model.predict(x)) ** 0.5
        names = np.unique(self.y)
        probabilities = np.zeros((len(x), len(names)))
        # a class that no row of a fold has
        probabilities[:, np.searchsorted(names, model.classes_)] = model.predict_proba(x)
        return log_loss(y, probabilities, labels=names)


class Boosting(BaseEstimator):
    """Gradient boosting with the words of its training rows as categories; others are missing.

    With early stopping, XGBoost takes validation rows, and scikit-learn a tenth of the rows that it is given.
    """

    def __init__(self, model, words):
        self.model, self.words = model, words

    def cast(self, x):
        return x.assign(**{name: pd.Categorical(x[name], self.categories[name]) for name in self.words})

    def coded(self, y):
        return np.searchsorted(self.classes_, y) if self.is_coded else y

    def fit(self, x, y, validation=None):
        self.categories = {name: sorted(x[name].dropna().unique()) for name in self.words}
        self.is_coded = isinstance(self.model, XGBClassifier)
        if hasattr(self.model, "predict_proba"):
            self.classes_ = np.unique(y)
        rest = {}
        if validation is not None and "early_stopping_rounds" in self.model.get_params():
            rows, truth = validation
            known = np.isin(truth, self.classes_) if self.is_coded else np.full(len(truth), True)
            rest = {"eval_set": [(self.cast(rows[known]), self.coded(truth[known]))], "verbose": False}
        self.model.fit(self.cast(x), self.coded(y), **rest)
        return self

    @property
    def rounds(self):
        """How many it stopped after."""
        best = getattr(self.model, "best_iteration", None)
        return self.model.n_iter_ if best is None else best + 1

    def predict(self, x):
        return self.model.predict(self.cast(x))

    def predict_proba(self, x):
        return self.model.predict_proba(self.cast(x))


def fold(task, model, train, test, until):
    """Loss, seconds and rounds of a fit; None once it is too late to begin."""
    start = now()
    if start > until:
        return None
    x, y = task.x.iloc[train], task.y.iloc[train]
    validation = task.x.iloc[test], task.y.iloc[test]
    if isinstance(model, Boosting):
        model.fit(x, y, validation)
    else:
        model.fit(x, y)
    seconds = now() - start
    return task.loss(model, *validation), seconds, model.rounds if isinstance(model, Boosting) else 0


def tuned(task, space, defaults, jobs):
    """The best of Optuna's trials, of which the first has the library's defaults, and how many ended.

    The best is None if none ended. The last fit has all rows, and takes longer than a fold's by their share, which
    is what the search leaves it. Boosting is fitted last for the mean of the rounds after which its folds stopped.
    """
    message = task.message
    trials = message.get("trials")
    deadline = BEGAN + message["seconds"] * (1 if trials is None else LONGEST)
    folds = list(task.splitter().split(task.x, task.y))
    more = len(task.x) / len(folds[0][0])
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=task.seed))

    def objective(trial):
        model = space(trial)
        last = study.best_trial.user_attrs["fit"] * more if ended(study) else 0
        results = Parallel(jobs)(
            delayed(fold)(task, clone(model), train, test, deadline - last) for train, test in folds
        )
        if None in results:
            study.stop()
            raise optuna.TrialPruned()
        losses, seconds, rounds = np.mean(results, axis=0)
        trial.set_user_attr("fit", float(seconds))
        trial.set_user_attr("rounds", round(rounds))
        return float(losses)

    study.enqueue_trial(defaults)
    study.optimize(objective, n_trials=trials)
    if not ended(study):
        return None, 0
    best = space(optuna.trial.FixedTrial(study.best_params))
    if isinstance(best, Boosting):
        best.model.set_params(**of_rounds(best.model, study.best_trial.user_attrs["rounds"]))
    return best, len(ended(study))


def of_rounds(model, rounds):
    """Options of so many rounds, without early stopping."""
    if "n_estimators" in model.get_params():
        return {"n_estimators": rounds, "early_stopping_rounds": None}
    return {"max_iter": rounds, "early_stopping": False}


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
    "max_leaf_nodes": 31,
    "min_samples_leaf": 20,
    "l2_regularization": 1e-8,
    "max_features": 1.0,
}
XGBOOST_DEFAULTS = {
    "learning_rate": 0.3,
    "max_depth": 6,
    "min_child_weight": 1.0,
    "subsample": 1.0,
    "colsample_bytree": 1.0,
    "reg_lambda": 1.0,
    "reg_alpha": 1e-6,
}


def main():
    message = json.loads(sys.argv[1])
    task = Task(message)
    plain = {
        "linear": task.linear,
        "linearCv": task.tuned_linear,
        "mlp": task.mlp,
        "forest": task.forest,
        "extraTrees": task.extra_trees,
        "boosting": task.boosting,
        "xgboost": task.xgboost,
    }
    # one fit of boosting uses all cores
    searches = {
        "optunaMlp": (task.mlp_space, MLP_DEFAULTS, task.jobs, task.mlp),
        "optunaMlpTrials": (task.mlp_space, MLP_DEFAULTS, task.jobs, task.mlp),
        "optunaBoosting": (task.boosting_space, BOOSTING_DEFAULTS, 1, task.boosting),
        "optunaXgboost": (task.xgboost_space, XGBOOST_DEFAULTS, 1, task.xgboost),
    }
    contestant = message["contestant"]
    trials = 0
    if contestant in plain:
        model = plain[contestant]()
    else:
        *search, untuned = searches[contestant]
        model, trials = tuned(task, *search)
        model = model or untuned()
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
