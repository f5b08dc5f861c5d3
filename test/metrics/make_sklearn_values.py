"""Writes sklearn.json: truths, predictions and weights, and what scikit-learn's metrics make of them.

    /usr/bin/python3 make_sklearn_values.py > sklearn.json        # scikit-learn 1.4.2, NumPy 2.2.4

Where scikit-learn refuses what Fettle defines, the value is of its definition: classes without a row are given to it as `labels`,
or left out of a mean of its areas; weights that it does not take are rows repeated; the Brier score of several classes is Brier's sum.
A score is named as Fettle names it. null is NaN.
"""
import json
import math
import warnings

import numpy as np
import sklearn.metrics as m

warnings.simplefilter("ignore")
rng = np.random.default_rng(16)
ROWS = 40
plain = lambda values: np.asarray(values, float).tolist()
AVERAGES = {"Macro": "macro", "Micro": "micro", "Weighted": "weighted"}


def value(score):
    try:
        found = float(score())
    except ValueError:  # one class only
        return None
    return None if math.isnan(found) else found


def decided(truth, guess, w, averages, prefix=""):
    """Scores of decided classes under each average; "" is Fettle's default."""
    for name, average in averages.items():
        own = {"average": average, "sample_weight": w}
        yield f"precision{name}{prefix}", lambda: m.precision_score(truth, guess, **own)
        yield f"recall{name}{prefix}", lambda: m.recall_score(truth, guess, **own)
        yield f"f1{name}{prefix}", lambda: m.f1_score(truth, guess, **own)
        yield f"fBeta2{name}{prefix}", lambda: m.fbeta_score(truth, guess, beta=2, **own)
        yield f"fBeta0.5{name}{prefix}", lambda: m.fbeta_score(truth, guess, beta=0.5, **own)
        yield f"jaccard{name}{prefix}", lambda: m.jaccard_score(truth, guess, **own)


def of_classes(truth, guess, classes, w):
    labels = list(range(classes))
    yield "accuracy", lambda: m.accuracy_score(truth, guess, sample_weight=w)
    yield "balancedAccuracy", lambda: m.balanced_accuracy_score(truth, guess, sample_weight=w)
    yield "matthewsCorrcoef", lambda: m.matthews_corrcoef(truth, guess, sample_weight=w)
    for name, weights in {"": None, "Linear": "linear", "Quadratic": "quadratic"}.items():
        yield f"cohenKappa{name}", lambda: m.cohen_kappa_score(
            truth, guess, labels=labels, weights=weights, sample_weight=w)


def binary(truth, score, w):
    guess = (score > 0.5).astype(int)
    yield from of_classes(truth, guess, 2, w)
    yield from decided(truth, guess, w, {"": "binary", **AVERAGES})
    yield "rocAuc", lambda: m.roc_auc_score(truth, score, sample_weight=w)
    yield "averagePrecision", lambda: m.average_precision_score(truth, score, sample_weight=w)
    yield "logLoss", lambda: m.log_loss(truth, score, labels=[0, 1], sample_weight=w)
    yield "brierScore", lambda: m.brier_score_loss(truth, score, pos_label=1, sample_weight=w)
    yield "topKAccuracy1", lambda: m.top_k_accuracy_score(truth, score, k=1, labels=[0, 1], sample_weight=w)
    yield "topKAccuracy", lambda: m.top_k_accuracy_score(truth, score, k=2, labels=[0, 1], sample_weight=w)


def mean(scores, weights=None):
    kept = [(s, 1 if weights is None else weights[i]) for i, s in enumerate(scores) if s is not None]
    return np.average([s for s, _ in kept], weights=[v for _, v in kept]) if kept else math.nan


