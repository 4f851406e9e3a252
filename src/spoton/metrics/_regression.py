"""mse, mae and r2: scikit-learn's own, averaged over outputs."""

from __future__ import annotations

from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from spoton.data import Array
from spoton.metrics._metric import Metric


def _r2(actual: Array, predicted: Array) -> float:
    """R2 of each output, averaged; not symmetric in its arguments. NaN for fewer than two rows."""
    return float(r2_score(actual, predicted)) if len(actual) > 1 else float("nan")


def _mse(actual: Array, predicted: Array) -> float:
    return float(mean_squared_error(actual, predicted))


def _mae(actual: Array, predicted: Array) -> float:
    return float(mean_absolute_error(actual, predicted))


R2 = Metric("r2", _r2, "1", True, "share of variance explained, averaged over outputs", each=True)
MSE = Metric("mse", _mse, "target^2", False, "mean squared error over all outputs", each=True)
MAE = Metric("mae", _mae, "target", False, "mean absolute error over all outputs", each=True)
