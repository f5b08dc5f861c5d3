"""Optuna as a process: answers lines of JSON, {"do": "start" | "ask" | "tell" | "time", ...}; see bench/search/optuna.ts.

A sampler is asked for trials, numbered from 0, and told the "value" of each, or "values" and "constraints". "start" says how
many "objectives" there are, whether the problem is "constrained", and how many trials are "running" at a time: of more than
one, TPE takes those that run for bad ones ("constant liar"); other samplers ignore them. Parameters are suggested in the
order of their conditions, each only where it applies, as a user of Optuna writes it.
"""

import json
import random
import sys
import time
import warnings

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")

def constraints_of(trial):
    return trial.user_attrs["constraints"]


def tpe(message, **options):
    if message.get("constrained"):
        options["constraints_func"] = constraints_of
    return optuna.samplers.TPESampler(seed=message["seed"], constant_liar=message.get("running", 1) > 1, **options)


def nsga2(message):
    return optuna.samplers.NSGAIISampler(
        seed=message["seed"],
        population_size=message["population"],
        constraints_func=constraints_of if message.get("constrained") else None,
    )


SAMPLERS = {
    "random": lambda message: optuna.samplers.RandomSampler(seed=message["seed"]),
    "tpe": tpe,
    "tpeMultivariate": lambda message: tpe(message, multivariate=True, group=True),
    "gp": lambda message: optuna.samplers.GPSampler(seed=message["seed"]),
    "cmaes": lambda message: optuna.samplers.CmaEsSampler(seed=message["seed"]),
    "nsga2": nsga2,
}


def distribution(parameter):
    if parameter["type"] == "choice":
        return CategoricalDistribution(parameter["values"])
    low, high, log = parameter["low"], parameter["high"], parameter.get("log", False)
    if parameter["type"] == "int":
        return IntDistribution(low, high, log=log, step=parameter.get("step", 1))
    return FloatDistribution(low, high, log=log, step=parameter.get("step"))


def holds(clause, value):
    if isinstance(clause, list):
        return value in clause
    return clause.get("low", value) <= value <= clause.get("high", value)


def walk(space, pick):
    """The parameters that apply, each by `pick(name, distribution)`; a condition's parameters are declared before."""
    params = {}
    for name, parameter in space.items():
        conditions = parameter.get("when", {})
        if all(parent in params and holds(clause, params[parent]) for parent, clause in conditions.items()):
            params[name] = pick(name, distribution(parameter))
    return params


def draw(kind, generator):
    """A random value, for histories to time samplers on."""
    if isinstance(kind, CategoricalDistribution):
        return generator.choice(kind.choices)
    low, high = kind.low, kind.high
    value = low * (high / low) ** generator.random() if kind.log else generator.uniform(low, high)
    return round(value) if isinstance(kind, IntDistribution) else value


def suggest(study, space):
    trial = study.ask()

    def pick(name, kind):
        if isinstance(kind, CategoricalDistribution):
            return trial.suggest_categorical(name, kind.choices)
        suggest_number = trial.suggest_int if isinstance(kind, IntDistribution) else trial.suggest_float
        return suggest_number(name, kind.low, kind.high, log=kind.log, step=kind.step)

    return trial, walk(space, pick)


def timed(sampler, space, trials, repeats):
    generator = random.Random(trials)
    study = optuna.create_study(sampler=SAMPLERS[sampler]({"seed": 0}))
    for _ in range(trials):
        distributions = {}

        def pick(name, kind):
            distributions[name] = kind
            return draw(kind, generator)

        params = walk(space, pick)
        value = generator.gauss(0, 1)
        study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=value))
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        trial, _ = suggest(study, space)
        times.append(1000 * (time.perf_counter() - start))
        study.tell(trial, generator.gauss(0, 1))
    return times[1:]


study = space = None
trials = {}
for line in sys.stdin:
    message = json.loads(line)
    answer = None
    if message["do"] == "start":
        space = message["space"]
        trials = {}
        study = optuna.create_study(
            directions=["minimize"] * message["objectives"], sampler=SAMPLERS[message["sampler"]](message)
        )
    elif message["do"] == "ask":
        trial, answer = suggest(study, space)
        trials[trial.number] = trial
    elif message["do"] == "tell":
        trial = trials.pop(message["number"])
        if "constraints" in message:
            trial.set_user_attr("constraints", message["constraints"])
        study.tell(trial, message.get("value", message.get("values")))
    else:
        answer = timed(message["sampler"], message["space"], message["trials"], message["repeats"])
    print(json.dumps(answer), flush=True)
