"""Writes signatures.json: the arguments of what docs/coming-from-keras.md and docs/coming-from-scikit-learn.md map.

    git clone --depth 1 https://github.com/keras-team/keras
    /usr/bin/python3 make_signatures.py keras > signatures.json        # Keras 3.16.0, scikit-learn 1.4.2

Keras is read from its source, since importing it needs a backend; scikit-learn is imported.
"""
import ast
import inspect
import json
import sys
from pathlib import Path

import sklearn
from sklearn import model_selection, neural_network

# Arguments that came after the installed release, from the documentation of scikit-learn 1.7.
LATER = {"MLPRegressor": ["loss"]}
source = Path(sys.argv[1]) / "keras/src"


def parsed(file):
    return ast.parse((source / file).read_text())


def arguments(method):
    names = [*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs]
    return [name.arg for name in names if name.arg != "self"] + [f"**{a.arg}" for a in [method.args.kwarg] if a]


version = next(node.value.value for node in parsed("version.py").body if isinstance(node, ast.Assign))
trainer = next(node for node in parsed("trainers/trainer.py").body if isinstance(node, ast.ClassDef))
methods = {node.name: node for node in trainer.body if isinstance(node, ast.FunctionDef)}
keras = {name: arguments(methods[name]) for name in ["compile", "fit", "evaluate", "predict"]}
searches = ["GridSearchCV", "RandomizedSearchCV", "cross_val_score", "cross_validate"]
functions = [getattr(model_selection, name) for name in searches]
functions += [neural_network.MLPClassifier, neural_network.MLPRegressor]
learn = {f.__name__: [*inspect.signature(f).parameters, *LATER.get(f.__name__, [])] for f in functions}
pages = {
    "docs/coming-from-keras.md": {"version": f"Keras {version}", "signatures": keras},
    "docs/coming-from-scikit-learn.md": {"version": f"scikit-learn {sklearn.__version__}", "signatures": learn},
}
print(json.dumps(pages, indent=2))
