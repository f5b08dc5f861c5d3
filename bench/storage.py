"""Asks and tells trials of four parameters in Optuna's RDBStorage and prints the milliseconds of each.

usage: python3 storage.py <URL of SQLAlchemy> <trials>
"""

import sys
import time

import optuna

optuna.logging.disable_default_handler()
url, trials = sys.argv[1], int(sys.argv[2])
study = optuna.create_study(storage=url, sampler=optuna.samplers.RandomSampler(seed=0))
for _ in range(trials):
    start = time.perf_counter()
    trial = study.ask()
    rate = trial.suggest_float("learningRate", 1e-4, 1e-1, log=True)
    trial.suggest_int("units", 4, 64)
    trial.suggest_float("dropout", 0, 0.5)
    trial.suggest_categorical("activation", ["relu", "tanh"])
    study.tell(trial, rate)
    print(1000 * (time.perf_counter() - start))
