"""Scales of inputs that probes put before a learner: scikit-learn transformers of columns and of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array
from spoton.learners import PointFeatures

SAME = 0.98  # share of rows with one value from which on a column hardly varies
JITTER = 1e-4  # sd as a share of the mean below which it does not either
WIDEST = 10.0  # standard deviations from the smallest to the largest value of a floored column
SPAN = 20.0  # the 99th percentile over the median from which on a column spans orders of magnitude


def numbers_of(X: Any) -> Array:
    """(n, D) float64: the columns of a table, the pixels of images."""
    found: Array = PointFeatures(("pix",)).fit_transform(X)
    return found


def near_constant(X: Array) -> Array:
    """(D,) which columns vary, and hardly: nearly all rows have one value, or all are nearly the same."""
    sd = X.std(axis=0)
    same = (np.median(X, axis=0) == X).mean(axis=0) >= SAME
    found: Array = (sd > 0) & (same | (sd < JITTER * np.abs(X.mean(axis=0))))
    return found


def spanning(X: Array) -> Array:
    """(D,) which columns span orders of magnitude: their 99th percentile is far above their median, by size."""
    size = np.abs(X)
    middle = np.median(size, axis=0)
    found: Array = (middle > 0) & (np.quantile(size, 0.99, axis=0) > SPAN * middle)
    return found


class Floored(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardises columns, and divides those that hardly vary by a tenth of their range at least.

    A pixel that is ink in one image of five hundred has a standard deviation of 0.04: standardised, that image is 22
    of them from the rest. Columns that vary are standardised as ever.

    Attributes:
        mean_, scale_: (D,).
    """

    def fit(self, X: Any, y: Any = None) -> Floored:
        """Mean and scale of each column."""
        numbers = numbers_of(X)
        self.n_features_in_ = numbers.shape[1]
        self.mean_ = numbers.mean(axis=0)
        sd = numbers.std(axis=0)
        floor = np.maximum(np.ptp(numbers, axis=0) / WIDEST, JITTER * np.abs(self.mean_))
        scale = np.where(near_constant(numbers), np.maximum(sd, floor), sd)
        self.scale_ = np.where(scale > 0, scale, 1.0)
        return self

    def transform(self, X: Any) -> Array:
        """(n, D)."""
        check_is_fitted(self, "scale_")
        found: Array = (numbers_of(X) - self.mean_) / self.scale_
        return found


class Logged(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Takes logarithms of the columns that span orders of magnitude: sign(x) log(1 + |x| / median |x|).

    Attributes:
        middles_: (D,) the median size of those columns, NaN for the others.
    """

    def fit(self, X: Any, y: Any = None) -> Logged:
        """Which columns, and their medians."""
        numbers = numbers_of(X)
        self.n_features_in_ = numbers.shape[1]
        self.middles_ = np.where(spanning(numbers), np.median(np.abs(numbers), axis=0), np.nan)
        return self

    def transform(self, X: Any) -> Array:
        """(n, D)."""
        check_is_fitted(self, "middles_")
        numbers = numbers_of(X)
        logged = np.sign(numbers) * np.log1p(np.abs(numbers) / self.middles_)
        found: Array = np.where(np.isnan(self.middles_), numbers, logged)
        return found


class Pixels(TransformerMixin, BaseEstimator):
    """Brings the values of images, or of any array, to a standard deviation of 1 around 0, with one mean and one sd.

    Attributes:
        mean_, scale_: of all values.
    """

    def fit(self, X: Any, y: Any = None) -> Pixels:
        """Mean and scale of all values."""
        values = np.asarray(X, dtype=np.float64)
        self.mean_, self.scale_ = float(values.mean()), float(values.std()) or 1.0
        return self

    def transform(self, X: Any) -> Array:
        """The same shape, float32."""
        check_is_fitted(self, "scale_")
        found: Array = ((np.asarray(X, dtype=np.float64) - self.mean_) / self.scale_).astype(np.float32)
        return found
