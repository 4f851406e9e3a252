from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_friedman1, make_regression
from sklearn.linear_model import LinearRegression

from spoton import evaluate
from spoton.tasks import get_task


def test_perfect_is_the_table_of_2020() -> None:
    data = get_task("columns/perfect").data()
    X, y = make_regression(n_samples=700, n_features=800, n_informative=60, noise=200.0, random_state=2020)
    assert data.X.shape == (700, 804)
    assert np.array_equal(data.X.iloc[:, :800], X)  # type: ignore[union-attr]
    assert np.array_equal(data.y["y"], y)
    for i, constant in enumerate((1, 2, 3, 4)):
        assert np.allclose(data.X[f"answer_{i}"] - data.y["y"], constant)  # type: ignore[index,call-overload]


def test_linear_regression_reaches_what_it_did_in_2020() -> None:
    """.99999999999 on all 804 columns, little on the 800 alone, where lasso does better."""
    assert evaluate("linear", "columns/perfect").metrics["valid"]["r2"] > 0.9999999999
    plain = {name: evaluate(name, "columns/plain").metrics["valid"]["r2"] for name in ("linear", "lasso?alpha=10")}
    assert plain["linear"] < 0.4 < plain["lasso?alpha=10"]


def test_uniform_has_the_same_answer_and_other_columns() -> None:
    perfect, uniform = get_task("columns/perfect").data(), get_task("columns/uniform").data()
    assert uniform.y.equals(perfect.y)
    noise = uniform.X.iloc[:, :800].to_numpy()  # type: ignore[union-attr]
    assert 0 <= noise.min() < 0.001
    assert 0.999 < noise.max() < 1


def test_plain_names_its_sixty_informative_columns() -> None:
    task = get_task("columns/plain?superfluous=40&rows=3000")
    assert task.data().X.shape == (3000, 100)
    assert len(task.support) == 60
    model = LinearRegression().fit(task.data().X, task.data().y["y"])
    weights = dict(zip(task.data().X.columns, np.abs(model.coef_), strict=True))  # type: ignore[union-attr]
    largest = sorted(weights, key=weights.__getitem__, reverse=True)[:30]
    assert set(largest) <= set(task.support)


def test_pixels_holds_the_answer_in_two_columns() -> None:
    task = get_task("columns/pixels")
    data = task.data()
    assert data.X.shape == (709, 856)
    assert np.array_equal(data.X[list(task.support)], data.y)  # type: ignore[call-overload]
    assert data.X["px5_11"].max() == 255  # type: ignore[call-overload]
    fewer = get_task("columns/pixels?superfluous=10").data().X
    assert fewer.shape == (709, 82)


def test_rescale_changes_units_and_nothing_else() -> None:
    plain, scaled = get_task("columns/perfect").data(), get_task("columns/perfect?rescale=1").data()
    ratio = (scaled.X / plain.X).to_numpy()  # type: ignore[operator]
    assert np.allclose(ratio, ratio[0], rtol=1e-9)
    assert set(np.rint(np.log10(ratio[0])).astype(int)) == set(range(-3, 4))
    assert scaled.y.equals(plain.y)


def test_noise_is_in_standard_deviations_of_the_answer() -> None:
    plain, noisy = (
        get_task("columns/uniform?rows=5000").data().y,
        get_task("columns/uniform?rows=5000&noise=0.5").data().y,
    )
    assert (noisy - plain).std().iloc[0] == pytest.approx(0.5 * plain.std().iloc[0], rel=0.05)


def test_friedman_s_functions_and_their_superfluous_columns() -> None:
    X, y = make_friedman1(n_samples=700, n_features=5, random_state=2020)
    data = get_task("friedman1?superfluous=795").data()
    assert data.X.shape == (700, 800)
    assert np.array_equal(data.X.iloc[:, :5], X)  # type: ignore[union-attr]
    assert np.array_equal(data.y["y"], y)
    by_hand = 10 * np.sin(np.pi * X[0, 0] * X[0, 1]) + 20 * (X[0, 2] - 0.5) ** 2 + 10 * X[0, 3] + 5 * X[0, 4]
    assert y[0] == pytest.approx(by_hand)


def test_diabetes_says_that_its_ceiling_is_not_known() -> None:
    task = get_task("diabetes")
    assert task.data().X.shape == (442, 10)
    assert "not known" in task.ceiling
    assert 0.3 < evaluate("oracle", task).metrics["valid"]["r2"] < 0.7