def pairs(truth, score, w, weighted):
    if w is not None:
        often = (2 * w).astype(int)
        truth, score = np.repeat(truth, often), np.repeat(score, often, axis=0)
    # the classes that occur, each with its column; scikit-learn wants rows that sum to 1, which areas do not depend on
    present = np.unique(truth)
    areas, rows = [], []
    for j, a in enumerate(present):
        for b in present[:j]:
            own = (truth == a) | (truth == b)
            areas.append(np.mean([m.roc_auc_score(truth[own] == c, score[own, c]) for c in (a, b)]))
            rows.append(own.sum())
    found = np.average(areas, weights=rows if weighted else None) if areas else math.nan
    if len(present) == score.shape[1]:
        own = m.roc_auc_score(truth, score, multi_class="ovo", average="weighted" if weighted else "macro")
        assert abs(own - found) < 1e-14
    return found


def several(truth, score, w):
    classes = score.shape[1]
    labels = list(range(classes))
    guess = score.argmax(axis=1)
    yield from of_classes(truth, guess, classes, w)
    yield from decided(truth, guess, w, {"": "macro", **AVERAGES})
    hot = (truth[:, None] == np.arange(classes)).astype(int)
    support = (hot * (1 if w is None else w[:, None])).sum(axis=0)
    areas = [value(lambda: m.roc_auc_score(hot[:, j], score[:, j], sample_weight=w)) for j in labels]
    steps = [m.average_precision_score(hot[:, j], score[:, j], sample_weight=w) if support[j] else None for j in labels]
    wide = None if w is None else np.repeat(w, classes)
    if all(support):
        for average, weights in {"macro": None, "weighted": support}.items():
            assert abs(mean(areas, weights) - m.roc_auc_score(
                truth, score, multi_class="ovr", average=average, sample_weight=w)) < 1e-14
            assert abs(mean(steps, weights) - m.average_precision_score(
                truth, score, average=average, sample_weight=w)) < 1e-14
    yield "rocAuc", lambda: mean(areas)
    yield "rocAucWeighted", lambda: mean(areas, support)
    yield "rocAucMicro", lambda: m.roc_auc_score(hot.ravel(), score.ravel(), sample_weight=wide)
    yield "rocAucOvo", lambda: pairs(truth, score, w, False)
    yield "rocAucOvoWeighted", lambda: pairs(truth, score, w, True)
    yield "averagePrecision", lambda: mean(steps)
    yield "averagePrecisionWeighted", lambda: mean(steps, support)
    yield "averagePrecisionMicro", lambda: m.average_precision_score(hot.ravel(), score.ravel(), sample_weight=wide)
    yield "logLoss", lambda: m.log_loss(truth, score, labels=labels, sample_weight=w)
    yield "brierScore", lambda: np.average(((score - hot) ** 2).sum(axis=1), weights=w)
    for k in (1, 2, 3):
        yield f"topKAccuracy{k}", lambda: m.top_k_accuracy_score(truth, score, k=k, labels=labels, sample_weight=w)


def labels(truth, score, w):
    guess = (score > 0.5).astype(int)
    averages = {"": "macro", **AVERAGES}
    yield "accuracyMultiLabel", lambda: m.accuracy_score(truth, guess, sample_weight=w)
    yield from decided(truth, guess, w, averages, "MultiLabel")
    yield from decided(truth, guess, w, {"Samples": "samples"})
    for name, average in averages.items():
        own = {"average": average, "sample_weight": w}
        if (truth.sum(axis=0) % len(truth)).all():
            yield f"rocAuc{name}MultiLabel", lambda: m.roc_auc_score(truth, score, **own)
        yield f"averagePrecision{name}MultiLabel", lambda: m.average_precision_score(truth, score, **own)


