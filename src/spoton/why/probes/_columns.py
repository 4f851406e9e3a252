"""Other columns before a learner: fewer, more, and in another order. scikit-learn transformers of tables."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array
from spoton.learners import SpotTable
from spoton.why.probes._steps import numbers_of


class SparseColumns(SelectorMixin, BaseEstimator):
    """Keeps the columns that the sparse linear path of `SpotTable` uses; all of them where it finds none.

    Args:
        random_state: of the path.
    """

    def __init__(self, random_state: int | np.random.RandomState | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SparseColumns:
        """Find them."""
        path = SpotTable(members=0, polish=False, random_state=self.random_state).fit(X, y)
        self.n_features_in_ = np.shape(X)[1]
        self.mask_ = path.support_ if path.support_.any() else np.ones(self.n_features_in_, dtype=bool)
        return self

    def _get_support_mask(self) -> Array:
        check_is_fitted(self, "mask_")
        mask: Array = self.mask_
        return mask


class RandomColumns(TransformerMixin, BaseEstimator):
    """Adds columns of normal noise, as large as the columns that are there.

    Args:
        count: how many.
    """

    def __init__(self, count: int = 10) -> None:
        self.count = count

    def fit(self, X: Any, y: Any = None) -> RandomColumns:
        """The columns' size."""
        sd = numbers_of(X).std(axis=0)
        self.size_ = float(np.median(sd[sd > 0])) if (sd > 0).any() else 1.0
        return self

    def transform(self, X: Any) -> Array:
        """(n, D + count); the same rows get the same noise."""
        check_is_fitted(self, "size_")
        numbers = numbers_of(X)
        noise = np.random.RandomState(zlib.crc32(np.ascontiguousarray(numbers).tobytes()))
        found: Array = np.hstack([numbers, self.size_ * noise.normal(size=(len(numbers), self.count))])
        return found


class Reordered(TransformerMixin, BaseEstimator):
    """The columns of a table in another order, always the same one."""

    def fit(self, X: Any, y: Any = None) -> Reordered:
        """Draw the order."""
        self.order_ = np.random.RandomState(0).permutation(np.shape(X)[1])
        return self

    def transform(self, X: Any) -> Any:
        """The same rows."""
        check_is_fitted(self, "order_")
        return X.iloc[:, self.order_] if hasattr(X, "iloc") else np.asarray(X)[:, self.order_]
