"""Looks at a study with Optuna's own code, or goes on with it. Prints JSON.

show <file> <name>             all that Optuna knows of it
more <file> <name> <trials>    adds trials by TPE, then the same
make <file>                    makes studies to be imported, then prints the one called "mine"
"""

import json
import math
import sys
import warnings

import optuna
import sqlalchemy

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
command, path, *rest = sys.argv[1:]



@sqlalchemy.event.listens_for(sqlalchemy.engine.Engine, "connect")
def write_fast(connection, _):
    connection.execute("PRAGMA synchronous = OFF")


storage = optuna.storages.RDBStorage(f"sqlite:///{path}")


def plain(value):
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def show(study):
    trials = [
        {
            "number": t.number,
            "state": t.state.name,
            "params": t.params,
            "distributions": {name: optuna.distributions.distribution_to_json(d) for name, d in t.distributions.items()},
            "values": None if t.values is None else [plain(v) for v in t.values],
            "reports": {step: plain(v) for step, v in t.intermediate_values.items()},
            "user": plain(t.user_attrs),
            "constraints": plain(t.system_attrs.get("constraints")),
            "seconds": None if t.duration is None else t.duration.total_seconds(),
        }
        for t in study.trials
    ]
    single = len(study.directions) == 1
    best = [study.best_trial] if single else study.best_trials
    directions = [d.name for d in study.directions]
    frame = study.trials_dataframe()
    print(json.dumps({"directions": directions, "best": [t.number for t in best], "trials": trials, "rows": len(frame)}))


def suggested(trial):
    """A value of each parameter that the first trial has."""
    for name, d in trial.study.trials[0].distributions.items():
        if isinstance(d, optuna.distributions.CategoricalDistribution):
            yield trial.suggest_categorical(name, d.choices)
        elif isinstance(d, optuna.distributions.IntDistribution):
            yield trial.suggest_int(name, d.low, d.high, step=d.step, log=d.log)
        else:
            yield trial.suggest_float(name, d.low, d.high, step=d.step, log=d.log)


def objective(trial):
    values = [v for v in suggested(trial) if isinstance(v, (int, float))]
    trial.set_user_attr("by", "optuna")
    total = sum(v * v for v in values)
    return total if len(trial.study.directions) == 1 else [total, -total]


def mine(trial):
    kind = trial.suggest_categorical("kind of model", ["tree", "net", None, True, 1.5])
    rate = trial.suggest_float("rate/é", 1e-4, 1.0, log=True)
    width = trial.suggest_float("width", 0.0, 1.0 + trial.number, step=0.1)
    layers = trial.suggest_int("layers", 1, 4)
    units = [trial.suggest_int(f"units{i}", 8, 64, log=True) for i in range(layers)]
    if kind == "net":
        rate += trial.suggest_float("dropout", 0, 0.5)
    trial.set_user_attr("名前", {"π": [1, None], "nan": float("nan"), "text": 'NaN "Infinity" \\'})
    trial.report(rate, 0)
    trial.report(float("nan"), 1)
    trial.report(float("-inf"), 2)
    trial.report(rate + 1, 5)
    if trial.number % 7 == 3:
        raise optuna.TrialPruned()
    if trial.number == 12:
        return float("inf")
    if trial.number == 13:
        return float("nan")
    return rate + width + sum(units)


if command == "show":
    show(optuna.load_study(study_name=rest[0], storage=storage))
elif command == "more":
    study = optuna.load_study(study_name=rest[0], storage=storage, sampler=optuna.samplers.TPESampler(seed=1))
    study.optimize(objective, n_trials=int(rest[1]))
    show(study)
elif command == "make":
    study = optuna.create_study(study_name="mine", storage=storage, sampler=optuna.samplers.TPESampler(seed=3))
    study.set_user_attr("note", "µ")
    study.optimize(mine, n_trials=30)

    def broken(trial):
        trial.suggest_float("width", 0, 1, step=0.1)
        raise ValueError("before all parameters")

    study.optimize(broken, n_trials=1, catch=(ValueError,))
    running = study.ask()
    running.suggest_float("width", 0, 1, step=0.1)
    study.optimize(mine, n_trials=4)
    study.enqueue_trial({"width": 0.5})
    study.enqueue_trial(study.best_params)
    two = optuna.create_study(study_name="two", storage=storage, directions=["minimize", "maximize"])
    two.optimize(lambda t: (t.suggest_float("x", 0, 1), t.suggest_int("n", 0, 9)), n_trials=8)
    optuna.create_study(study_name="empty", storage=storage)
    unclear = optuna.create_study(study_name="unclear", storage=storage)
    unclear.optimize(lambda t: t.suggest_float("x", 0, 1) + (t.suggest_float("y", 0, 1) if t.number % 2 else 0), n_trials=4)
    kinds = optuna.create_study(study_name="kinds", storage=storage)
    kinds.optimize(lambda t: t.suggest_categorical("c", [1, float("nan")]) and 1.0, n_trials=2)
    show(study)
