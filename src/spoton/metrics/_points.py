"""Distances between predicted and actual points, and hits. Points are (n, P, 2) in pixels.

`dist_r2` and `sqdist_r2` are those of 2020: one minus the sum of (squared) distances over the same sum for the mean
point. `sqdist_r2` pools the outputs, so it is not the `r2` that averages them.
"""

from __future__ import annotations

import numpy as np

from spoton.data import Array
from spoton.metrics._metric import Metric


def distances(actual: Array, predicted: Array) -> Array:
    """Euclidean distance of each point, (n, P)."""
    found: Array = np.hypot(predicted[..., 0] - actual[..., 0], predicted[..., 1] - actual[..., 1])
    return found


def _from_mean(actual: Array) -> Array:
    return distances(actual, np.broadcast_to(actual.mean(axis=0, keepdims=True), actual.shape))


def _share(error: float, baseline: float) -> float:
    """1 - error / baseline; like scikit-learn's r2, 1 or 0 where all actual points are one."""
    if baseline == 0:
        return 1.0 if error == 0 else 0.0
    return 1.0 - error / baseline


def _dist_avg(actual: Array, predicted: Array) -> float:
    return float(distances(actual, predicted).mean())


def _dist_r2(actual: Array, predicted: Array) -> float:
    return _share(float(distances(actual, predicted).sum()), float(_from_mean(actual).sum()))


def _sqdist_avg(actual: Array, predicted: Array) -> float:
    return float((distances(actual, predicted) ** 2).mean())


def _sqdist_r2(actual: Array, predicted: Array) -> float:
    return _share(float((distances(actual, predicted) ** 2).sum()), float((_from_mean(actual) ** 2).sum()))


def _round(values: Array) -> Array:
    """To the nearest whole number, halves up (NumPy's own rounding sends 0.5 to 0 and 1.5 to 2)."""
    rounded: Array = np.floor(values + 0.5)
    return rounded


def _hit(actual: Array, predicted: Array) -> float:
    return float((_round(actual) == _round(predicted)).all(axis=1).mean())


def _hit1(actual: Array, predicted: Array) -> float:
    return float((distances(actual, predicted) <= 1.0).all(axis=1).mean())


DIST_AVG = Metric("dist_avg", _dist_avg, "px", False, "mean distance between predicted and actual point", "points")
DIST_R2 = Metric("dist_r2", _dist_r2, "1", True, "1 - sum of distances / the same for the mean point", "points")
SQDIST_AVG = Metric("sqdist_avg", _sqdist_avg, "px^2", False, "mean squared distance (2 mse for one point)", "points")
SQDIST_R2 = Metric("sqdist_r2", _sqdist_r2, "1", True, "1 - sum of squared distances / the same for the mean", "points")
HIT = Metric("hit", _hit, "1", True, "share of rows with every coordinate exact after rounding", "whole")
HIT1 = Metric("hit1", _hit1, "1", True, "share of rows with every point within 1 px", "points")