def quantities(truth, guess, w):
    own = {"sample_weight": w}
    kept = np.arange(len(truth)) if w is None else np.repeat(np.arange(len(truth)), (2 * w).astype(int))
    yield "meanSquaredError", lambda: m.mean_squared_error(truth, guess, **own)
    yield "rootMeanSquaredError", lambda: m.root_mean_squared_error(truth, guess, **own)
    yield "meanAbsoluteError", lambda: m.mean_absolute_error(truth, guess, **own)
    yield "medianAbsoluteError", lambda: m.median_absolute_error(truth[kept], guess[kept])
    columns = [(truth[kept], guess[kept])] if truth.ndim == 1 else list(zip(truth[kept].T, guess[kept].T))
    yield "maxError", lambda: np.mean([m.max_error(*each) for each in columns])
    yield "meanAbsolutePercentageError", lambda: m.mean_absolute_percentage_error(truth, guess, **own)
    for alpha in (0.1, 0.9):
        yield f"meanPinballLoss{alpha}", lambda: m.mean_pinball_loss(truth, guess, alpha=alpha, **own)
    yield "explainedVariance", lambda: m.explained_variance_score(truth, guess, **own)
    yield "r2", lambda: m.r2_score(truth, guess, **own)
    # with weights scikit-learn takes the lower of two middle rows
    yield "d2AbsoluteError", lambda: m.d2_absolute_error_score(truth[kept], guess[kept])
    # the middle of the best constants, between which scikit-learn interpolates
    for alpha in (0, 0.1, 0.9, 1):
        best = np.quantile(truth[kept], alpha, axis=0, method="averaged_inverted_cdf")
        losses = [m.mean_pinball_loss(truth[kept], each, alpha=alpha, multioutput="raw_values") for each in (
            guess[kept], np.broadcast_to(best, truth[kept].shape))]
        shares = [1 - a / b if b else float(a == 0) for a, b in zip(*map(np.atleast_1d, losses))]
        yield f"d2Pinball{alpha}", lambda: np.mean(shares)
        if len(kept) * alpha % 1 == 0 and losses[1].all():
            assert abs(np.mean(shares) - m.d2_pinball_score(truth[kept], guess[kept], alpha=alpha)) < 1e-12
    yield "d2Pinball", lambda: m.d2_pinball_score(truth[kept], guess[kept])
    if guess.min() > 0:
        if truth.min() >= 0:
            yield "meanSquaredLogError", lambda: m.mean_squared_log_error(truth, guess, **own)
            yield "rootMeanSquaredLogError", lambda: m.root_mean_squared_log_error(truth, guess, **own)
        powers = [-1.5, 0] + ([1, 1.5] if truth.min() >= 0 else []) + ([2, 3] if truth.min() > 0 else [])
        for power in powers if truth.ndim == 1 else []:
            suffix = "" if power == 0 else str(power)
            yield f"meanTweedieDeviance{suffix}", lambda: m.mean_tweedie_deviance(truth, guess, power=power, **own)
            if truth.std() > 0:
                yield f"d2Tweedie{suffix}", lambda: m.d2_tweedie_score(truth, guess, power=power, **own)


def curves(truth, score, w):
    # kept apart from the means, as lists
    roc = m.roc_curve(truth, score, sample_weight=w)
    pr = m.precision_recall_curve(truth, score, sample_weight=w)
    finite = lambda values: [None if math.isnan(v) else v if math.isfinite(v) else "Infinity" for v in plain(values)]
    return {"roc": [finite(v) for v in roc], "precisionRecall": [finite(v) for v in pr]}


def per_class(truth, guess, w, classes):
    return [plain(v) for v in m.precision_recall_fscore_support(
        truth, guess, beta=2, labels=list(range(classes)), sample_weight=w)]


def eighths(rows, classes):
    """Rows of multiples of 1/8 that sum to 1, with many ties."""
    cuts = np.sort(rng.integers(0, 9, (rows, classes - 1)), axis=1)
    return np.diff(np.concatenate([np.zeros((rows, 1)), cuts, np.full((rows, 1), 8)], axis=1), axis=1) / 8


weights = rng.choice([0, 0.5, 1, 2], ROWS)
sets = []


