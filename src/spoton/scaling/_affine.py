"""Scalings y = scale z + offset: their two numbers, and errors in scaled units brought back to original ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array
from spoton.errors import DataError, UsageError
from spoton.scaling._target import TargetScaler


def affine_of(scaler: Any) -> tuple[Array, Array]:
    """Scale and offset of a fitted scaler: y = scale * z + offset, each (k,) float64.

    `Denorm(*affine_of(scaler))` is the last layer of a net that was trained on scaled answers.

    Args:
        scaler: a fitted `TargetScaler`, or scikit-learn's StandardScaler, MinMaxScaler, RobustScaler or MaxAbsScaler.

    Raises:
        UsageError: a scaler that is a curve (`quantile`, `box-cox`, `yeo-johnson`), that clips, or that is unknown.
        NotFittedError: scikit-learn's, for a scaler that was not fitted.
    """
    if not hasattr(scaler, "fit"):
        raise UsageError(f"a fitted scaler is expected, not {scaler!r}; or give scale and offset themselves")
    check_is_fitted(scaler)
    name = type(scaler).__name__
    if isinstance(scaler, TargetScaler):
        name, scaler = f"TargetScaler('{scaler.kind}')", scaler.transformer_
    if isinstance(scaler, MinMaxScaler | MaxAbsScaler) and getattr(scaler, "clip", False):
        raise UsageError("a scaler with clip=True has no one scale: answers beyond its range are cut off")
    if isinstance(scaler, MinMaxScaler):  # z = y * scale_ + min_
        return 1 / scaler.scale_, -scaler.min_ / scaler.scale_
    if isinstance(scaler, StandardScaler):
        # it learns a mean that it does not use
        return _pair(scaler.scale_, scaler.mean_ if scaler.with_mean else None, scaler.n_features_in_)
    if isinstance(scaler, RobustScaler):
        return _pair(scaler.scale_, scaler.center_, scaler.n_features_in_)
    if isinstance(scaler, MaxAbsScaler):
        return _pair(scaler.scale_, None, scaler.n_features_in_)
    raise UsageError(
        f"{name} is not affine: it stretches some answers more than others, so that no one scale turns "
        "scaled numbers into original units; take standard, min-max or robust, or score what inverse_transform gives"
    )


def _pair(scale: Any, offset: Any, outputs: int) -> tuple[Array, Array]:
    """scikit-learn has None for a scale or an offset that was switched off."""
    one = np.ones(outputs) if scale is None else np.array(scale, dtype=np.float64)
    return one, np.zeros(outputs) if offset is None else np.array(offset, dtype=np.float64)


def mse_in_units(mse: Any, scale: Any) -> Any:
    """The mean squared error in original units, from that in scaled units: mse * scale^2 for each output.

    Proof. With y = s z + m and a prediction y' = s z' + m, the offset cancels: y - y' = s (z - z'). So
    mean (y - y')^2 = s^2 mean (z - z')^2. In the same way the error of the mean answer is s^2 times what it is in
    scaled units, and R2 = 1 - mse / (mse of the mean) is the same number in both.

    For k outputs mean over j of s_j^2 mse_j needs each mse_j: the mean of the mse_j alone does not give it, unless all
    s_j are equal. It is refused then; give the k values, and take the mean of what comes back.

    Args:
        mse: of scaled answers: (k,), one an output; or a number, for one output or for outputs of one scale.
        scale: a fitted scaler (see `affine_of`), or the scale s as a number or (k,).

    Returns:
        In original units, squared: (k,), or a float where `mse` is a number.

    Raises:
        UsageError: one number for outputs of different scales, or a scaler that is a curve. Then z - z' says nothing of
            y - y' without the place: the same error in z is a small one in y where the curve is steep, and a large
            one where it is flat.
        DataError: values that are negative or no numbers, or not one scale an output.

    Example:
        >>> import numpy as np
        >>> mse_in_units(np.array([0.5, 0.5]), [2.0, 10.0])
        array([ 2., 50.])
        >>> mse_in_units(0.5, 10.0)
        50.0
    """
    values = np.asarray(mse, dtype=np.float64)
    sizes = affine_of(scale)[0] if hasattr(scale, "fit") else np.asarray(scale, dtype=np.float64)
    if values.ndim > 1 or sizes.ndim > 1 or not (values >= 0).all() or not np.isfinite(sizes).all():
        raise DataError(
            f"an mse is 0 or more, as a number or one an output, and a scale is finite; these are {mse!r} and {sizes}"
        )
    if values.ndim == 1:
        if sizes.size not in (1, values.size):
            raise DataError(
                f"there are {values.size} values of the mse and {sizes.size} scales; give one each an output"
            )
        found: Array = values * np.square(sizes)
        return found
    first = sizes.flat[0]
    # equal in units too, but for rounding: such a mean is right to as many digits
    if not np.allclose(sizes, first, rtol=1e-12, atol=0):
        raise UsageError(
            f"one mse over {sizes.size} outputs of different scales cannot be brought back: mean of s_j^2 mse_j needs "
            "every mse_j; give the mse of each output, as in r2_score's multioutput='raw_values'"
        )
    return float(values * np.square(first))
