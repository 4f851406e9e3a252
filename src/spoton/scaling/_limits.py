"""`TargetLimits`: holds the answers of any learner to limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array
from spoton.scaling._range import y_range_of


class TargetLimits(TransformerMixin, BaseEstimator):
    """Cuts predictions off at limits: what `y_range` is to learners that have no sigmoid head.

    A transformer for `TransformedTargetRegressor`: training answers pass as they are, predictions beyond the limits
    become the limit.

    Args:
        y_range: `samples`, `samples:MARGIN`, `auto`, `extremes`, `none` or (lo, hi): see `y_range_of`.

    Fitted: `limits_`, (lo, hi) with (k,) each, or None.

    Example:
        >>> import numpy as np
        >>> TargetLimits("samples:0.5").fit(np.array([2.0, 4.0])).inverse_transform(np.array([0.0, 3.0, 9.0]))
        array([1., 3., 5.])
    """

    def __init__(self, y_range: str | Sequence[Any] | None = "auto") -> None:
        self.y_range = y_range

    def fit(self, y: Any, _: Any = None) -> TargetLimits:
        """Learn the limits from training answers (n,) or (n, k).

        Raises:
            UsageError: an unknown word, or limits that are not in order.
        """
        y = np.asarray(y, dtype=np.float64)
        self.limits_ = y_range_of(self.y_range, y.reshape(len(y), -1))
        return self

    def transform(self, y: Any) -> Array:
        """Answers as they are."""
        return np.array(y, dtype=np.float64)

    def inverse_transform(self, y: Any) -> Array:
        """Predictions, held to the limits."""
        check_is_fitted(self, "limits_")
        predicted = np.array(y, dtype=np.float64)
        if self.limits_ is None:
            return predicted
        held: Array = np.clip(predicted.reshape(len(predicted), -1), *self.limits_).reshape(predicted.shape)
        return held
