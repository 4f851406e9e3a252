"""Oracles: the exact rule as an estimator. They mark the upper end of the scale in every table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
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
        self.model_ = LinearRegression().fit(X[list(self.columns)], y)
        self.coef_, self.intercept_ = self.model_.coef_, self.model_.intercept_
        return self

    def predict(self, X: Any) -> Array:
        """Predictions in the shape of the training targets."""
        check_is_fitted(self, "model_")
        predicted: Array = self.model_.predict(X[list(self.columns)])
        return predicted
