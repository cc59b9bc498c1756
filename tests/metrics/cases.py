"""Metrics with the inputs they want; inputs of the losses' kinds come from `tests.losses.cases`."""

import numpy as np

from tests.losses import cases as losses

# name, arguments, kind of inputs, whether it takes weights of the shape of the values
CASES = [
    ("Accuracy", {}, "numbers"),
    ("BinaryAccuracy", {"threshold": 0.4}, "labels"),
    ("CategoricalAccuracy", {}, "one-hot"),
    ("SparseCategoricalAccuracy", {}, "classes"),
    ("TopKCategoricalAccuracy", {"k": 2}, "one-hot"),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, "classes"),
    ("MeanSquaredError", {}, "same"),
    ("RootMeanSquaredError", {}, "same"),
    ("MeanAbsoluteError", {}, "same"),
    ("MeanAbsolutePercentageError", {}, "same"),
    ("MeanSquaredLogarithmicError", {}, "same"),
    ("CosineSimilarity", {}, "same"),
    ("LogCoshError", {}, "same"),
    ("Hinge", {}, "signs"),
    ("SquaredHinge", {}, "signs"),
    ("CategoricalHinge", {}, "one-hot"),
    ("KLDivergence", {}, "distribution"),
    ("Poisson", {}, "positive"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "logits"),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, "one-hot"),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2}, "classes"),
    ("PearsonCorrelation", {}, "same"),
    ("ConcordanceCorrelation", {}, "same"),
    ("TruePositives", {}, "labels"),
    ("TrueNegatives", {"thresholds": 0.3}, "labels"),
    ("FalsePositives", {"thresholds": [0.7, 0.2, 0.5]}, "labels"),
    ("FalseNegatives", {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}, "labels"),
    ("Precision", {}, "labels"),
    ("Precision", {"thresholds": [0.3, 0.6]}, "labels"),
    ("Precision", {"top_k": 2}, "one-hot"),
    ("Precision", {"class_id": 1}, "labels"),
    ("Precision", {"top_k": 3, "class_id": 2}, "one-hot"),
    ("Recall", {}, "labels"),
    ("Recall", {"thresholds": [0.9, 0.6], "class_id": 0}, "labels"),
    ("Recall", {"top_k": 2}, "one-hot"),
    ("SensitivityAtSpecificity", {"specificity": 0.6}, "labels"),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6, "num_thresholds": 11}, "labels"),
    ("PrecisionAtRecall", {"recall": 0.4, "class_id": 3}, "labels"),
    ("RecallAtPrecision", {"precision": 0.4, "num_thresholds": 1}, "labels"),
    ("AUC", {}, "labels"),
    ("AUC", {"num_thresholds": 7}, "rounded"),
    ("AUC", {"curve": "PR"}, "labels"),
    ("AUC", {"curve": "PR", "summation_method": "minoring"}, "labels"),
    ("AUC", {"curve": "ROC", "summation_method": "majoring"}, "labels"),
    ("AUC", {"curve": "PRGAIN"}, "labels"),
    ("AUC", {"thresholds": [0.7, 0.2, 0.4]}, "labels"),
    ("AUC", {"from_logits": True}, "logits"),
    ("AUC", {"multi_label": True}, "labels"),
    ("AUC", {"multi_label": True, "curve": "PR", "label_weights": [1, 2, 3, 4, 5.0]}, "labels"),
    ("AUC", {"multi_label": True, "num_labels": 5, "thresholds": [0.1, 0.5]}, "labels"),
    ("AUC", {"label_weights": [1.0, 0.5, 2.0, 0.0, 1.0]}, "labels"),
    ("FBetaScore", {"beta": 2.0}, "one-hot"),
    ("FBetaScore", {"beta": 0.5, "threshold": 0.5, "average": "weighted"}, "labels"),
    ("F1Score", {}, "one-hot"),
    ("F1Score", {"average": "macro", "threshold": 0.4}, "labels"),
    ("F1Score", {"average": "micro"}, "one-hot"),
    ("IoU", {"num_classes": 5, "target_class_ids": [0, 3]}, "numbers"),
    ("MeanIoU", {"num_classes": 5}, "numbers"),
    ("MeanIoU", {"num_classes": 4, "ignore_class": 1}, "numbers"),
    ("MeanIoU", {"num_classes": 5, "sparse_y_pred": False}, "classes"),
    ("BinaryIoU", {"threshold": 0.6, "target_class_ids": [1]}, "labels"),
    ("OneHotIoU", {"num_classes": 5, "target_class_ids": [1, 2]}, "one-hot"),
    ("OneHotMeanIoU", {"num_classes": 5}, "one-hot"),
    ("R2Score", {}, "same"),
    ("R2Score", {"class_aggregation": None, "num_regressors": 2}, "same"),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, "same"),
]
IDS = [f"{name}-{'-'.join(map(str, config.values()))}" for name, config, _ in CASES]


def inputs(kind, rng, shape=(6,)):
    if kind == "numbers":
        return rng.integers(0, 5, shape), rng.integers(0, 5, shape)
    if kind == "rounded":  # predictions that meet thresholds
        y, p = losses.inputs("labels", rng, shape)
        return y, (np.round(p * 6) / 6).astype(np.float32)
    return losses.inputs(kind, rng, shape)
