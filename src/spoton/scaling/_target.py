"""`TargetScaler`: answers to numbers that a learner likes, and back, by scikit-learn's transformers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from spoton import catalogue
from spoton.data import Array
from spoton.errors import DataError, Refused

# kind -> what becomes of the training answers
KINDS = {
    "standard": "mean 0 and sd 1",
    "min-max": "smallest 0, largest 1",
    "robust": "median 0, quartiles 1 apart: outliers do not count",
    "quantile": "normally distributed, by their ranks",
    "box-cox": "a power that makes them most normal; answers above 0 only",
    "yeo-johnson": "the same for answers of any sign",
}
AFFINE = ("standard", "min-max", "robust")
DIGITS = 1e-6  # share of the range that an answer may be off after it went there and back
QUANTILES = 1000  # scikit-learn's own number, where there are so many rows


class TargetScaler(TransformerMixin, BaseEstimator):
    """Scales answers: a scikit-learn transformer for `TransformedTargetRegressor`, which fits it on the training side.

    ==============  ==================================  =====================================================
    kind            z                                   scikit-learn's
    ==============  ==================================  =====================================================
    `standard`      (y - mean) / sd                     StandardScaler
    `min-max`       (y - min) / (max - min)             MinMaxScaler
    `robust`        (y - median) / (third - first       RobustScaler
                    quartile)
    `quantile`      the normal quantile of the rank     QuantileTransformer(output_distribution="normal")
    `box-cox`       (y^a - 1) / a, then `standard`      PowerTransformer; a by maximum likelihood
    `yeo-johnson`   the same with 1 + abs(y), each      PowerTransformer
                    sign by itself
    ==============  ==================================  =====================================================

    Outputs are scaled each by itself. A constant output becomes 0 and comes back as it was.

    Args:
        kind: one of `KINDS`.

    Fitted: `transformer_` (scikit-learn's), `n_outputs_`, `lowest_` and `highest_` (k,).

    Limits: the first three are affine: a net may predict beyond the training answers, `Denorm` takes them over and
    `mse_in_units` converts their errors. The others are curves. `quantile` comes back to the training answers' range
    and no farther, and sends the smallest and the largest answer to -5.2 and 5.2. `box-cox` and `yeo-johnson` blow up
    far away, or end, so that what comes back is held to the training answers' range, widened by that range on both
    sides (for `box-cox` 0 at the lowest). `robust` leaves the unit of an output as it is, where half of its answers are
    equal. The mean of z is not the mean of y behind a curve: a net that is trained on the mean squared error of z
    predicts something near the median of y.

    Example:
        >>> import numpy as np
        >>> scaler = TargetScaler("min-max").fit(np.array([2.0, 4.0, 6.0]))
        >>> scaler.transform(np.array([3.0])), scaler.inverse_transform(np.array([1.5]))
        (array([0.25]), array([8.]))
    """

    def __init__(self, kind: str = "standard") -> None:
        self.kind = kind

    def fit(self, y: Any, _: Any = None) -> TargetScaler:
        """Learn the scale.

        Args:
            y: training answers (n,) or (n, k).

        Raises:
            UsageError: an unknown kind.
            DataError: no rows, no numbers, or numbers that are not finite.
            Refused: `box-cox` and answers of 0 or less, or a curve that would lose the answers' digits.
        """
        if self.kind not in KINDS:
            raise catalogue.unknown("kind of TargetScaler", str(self.kind), KINDS)
        rows = _columns(y)
        if not rows.size:
            raise DataError(f"a scale is fitted to one answer or more, these have shape {rows.shape}")
        self.n_outputs_ = rows.shape[1]
        self.lowest_, self.highest_ = rows.min(axis=0), rows.max(axis=0)
        if self.kind == "box-cox" and (self.lowest_ <= 0).any():
            raise Refused(
                f"box-cox takes answers above 0, and the smallest is {self.lowest_.min():g}; take yeo-johnson"
            )
        self.transformer_ = self._make(len(rows))
        with _quiet():
            # of a single row a second one, since no curve is fitted to one
            self.transformer_.fit(self._bent(rows if len(rows) > 1 else rows.repeat(2, axis=0)))
        if self.kind in ("box-cox", "yeo-johnson"):
            # of answers far from 0 for their spread the best power may run away, and make all of them one number
            scaled = self.transform(rows)
            back = self.inverse_transform(np.nan_to_num(scaled))
            lost = np.abs(back - rows).max(axis=0) > DIGITS * (self.highest_ - self.lowest_)
            if lost.any() or not np.isfinite(scaled).all():
                raise Refused(
                    f"{self.kind} would lose digits of these answers, which lie far from 0 for their spread or have "
                    "outliers; take standard or robust"
                )
        return self

    def transform(self, y: Any) -> Array:
        """Answers to scaled ones, in their shape.

        Raises:
            DataError: another number of outputs than in the fit, or what is no finite number; `box-cox`: 0 or less.
        """
        rows = self._checked(y)
        if self.kind == "box-cox" and (rows <= 0).any():
            raise DataError(f"box-cox takes answers above 0, and one is {rows.min():g}; take yeo-johnson")
        with _quiet():
            scaled = self.transformer_.transform(self._bent(rows))
        if self.kind not in AFFINE:
            scaled = np.where(self._flat(), rows - self.lowest_, scaled)
        return _shaped(scaled, y)

    def inverse_transform(self, z: Any) -> Array:
        """Scaled answers to answers in their own unit, in the shape they came in.

        Raises:
            DataError: another number of outputs than in the fit, or what is no finite number.
        """
        rows = self._checked(z)
        with _quiet():
            found: Array = self.transformer_.inverse_transform(rows)
        if self.kind in ("box-cox", "yeo-johnson"):
            reach = self.highest_ - self.lowest_
            low, high = self.lowest_ - reach, self.highest_ + reach
            low = np.maximum(low, 0) if self.kind == "box-cox" else low
            # beyond its end the inverse is no number: the end that z lies towards
            found = np.clip(np.where(np.isnan(found), np.where(rows > 0, high, low), found), low, high)
        if self.kind not in AFFINE:
            found = np.where(self._flat(), rows + self.lowest_, found)
        return _shaped(found, z)

    def _make(self, n: int) -> BaseEstimator:
        if self.kind == "standard":
            return StandardScaler()
        if self.kind == "min-max":
            return MinMaxScaler()
        if self.kind == "robust":
            return RobustScaler()
        if self.kind == "quantile":
            # all rows: a part would be drawn at random
            return QuantileTransformer(n_quantiles=min(QUANTILES, n), output_distribution="normal", subsample=None)
        return PowerTransformer(method=self.kind)

    def _flat(self) -> Array:
        """Which outputs are constant; curves cannot be fitted to those."""
        flat: Array = self.highest_ == self.lowest_
        return flat

    def _bent(self, rows: Array) -> Array:
        """What a curve is fitted to: a constant output is replaced by numbers that every kind can take."""
        if self.kind in AFFINE or not self._flat().any():
            return rows
        filler = np.linspace(1.0, 2.0, len(rows))[:, None]
        return np.where(self._flat(), filler, rows)

    def _checked(self, values: Any) -> Array:
        check_is_fitted(self, "transformer_")
        rows = _columns(values)
        if rows.shape[1] != self.n_outputs_:
            raise DataError(f"these answers have {rows.shape[1]} outputs, the scale was fitted on {self.n_outputs_}")
        return rows


@contextmanager
def _quiet() -> Iterator[None]:
    """Without NumPy's word on overflow: what left the finite numbers is seen to afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _columns(y: Any) -> Array:
    """(n,) or (n, k) as float64 (n, k)."""
    try:
        rows = np.array(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"answers to be scaled have to be numbers ({error})") from error
    if rows.ndim not in (1, 2):
        raise DataError(f"answers to be scaled have to be (n,) or (n, k), these have shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise DataError("answers to be scaled have to be finite, and some are NaN or infinite; leave those rows out")
    return rows[:, None] if rows.ndim == 1 else rows


def _shaped(rows: Array, like: Any) -> Array:
    return rows[:, 0] if np.ndim(like) == 1 else rows
