"""Errors of scaled answers in original units: the closed form against the direct calculation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from spoton.errors import DataError, UsageError
from spoton.scaling import TargetScaler, affine_of, mse_in_units

AFFINE = [
    *(TargetScaler(kind) for kind in ("standard", "min-max", "robust")),
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    MinMaxScaler((-1, 3)),
    RobustScaler(quantile_range=(10, 90)),
    RobustScaler(with_centering=False, with_scaling=False),
    MaxAbsScaler(),
]


@pytest.mark.parametrize("scaler", AFFINE, ids=repr)
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_the_closed_form_is_the_direct_calculation(
    scaler: TargetScaler, seed: int, offset: float, spread: float
) -> None:
    rng = np.random.RandomState(seed)
    y = rng.normal(size=(30, 3)) * spread * [1, 10, 0.1] + offset
    z = scaler.fit_transform(y)
    z_predicted = z + rng.normal(size=z.shape) * 0.1
    predicted = scaler.inverse_transform(z_predicted)
    scaled = mean_squared_error(z, z_predicted, multioutput="raw_values")
    direct = mean_squared_error(y, predicted, multioutput="raw_values")
    assert np.allclose(mse_in_units(scaled, scaler), direct, rtol=1e-6)
    assert mse_in_units(scaled, scaler).mean() == pytest.approx(mean_squared_error(y, predicted), rel=1e-6)
    # R2 is the same number in both
    for average in ("raw_values", "uniform_average"):
        found, expected = (r2_score(*pair, multioutput=average) for pair in ((z, z_predicted), (y, predicted)))
        assert np.allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("scaler", AFFINE, ids=repr)
def test_scale_and_offset_are_those_of_the_scaler(scaler: TargetScaler) -> None:
    y = np.random.RandomState(0).normal(size=(30, 2)) * [3, 40] + [-7, 1000]
    scale, offset = affine_of(scaler.fit(y))
    z = np.random.RandomState(1).normal(size=(5, 2))
    assert np.allclose(z * scale + offset, scaler.inverse_transform(z), rtol=1e-12)


def test_values_worked_out_by_hand() -> None:
    assert mse_in_units(0.25, 4) == 4
    assert isinstance(mse_in_units(0.25, [4.0]), float)
    assert mse_in_units(0.25, [4.0, 4.0]) == 4  # equal scales: the mean is enough
    assert mse_in_units([0.25, 1.0], [4.0, 2.0]).tolist() == [4, 4]
    assert mse_in_units([0.25, 1.0], 2.0).tolist() == [1, 4]
    assert mse_in_units(0.25, StandardScaler().fit([[0.0], [4.0]])) == 1


def test_a_mean_over_outputs_of_different_scales_is_refused() -> None:
    """Two errors with one mean in scaled units, and two means in original ones: no formula can know which."""
    scale = [1.0, 10.0]
    one, other = mse_in_units([0.0, 1.0], scale).mean(), mse_in_units([1.0, 0.0], scale).mean()
    assert (one, other) == (50, 0.5)
    with pytest.raises(UsageError, match="one mse over 2 outputs of different scales cannot be brought back"):
        mse_in_units(0.5, scale)


@pytest.mark.parametrize("kind", ["quantile", "box-cox", "yeo-johnson"])
def test_curves_are_refused_with_the_reason(kind: str) -> None:
    scaler = TargetScaler(kind).fit(np.arange(1.0, 20.0) ** 2)
    with pytest.raises(UsageError, match=rf"TargetScaler\('{kind}'\) is not affine: it stretches some answers more"):
        mse_in_units(0.1, scaler)


def test_wrong_values_say_so() -> None:
    with pytest.raises(DataError, match="an mse is 0 or more"):
        mse_in_units(-1.0, 2.0)
    with pytest.raises(DataError, match="an mse is 0 or more"):
        mse_in_units(float("nan"), 2.0)
    with pytest.raises(DataError, match="there are 3 values of the mse and 2 scales"):
        mse_in_units([1.0, 1.0, 1.0], [2.0, 3.0])
    with pytest.raises(UsageError, match="clip=True has no one scale"):
        affine_of(MinMaxScaler(clip=True).fit([[0.0], [4.0]]))
    with pytest.raises(UsageError, match="a fitted scaler is expected, not 3"):
        affine_of(3)
    with pytest.raises(NotFittedError):
        affine_of(TargetScaler())
