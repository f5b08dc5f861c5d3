"""Writes names.json: the names of metrics that scikit-learn and Keras document.

    /usr/bin/python3 make_names.py > names.json        # scikit-learn 1.4.2

scikit-learn's are what sklearn.metrics exports and the scorers; Keras 3's are what keras.metrics exports, and the strings of
keras.metrics.get: each class by its name and in snake case, and a few abbreviations (keras/src/metrics/__init__.py).
"""
import json
import re

import sklearn.metrics as m

CLASSES = """Metric Mean Sum MeanMetricWrapper MeanSquaredError RootMeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError
MeanSquaredLogarithmicError CosineSimilarity LogCoshError R2Score AUC FalseNegatives FalsePositives Precision PrecisionAtRecall Recall
RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity TrueNegatives TruePositives Hinge SquaredHinge CategoricalHinge
KLDivergence Poisson BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy Accuracy BinaryAccuracy
CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy SparseTopKCategoricalAccuracy F1Score FBetaScore IoU BinaryIoU
MeanIoU OneHotIoU OneHotMeanIoU ConcordanceCorrelation PearsonCorrelation""".split()
FUNCTIONS = """binary_crossentropy binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy categorical_hinge hinge
huber kl_divergence log_cosh mean_absolute_error mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error poisson
sparse_categorical_crossentropy squared_hinge binary_accuracy categorical_accuracy sparse_categorical_accuracy
sparse_top_k_categorical_accuracy top_k_categorical_accuracy concordance_correlation pearson_correlation""".split()
ABBREVIATIONS = "bce BCE mse MSE mae MAE mape MAPE msle MSLE acc accuracy".split()


def snake(name):
    """keras.src.utils.naming.to_snake_case"""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


keras = {*CLASSES, *FUNCTIONS, *map(snake, CLASSES), *ABBREVIATIONS}
functions = [name for name in m.__all__ if name != "cluster"]  # a module
print(json.dumps({"sklearn": functions, "scorers": m.get_scorer_names(), "keras": sorted(keras)}, indent=2))