def add(title, scores, truth, guess, w=None, **more):
    truth, guess = np.asarray(truth), np.asarray(guess, float)
    row = {"title": title, "yTrue": truth.tolist(), "yPred": guess.tolist()}
    if w is not None:
        row["sampleWeight"] = plain(w)
    found = {name: value(score) for name, score in scores(truth, guess, w)}
    sets.append({**row, "scores": found, **more})


def add_binary(title, truth, score, w=None):
    truth, score = np.asarray(truth), np.asarray(score, float)
    add(title, binary, truth, score, w, curves=curves(truth, score, w),
        perClass=per_class(truth, score > 0.5, w, 2))


def add_several(title, truth, score, w=None):
    add(title, several, truth, score, w, perClass=per_class(truth, score.argmax(axis=1), w, score.shape[1]))


truth, tied = rng.integers(0, 2, ROWS), rng.integers(0, 9, ROWS) / 8
add_binary("two classes, with ties", truth, tied)
add_binary("two classes, with ties and weights", truth, tied, weights)
add_binary("two classes without ties", truth, rng.random(ROWS))
add_binary("two classes, certain and wrong", [0, 1, 1, 0], [1, 0, 1, 0])
add_binary("two classes, one score", [0, 1, 1, 0], [0.25] * 4)
add_binary("class 0 alone", [0, 0, 0], [0.2, 0.7, 0.7])
add_binary("class 1 alone", [1, 1, 1], [0.2, 0.7, 0.7])
add_binary("class 1 alone, and predicted", [1, 1], [0.75, 0.875])
add_binary("one row", [1], [0.25])
four, shares = rng.integers(0, 4, ROWS), eighths(ROWS, 4)
add_several("four classes, with ties", four, shares)
add_several("four classes, with ties and weights", four, shares, weights)
add_several("a class without a row", np.where(four == 3, 0, four), shares)
add_several("a class without a row, with weights", np.where(four == 1, 0, four), shares, weights)
never = shares.copy()
never[:, 2] = 0
never[:, 0] += shares[:, 2]
add_several("a class that is never predicted", four, never)
missing = never.copy()
add_several("a class without a row that is never predicted", np.where(four == 2, 1, four), missing)
add_several("one class alone, of three", np.full(6, 1), eighths(6, 3))
some = rng.integers(0, 2, (ROWS, 3))
some[:5] = 0
tied = rng.integers(0, 9, (ROWS, 3)) / 8
add("labels, with ties", labels, some, tied)
add("labels, with ties and weights", labels, some, tied, weights)
some = some.copy()
some[:, 1] = 0
add("labels, of which one has no row", labels, some, tied)
add("labels that no row has", labels, np.zeros((4, 2), int), tied[:4, :2])
spread = np.round(rng.normal(0, 5, ROWS), 3)
near = np.round(spread + rng.normal(0, 1, ROWS), 3)
add("quantities", quantities, spread, near)
add("quantities, with weights", quantities, spread, near, weights)
two = np.stack([spread, rng.integers(-3, 4, ROWS)], axis=1)
add("two outputs", quantities, two, np.stack([near, rng.integers(-3, 4, ROWS)], axis=1))
add("two outputs, with weights", quantities, two, np.stack([near, rng.integers(-3, 4, ROWS)], axis=1), weights)
counts, rates = rng.poisson(2, ROWS), np.round(rng.gamma(2, 1, ROWS) + 0.01, 3)
add("counts, some of them 0", quantities, counts, rates)
add("counts, with weights", quantities, counts, rates, weights)
add("quantities above 0, with weights", quantities, np.round(rng.gamma(2, 1, ROWS) + 0.01, 3), rates, weights)
add("a constant truth", quantities, np.full(4, 2.5), np.array([2.5, 2, 3, 2.5]))
add("a constant truth, predicted", quantities, np.full(4, 2.5), np.full(4, 2.5))
add("a constant error", quantities, np.array([0.5, 1, 4]), np.array([1.5, 2, 5]))
print(json.dumps({"sets": sets}, separators=(",", ":")).replace('{"title"', '\n{"title"'))
