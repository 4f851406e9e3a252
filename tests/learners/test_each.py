from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.svm import SVR

from spoton import get_learner
from spoton.errors import DataError
from spoton.learners import ByLabel, EachOutput, OneHot, count_parameters

rng = np.random.RandomState(0)
X, Y = rng.normal(size=(60, 3)), rng.normal(size=(60, 2))


def test_each_output_is_fitted_by_itself() -> None:
    both = EachOutput(SVR()).fit(X, Y)
    assert np.array_equal(both.predict(X)[:, 1], SVR().fit(X, Y[:, 1]).predict(X))
    single = EachOutput(SVR()).fit(X, Y[:, 0]).predict(X)
    assert single.shape == (60,)
    assert np.array_equal(single, both.predict(X)[:, 0])


@pytest.mark.parametrize("table", [False, True])
def test_by_label_fits_one_clone_a_label(table: bool) -> None:
    labels = np.arange(60) % 2
    y = np.where(labels == 0, X[:, 0], -X[:, 0])
    inputs = pd.DataFrame(X, index=np.arange(60) + 5) if table else X
    assert LinearRegression().fit(X, y).score(X, y) < 0.5
    predicted = ByLabel(LinearRegression()).fit(inputs, y, labels=labels).predict(inputs, labels=labels)
    assert np.allclose(predicted, y)


def test_a_label_never_seen_is_named() -> None:
    model = ByLabel(LinearRegression()).fit(X, Y, labels=np.zeros(60, int))
    with pytest.raises(DataError, match="no training row had the label 4"):
        model.predict(X, labels=np.full(60, 4))


def test_one_hot_and_back() -> None:
    y = np.array([[3.0], [7.0], [3.0]])
    hot = OneHot().fit(y)
    assert hot.transform(y).tolist() == [[1, 0], [0, 1], [1, 0]]
    assert np.array_equal(hot.inverse_transform([[0.9, 0.1], [0.2, 0.3], [5, -1]]), y)


def test_counts_worked_out_by_hand() -> None:
    assert count_parameters(LinearRegression().fit(X, Y)) == 3 * 2 + 2
    assert count_parameters(get_learner("ridge+ynorm").fit(X, Y)) == 8
    assert count_parameters(EachOutput(Ridge()).fit(X, Y)) == 8
    assert count_parameters(ByLabel(Ridge()).fit(X, Y, labels=np.arange(60) % 3)) == 24
    stumps = RandomForestRegressor(n_estimators=5, max_depth=1, random_state=0).fit(X, Y)
    assert count_parameters(stumps) == 15  # a root and two leaves each
    assert (
        count_parameters(get_learner("mlp?max_iter=500&hidden_layer_sizes=4&random_state=0&tol=1").fit(X, Y))
        == 3 * 4 + 4 + 4 * 2 + 2
    )
    assert count_parameters(get_learner("mean").fit(X, Y)) == 2
    assert count_parameters(get_learner("knn").fit(X, Y)) is None
