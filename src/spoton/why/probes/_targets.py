"""Answers as a learner is trained on them: transformers for scikit-learn's TransformedTargetRegressor."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array


class OneScale(TransformerMixin, BaseEstimator):
    """Centres each answer and divides all by one number, so that a squared loss weighs them as in their own units.

    Attributes:
        mean_: (K,). scale_: the root of the mean variance.
    """

    def fit(self, y: Any, _: Any = None) -> OneScale:
        """Means, and the number."""
        answers = np.asarray(y, dtype=np.float64)
        self.mean_ = answers.mean(axis=0)
        self.scale_ = float(np.sqrt(answers.var(axis=0).mean())) or 1.0
        return self

    def transform(self, y: Any) -> Array:
        """(n, K)."""
        check_is_fitted(self, "scale_")
        found: Array = (np.asarray(y, dtype=np.float64) - self.mean_) / self.scale_
        return found

    def inverse_transform(self, y: Any) -> Array:
        """(n, K) in the answers' units."""
        found: Array = np.asarray(y, dtype=np.float64) * self.scale_ + self.mean_
        return found


class ClippedTargets(TransformerMixin, BaseEstimator):
    """Pulls answers far from the median in to a limit. Predictions stay as they are.

    Args:
        reach: the limit in robust standard deviations (1.4826 times the median distance from the median).

    Attributes:
        low_, high_: (K,) the limits; infinite where the robust standard deviation is 0.
    """

    def __init__(self, reach: float = 6.0) -> None:
        self.reach = reach

    def fit(self, y: Any, _: Any = None) -> ClippedTargets:
        """The limits."""
        answers = np.asarray(y, dtype=np.float64)
        middle = np.median(answers, axis=0)
        spread = 1.4826 * np.median(np.abs(answers - middle), axis=0)
        reach = np.where(spread > 0, self.reach * spread, np.inf)
        self.low_, self.high_ = middle - reach, middle + reach
        return self

    def transform(self, y: Any) -> Array:
        """(n, K)."""
        check_is_fitted(self, "low_")
        found: Array = np.clip(np.asarray(y, dtype=np.float64), self.low_, self.high_)
        return found

    def inverse_transform(self, y: Any) -> Array:
        """As they are."""
        return np.asarray(y, dtype=np.float64)
