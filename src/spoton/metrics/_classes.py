"""Accuracy, for tasks whose answer is a class."""

from __future__ import annotations

from sklearn.metrics import accuracy_score

from spoton.data import Array
from spoton.metrics._metric import Metric


def _accuracy(actual: Array, predicted: Array) -> float:
    return float(accuracy_score(actual.ravel().astype(int), predicted.ravel().round().astype(int)))


ACCURACY = Metric("accuracy", _accuracy, "1", True, "share of classes named right", "class")
