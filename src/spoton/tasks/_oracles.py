"""Oracles: the exact rule as an estimator. They mark the upper end of the scale in every table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array, as_input


class RuleOracle(RegressorMixin, BaseEstimator):
    """Predicts by a rule; `fit` learns nothing.

    Args:
        rule: inputs -> (n, k) answers; with `uses_labels`, (inputs, labels) -> answers.
        uses_labels: whether the rule needs the labels; the bench then hands them over.
    """

    def __init__(self, rule: Callable[..., Any], uses_labels: bool = False) -> None:
        self.rule = rule
        self.uses_labels = uses_labels

    def fit(self, X: Any, y: Any = None, labels: Any = None) -> RuleOracle:
        """Nothing to learn."""
        return self

    def predict(self, X: Any, labels: Any = None) -> Array:
        """The rule's answers, (n, k)."""
        X = as_input(X)
        return np.asarray(self.rule(X, labels) if self.uses_labels else self.rule(X), dtype=np.float64)


class ColumnsOracle(RegressorMixin, BaseEstimator):
    """Least squares on the columns that decide y, and no others.

    Args:
        columns: their names.
    """

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self.columns = columns

    def fit(self, X: Any, y: Any) -> ColumnsOracle:
        """Least squares on the chosen columns of the DataFrame `X`."""
        chosen, y = X[list(self.columns)].to_numpy(dtype=np.float64), np.asarray(y, dtype=np.float64)
        self.mean_, self.y_mean_, size = chosen.mean(axis=0), y.mean(axis=0), chosen.std(axis=0)
        # columns of one size: units that nobody would choose are no reason to be inexact. Not LinearRegression, which
        # leaves out what is smaller than a millionth of the largest axis
        self.size_ = np.where(size > 0, size, 1.0)
        self.weights_ = np.linalg.lstsq((chosen - self.mean_) / self.size_, y - self.y_mean_)[0]
        self.coef_ = self.weights_.T / self.size_
        self.intercept_ = self.y_mean_ - self.coef_ @ self.mean_
        self.support_ = np.array(self.columns, dtype=object)  # what the coefficients are of
        return self

    def predict(self, X: Any) -> Array:
        """Predictions in the shape of the training targets."""
        check_is_fitted(self, "weights_")
        chosen = X[list(self.columns)].to_numpy(dtype=np.float64)
        predicted: Array = (chosen - self.mean_) / self.size_ @ self.weights_ + self.y_mean_
        return predicted
