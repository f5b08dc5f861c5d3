"""The folds of scikit-learn where it draws nothing, for splitters.test.ts.

    python3 make_sklearn_folds.py > sklearn-folds.json

Made with scikit-learn 1.4.2. Groups and classes are numbered as they first appear, since ours are taken in that order.
"""
import json
import warnings

import numpy as np
import sklearn.model_selection as m

warnings.filterwarnings("ignore")


def folds(splitter, rows, labels=None, groups=None):
    return [[train.tolist(), test.tolist()] for train, test in splitter.split(np.zeros(rows), labels, groups)]


def as_they_appear(values):
    names = {}
    return [names.setdefault(value, len(names)) for value in values]


out = {"kFold": [], "stratifiedKFold": [], "groupKFold": [], "stratifiedGroupKFold": [], "timeSeriesSplit": [], "leaveOneOut": []}
for rows, n in [(11, 3), (10, 5), (7, 7), (150, 4), (2, 2)]:
    out["kFold"].append({"rows": rows, "folds": n, "made": folds(m.KFold(n), rows)})
random = np.random.RandomState(0)
for rows, classes, n in [(30, 2, 3), (41, 3, 4), (178, 3, 5), (100, 4, 10), (64, 2, 7)]:
    labels = as_they_appear(random.choice(classes, rows, p=np.arange(1, classes + 1) / sum(range(1, classes + 1))).tolist())
    if min(np.bincount(labels)) < n:
        continue
    out["stratifiedKFold"].append({"labels": labels, "folds": n, "made": folds(m.StratifiedKFold(n), rows, labels)})
for rows, count, n in [(20, 5, 3), (60, 11, 4), (200, 23, 5), (90, 6, 6)]:
    groups = as_they_appear(random.choice(count, rows, p=random.dirichlet(np.ones(count))).tolist())
    n = min(n, len(set(groups)))
    # which fold a group of several of one size is in is not specified: the sizes of the folds are
    sizes = [len(test) for _, test in folds(m.GroupKFold(n), rows, None, groups)]
    out["groupKFold"].append({"groups": groups, "folds": n, "sizes": sizes})
for rows, classes, count, n in [(40, 2, 9, 3), (120, 3, 20, 4), (300, 2, 60, 5), (90, 4, 30, 3), (17, 2, 6, 2)]:
    groups = as_they_appear(random.choice(count, rows).tolist())
    labels = as_they_appear(random.choice(classes, rows).tolist())
    made = folds(m.StratifiedGroupKFold(n), rows, labels, groups)
    out["stratifiedGroupKFold"].append({"labels": labels, "groups": groups, "folds": n, "made": made})
for rows, n, gap, most, size in [
    (6, 5, 0, None, None), (12, 3, 2, None, 2), (20, 4, 1, 5, None), (103, 5, 7, 40, 11), (9, 2, 0, 1, 3), (50, 7, 0, None, None),
]:
    splitter = m.TimeSeriesSplit(n, gap=gap, max_train_size=most, test_size=size)
    options = {"folds": n, "gap": gap, **({"maxTrainSize": most} if most else {}), **({"validationSize": size} if size else {})}
    out["timeSeriesSplit"].append({"rows": rows, "options": options, "made": folds(splitter, rows)})
for rows in [2, 3, 9]:
    out["leaveOneOut"].append({"rows": rows, "made": folds(m.LeaveOneOut(), rows)})
out["leavePOut"] = [{"rows": n, "p": p, "made": folds(m.LeavePOut(p), n)} for n, p in [(4, 2), (5, 3), (6, 1), (6, 5)]]
groups = [0, 1, 0, 2, 2, 3, 1, 0]
out["leaveOneGroupOut"] = [{"groups": groups, "made": folds(m.LeaveOneGroupOut(), 8, None, groups)}]
out["leavePGroupsOut"] = [{"groups": groups, "p": p, "made": folds(m.LeavePGroupsOut(p), 8, None, groups)} for p in [1, 2, 3]]
out["predefinedSplit"] = []
for fold_of in [[0, 1, -1, 1], [3, 3, 0, 0, -1, 7, -1, 7, 7]]:
    out["predefinedSplit"].append({"foldOf": fold_of, "made": folds(m.PredefinedSplit(fold_of), len(fold_of))})
# what is drawn has the same sizes and counts
out["shuffleSplit"] = []
for rows, n, size in [(10, 3, 0.25), (100, 2, 0.07), (33, 4, 5), (50, 10, 0.1)]:
    sizes = [[len(train), len(test)] for train, test in m.ShuffleSplit(n, test_size=size, random_state=0).split(np.zeros(rows))]
    out["shuffleSplit"].append({"rows": rows, "options": {"folds": n, "validationSize": size}, "sizes": sizes})
for rows, n, size, train in [(10, 3, 0.25, 0.5), (33, 4, 5, 0.71), (50, 2, 0.1, 45), (7, 2, 2, 1), (20, 3, None, 0.33), (12, 2, None, 11)]:
    splitter = m.ShuffleSplit(n, test_size=size, train_size=train, random_state=0)
    sizes = [[len(train), len(test)] for train, test in splitter.split(np.zeros(rows))]
    options = {"folds": n, "trainSize": train, **({} if size is None else {"validationSize": size})}
    out["shuffleSplit"].append({"rows": rows, "options": options, "sizes": sizes})
groups = as_they_appear(random.choice(13, 80).tolist())
out["groupShuffleSplit"] = []
for n, size, train in [(4, 0.2, None), (3, 0.5, None), (2, 3, None), (3, 0.2, 0.5), (2, 3, 4), (2, None, 0.6)]:
    made = m.GroupShuffleSplit(n, test_size=size, train_size=train, random_state=0).split(np.zeros(80), None, groups)
    held = [[len({groups[row] for row in part}) for part in fold] for fold in made]
    given = {"validationSize": size, "trainSize": train}
    options = {"folds": n, **{name: value for name, value in given.items() if value is not None}}
    out["groupShuffleSplit"].append({"groups": groups, "options": options, "held": held})
out["repeated"] = [
    {"rows": 12, "labels": [0, 1] * 6, "folds": n, "repeats": r, "count": m.RepeatedStratifiedKFold(n_splits=n, n_repeats=r).get_n_splits()}
    for n, r in [(3, 2), (5, 10), (2, 1)]
]
out["names"] = [name for name in m.__all__ if isinstance(getattr(m, name), type) and hasattr(getattr(m, name), "split") and not name.startswith("Base")]
print(json.dumps(out, separators=(",", ":")))
