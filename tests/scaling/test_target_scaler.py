"""Scaled answers: exact values, the way back, and what cannot be scaled."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler

from spoton.errors import DataError, Refused, UsageError
from spoton.scaling import KINDS, TargetLimits, TargetScaler

Y = np.random.RandomState(0).gamma(2.0, size=(200, 2)) * [1, 50] + [0.1, 3]


@pytest.mark.parametrize(
    ("kind", "z"),
    [
        ("standard", [-2 / 8**0.5, 0, 0, 0, 2 / 8**0.5]),
        ("min-max", [0, 0.5, 0.5, 0.5, 1]),
        ("robust", [-2, 0, 0, 0, 2]),  # its quartiles are equal, so the unit stays
    ],
)
def test_affine_kinds_worked_out_by_hand(kind: str, z: list[float]) -> None:
    y = np.array([1.0, 3.0, 3.0, 3.0, 5.0])
    expected = np.array(z) if kind != "standard" else np.array([-2, 0, 0, 0, 2]) / np.sqrt(8 / 5)
    assert np.allclose(TargetScaler(kind).fit(y).transform(y), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        ("standard", StandardScaler()),
        ("robust", RobustScaler()),
        ("quantile", QuantileTransformer(n_quantiles=200, output_distribution="normal")),
        ("box-cox", PowerTransformer(method="box-cox")),
        ("yeo-johnson", PowerTransformer(method="yeo-johnson")),
    ],
)
def test_it_is_scikit_learn_s_bit_for_bit(kind: str, theirs: StandardScaler) -> None:
    assert np.array_equal(TargetScaler(kind).fit_transform(Y), theirs.fit_transform(Y))


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back_in_the_same_shape(kind: str) -> None:
    for y in (Y, Y[:, 0], Y.tolist()):
        scaler = TargetScaler(kind).fit(y)
        z = scaler.transform(y)
        assert z.shape == np.shape(y)
        assert np.allclose(scaler.inverse_transform(z), y, rtol=1e-9)
    assert clone(scaler).kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_order_is_kept_and_each_output_is_scaled_by_itself(kind: str) -> None:
    z = TargetScaler(kind).fit_transform(Y)
    for j in (0, 1):
        assert (np.diff(z[Y[:, j].argsort(), j]) >= 0).all()
        assert np.allclose(z[:, j], TargetScaler(kind).fit_transform(Y[:, j]), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_output_is_0_and_comes_back(kind: str) -> None:
    y = np.column_stack([Y[:, 0], np.full(len(Y), 0.1)])
    scaler = TargetScaler(kind).fit(y)
    assert np.abs(scaler.transform(y)[:, 1]).max() < 1e-15
    assert np.allclose(scaler.inverse_transform(scaler.transform(y)), y, rtol=1e-9)
    one = TargetScaler(kind).fit([4.0])
    assert one.inverse_transform(one.transform([4.0])).tolist() == [4]


@pytest.mark.parametrize("kind", KINDS)
def test_far_away_it_stays_finite_and_in_order(kind: str) -> None:
    scaler = TargetScaler(kind).fit(Y)
    z = np.array([-1e6, -30, -3, 0, 3, 30, 1e6])
    far = scaler.inverse_transform(np.column_stack([z, z]))
    assert np.isfinite(far).all()
    assert (np.diff(far, axis=0) >= 0).all()
    lo, hi = Y.min(axis=0), Y.max(axis=0)
    if kind in ("box-cox", "yeo-johnson"):
        assert np.allclose(far[-1], 2 * hi - lo)
        assert np.allclose(far[0], np.maximum(2 * lo - hi, 0) if kind == "box-cox" else 2 * lo - hi)
    if kind == "quantile":
        assert np.allclose([far[0], far[-1]], [lo, hi])


columns = st.integers(2, 40).flatmap(
    lambda n: hnp.arrays(np.float64, n, elements=st.floats(-1e4, 1e4, allow_subnormal=False).map(lambda v: round(v, 3)))
)


@settings(max_examples=40, deadline=None)
@given(columns, st.sampled_from(list(KINDS)))
def test_any_answers_come_back_or_are_refused(y: np.ndarray, kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy says so where a power has no best value
        try:
            scaler = TargetScaler(kind).fit(y)
        except Refused:
            assert kind in ("box-cox", "yeo-johnson")
            return
    assert np.allclose(scaler.inverse_transform(scaler.transform(y)), y, rtol=1e-6, atol=1e-6 * max(np.ptp(y), 1e-9))


@pytest.mark.parametrize(
    ("kind", "y", "error", "words"),
    [
        ("box-cox", [1.0, 0.0], Refused, "box-cox takes answers above 0, and the smallest is 0; take yeo-johnson"),
        ("yeo-johnson", 2000 + np.random.RandomState(0).exponential(size=99), Refused, "would lose digits of these"),
        ("box-cox", 1e4 + np.random.RandomState(0).normal(size=80) * 42, Refused, "would lose digits of these"),
        ("box-cox", 2000 + np.random.RandomState(0).exponential(size=99), Refused, "take standard or robust"),
        ("standard", [1.0, np.nan], DataError, "have to be finite, and some are NaN or infinite"),
        ("standard", ["a"], DataError, "have to be numbers"),
        ("standard", np.zeros((2, 2, 2)), DataError, r"\(n,\) or \(n, k\), these have shape \(2, 2, 2\)"),
        ("standard", [], DataError, r"one answer or more, these have shape \(0, 1\)"),
        ("standart", [1.0], UsageError, "no kind of TargetScaler is called 'standart'; did you mean standard"),
    ],
)
def test_what_cannot_be_scaled_says_so(kind: str, y: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        TargetScaler(kind).fit(y)


def test_other_answers_than_in_the_fit() -> None:
    with pytest.raises(DataError, match="these answers have 1 outputs, the scale was fitted on 2"):
        TargetScaler().fit(Y).transform(Y[:, 0])
    with pytest.raises(DataError, match="box-cox takes answers above 0, and one is -1"):
        TargetScaler("box-cox").fit(Y[:, 0]).transform([2.0, -1.0])


@pytest.mark.parametrize("kind", KINDS)
def test_in_scikit_learn_s_wrapper(kind: str) -> None:
    """It warns where a transformer does not come back, and its statistics are of the rows of the fit alone."""
    X = np.random.RandomState(1).normal(size=(200, 3))
    for y in (Y, Y[:, 0]):
        model = TransformedTargetRegressor(LinearRegression(), transformer=TargetScaler(kind)).fit(X[:100], y[:100])
        assert model.predict(X).shape == y.shape
        assert model.transformer_.highest_ == pytest.approx(y[:100].max(axis=0))


def test_limits_cut_predictions_off_and_leave_training_answers() -> None:
    for y in (Y, Y[:, 0]):
        limits = TargetLimits("samples:0.5").fit(y)
        assert np.array_equal(limits.transform(y), y)
        assert np.array_equal(limits.inverse_transform(y), y)
        reach = np.ptp(y, axis=0)
        far = limits.inverse_transform(np.stack([y[0] - 1e6, y[0] + 1e6]))
        assert np.allclose(far, [y.min(axis=0) - reach / 2, y.max(axis=0) + reach / 2])
    assert TargetLimits("none").fit(Y).inverse_transform([1e9]).tolist() == [1e9]
