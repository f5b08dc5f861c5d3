"""Writes sklearn.json: what scikit-learn makes of two columns of numbers, one of words and three targets; of "quantile" and
"parts", SciPy and NumPy by their definitions.

    python3 make_sklearn_values.py > sklearn.json        # scikit-learn 1.4.2, NumPy 2.2.4, SciPy 1.15.3
"""
import json
import math

import numpy as np
import scipy
import sklearn
from scipy.stats import norm, rankdata
from sklearn.feature_extraction import FeatureHasher
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler,
                                   TargetEncoder)

rng = np.random.default_rng(7)
ROWS = 65  # a power of two and one, so that quantiles of equal steps fall on values without rounding
spread = np.round(rng.lognormal(2, 1, ROWS), 3)
tied = rng.integers(0, 9, ROWS).astype(float)
crowded = np.minimum(tied, 3)
gaps = tied.copy()
gaps[rng.permutation(ROWS)[:11]] = np.nan
words = rng.choice(["blau", "rot", "grün", "", "x y", "7", "once"], ROWS, p=[0.3, 0.3, 0.15, 0.1, 0.08, 0.06, 0.01])
words[3] = "once"
quantity = np.round(rng.normal(100, 20, ROWS) + 5 * (words == "rot"), 2)
binary = (rng.random(ROWS) < 0.3 + 0.4 * (words == "rot")).astype(int)
three = rng.integers(0, 3, ROWS)
others = np.array([-5, 0, 0.5, 3, 3.25, 8, 8.00000001, 9, 40, 1e6])
column = lambda values: np.asarray(values).reshape(-1, 1)
flat = lambda matrix: [None if isinstance(v, float) and math.isnan(v) else v for v in np.asarray(matrix).ravel().tolist()]


def scaled(make):
    return {name: {"fitted": flat(make().fit(column(values)).transform(column(values))),
                   "others": flat(make().fit(column(values)).transform(column(others)))}
            for name, values in [("spread", spread), ("tied", tied)]}


def by_quantiles(values, at):
    """Normal scores of mid-ranks at every fourth of the 65 values in order, and linear in between."""
    order = np.argsort(values)[::(ROWS - 1) // 16]
    scores = norm.ppf(np.clip((rankdata(values) - 0.5) / ROWS, 0.005, 0.995))
    return flat(np.interp(at, values[order], scores[order]))


def by_parts(values, at):
    """How far a value is within each quarter of the 65 in order, 0 where a quarter is a single value; standardized."""
    cuts = np.sort(values)[::(ROWS - 1) // 4]
    width = np.diff(cuts)
    passed = lambda v: np.where(width > 0, np.clip((column(v) - cuts[:-1]) / np.where(width > 0, width, 1), 0, 1), 0)
    return flat(StandardScaler().fit(passed(values)).transform(passed(at)))


def imputed(strategy, **options):
    return float(SimpleImputer(strategy=strategy, **options).fit(column(gaps)).statistics_[0])


def target(y, kind):
    return flat(TargetEncoder(smooth="auto", target_type=kind).fit(column(words), y).transform(column([*words, "new"])))


seen = [*words, "new"]
infrequent = OneHotEncoder(min_frequency=6, handle_unknown="infrequent_if_exist", sparse_output=False).fit(column(words))
print(json.dumps({
    "origin": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, SciPy {scipy.__version__}, by make_sklearn_values.py",
    "spread": flat(spread), "tied": flat(tied), "crowded": flat(crowded), "gaps": flat(gaps), "words": words.tolist(), "others": flat(others),
    "quantity": flat(quantity), "binary": flat(binary), "three": flat(three),
    "impute": {"mean": imputed("mean"), "median": imputed("median"), "mode": imputed("most_frequent"),
               "indicator": flat(SimpleImputer(add_indicator=True).fit_transform(column(gaps))[:, 1])},
    "standard": scaled(StandardScaler), "minMax": scaled(MinMaxScaler), "robust": scaled(RobustScaler),
    "quantile": {name: {"fitted": by_quantiles(values, values), "others": by_quantiles(values, others)}
                 for name, values in [("spread", spread), ("tied", tied)]},
    "parts": {name: {"fitted": by_parts(values, values), "others": by_parts(values, others)}
              for name, values in [("spread", spread), ("tied", tied), ("crowded", crowded)]},
    "oneHot": flat(OneHotEncoder(sparse_output=False).fit_transform(column(words))),
    "minFrequency": {"values": flat(infrequent.transform(column(seen))),
                     "names": infrequent.get_feature_names_out(["w"]).tolist()},
    "ordinal": flat(OrdinalEncoder().fit_transform(column(words))),
    "hashed": flat(FeatureHasher(n_features=8, input_type="string", alternate_sign=False)
                   .transform([[word] for word in words]).toarray()),
    "target": {"quantity": target(quantity, "continuous"), "binary": target(binary, "binary"),
               "three": target(three, "multiclass")},
    "log1p": flat(StandardScaler().fit_transform(column(np.log1p(quantity)))),
}, separators=(",", ":"), ensure_ascii=False))
