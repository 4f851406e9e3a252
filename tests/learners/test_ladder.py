"""The ladder: exact rungs come out exact, the others are mixed, and it says which ones it used."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_friedman1
from sklearn.ensemble import HistGradientBoostingRegressor

from spoton import get_learner
from spoton.errors import DataError, UsageError
from spoton.learners import SpotTableLadder
from spoton.learners._stacking import stack

QUICK = {"epochs": 30, "members": 5, "random_state": 0}


def table(rows=120, columns=4, seed=0):
    rng = np.random.RandomState(seed)
    return rng.normal(size=(rows, columns)) * 3 + 10, rng


def test_exact_line_is_taken_alone():
    X, _ = table()
    y = X @ [1.0, 0, -2.0, 0] + 5
    model = SpotTableLadder(**QUICK).fit(X, y)
    assert model.rungs_["rung"].tolist() == ["linear"]
    assert model.rungs_["weight"].tolist() == [1.0]
    assert np.abs(model.predict(X) - y).max() < 1e-8
    assert model.support_.tolist() == [True, False, True, False]
    assert model.formula_ is None


def test_steps_are_taken_alone_and_read_in_the_units_of_the_table():
    X, _ = table(columns=2)
    X[:, 0] = X[:, 0].round()
    y = 2.0 * (X[:, 0] > 10.5)
    model = SpotTableLadder(**QUICK).fit(X, y)
    assert model.rungs_["rung"].tolist() == ["linear", "basis"]
    assert model.formula_ == "2 [x0 > 10.5]"
    assert model.support_.tolist() == [True, False]
    assert model.feature_importances_[0] > 1
    assert np.abs(model.predict(X) - y).max() < 1e-12
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_rungs_join_for_a_curve_with_a_jump():
    X, rng = table(rows=160)
    z = (X - 10) / 3
    y = np.sin(2 * z[:, 0]) * z[:, 1] + 2.0 * (z[:, 2] > 0.3) + 0.01 * rng.normal(size=160)
    model = SpotTableLadder(**QUICK).fit(X[:120], y[:120])
    frame = model.rungs_
    assert list(frame.columns) == ["rung", "how", "held_out", "weight", "seconds"]
    assert frame["weight"].min() >= 0
    assert frame["weight"].max() > 0
    assert {"linear", "basis"} < set(frame["rung"])
    assert model.support_[:3].all()
    assert 30 < model.n_epochs_ == model.history_[-1]["epoch"] <= 60, "two rungs have members"
    assert 1 - ((model.predict(X[120:]) - y[120:]) ** 2).mean() / y[120:].var() > 0.6
    same = SpotTableLadder(**QUICK).fit(X[:120], y[:120])
    np.testing.assert_allclose(same.predict(X), model.predict(X), rtol=1e-6)


def test_several_answers_and_a_frame_with_words():
    X, rng = table(rows=80, columns=2)
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(c=rng.choice(["red", "blue", "green"], size=80))
    Y = np.stack([X[:, 0], (frame["c"] == "red") * 3.0], axis=1)
    model = SpotTableLadder(**QUICK).fit(frame, Y)
    np.testing.assert_allclose(model.predict(frame), Y, atol=1e-6)
    assert model.predict(frame.iloc[:1]).shape == (1, 2)


@pytest.mark.parametrize("y", [np.full(30, 7.0), np.zeros(30)])
def test_constant_answers(y):
    X, _ = table(rows=30)
    np.testing.assert_allclose(SpotTableLadder(**QUICK).fit(X, y).predict(X), y)


@pytest.mark.parametrize("rows", [4, 7])
def test_tiny_tables(rows):
    X, rng = table(rows=rows)
    model = SpotTableLadder(epochs=3, members=2, random_state=0).fit(X, rng.normal(size=rows))
    assert np.isfinite(model.predict(X)).all()


def test_fewer_rungs():
    X, _ = table(columns=2)
    y = np.abs(X[:, 0] - 10)
    model = SpotTableLadder(**QUICK, rungs=("linear",)).fit(X, y)
    assert model.rungs_["rung"].tolist() == ["linear"]


def test_wrong_use():
    X, _ = table(rows=10)
    with pytest.raises(UsageError, match="no 'trees'"):
        SpotTableLadder(rungs=("trees",)).fit(X, X[:, 0])
    with pytest.raises(UsageError):
        SpotTableLadder(terms=0).fit(X, X[:, 0])
    with pytest.raises(UsageError, match="lr is a positive number, not -1"):
        SpotTableLadder(lr=-1).fit(X, X[:, 0])
    with pytest.raises(DataError):
        SpotTableLadder().fit(X, np.full(10, np.nan))


def test_by_name():
    model = get_learner("spottable-ladder?terms=5", epochs=7)[-1]
    assert isinstance(model, SpotTableLadder)
    assert (model.terms, model.epochs) == (5, 7)


def test_stack_takes_an_exact_model_alone():
    rng = np.random.RandomState(0)
    y = rng.normal(size=(50, 1))
    assert stack([y + 1e-8 * rng.normal(size=y.shape), y + 0.1], y).tolist() == [1.0, 0.0]


def test_stack_mixes_independent_errors_and_leaves_noise_out():
    rng = np.random.RandomState(0)
    y = rng.normal(size=(2000, 1))
    first, second = (y + 0.5 * rng.normal(size=y.shape) for _ in range(2))
    weights = stack([first, second, rng.normal(size=y.shape)], y)
    np.testing.assert_allclose(weights[:2], 4 / 9, atol=0.03)  # of y + e / 2: 1 / (2 + 1 / 4)
    assert weights[2] == 0


def test_stack_leaves_one_model_as_it_is():
    y = np.arange(10.0)[:, None]
    assert stack([2 * y], y).tolist() == [1.0]


def test_stack_leaves_the_best_of_models_that_are_worse_than_nothing():
    y = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    assert stack([-0.5 * y, -2 * y], y).tolist() == [1.0, 0.0]


def r2(model, X, y):
    return 1 - ((model.predict(X) - y) ** 2).mean() / y.var()


@pytest.mark.slow
@pytest.mark.parametrize("law", ["steps", "products of steps"])
def test_jumps_as_well_as_boosted_trees(law):
    ladder, trees = [], []
    for seed in range(5):
        rng = np.random.RandomState(seed)
        X = rng.uniform(size=(700, 10))
        above = X[:, :4] > [0.4, 0.5, 0.3, 0.7]
        y = above @ [2.0, -1.5, 1.0, 0.6] if law == "steps" else 2.0 * above[:, 0] * above[:, 1] + above[:, 2]
        train, valid = slice(560), slice(560, None)
        ladder.append(r2(SpotTableLadder(random_state=0).fit(X[train], y[train]), X[valid], y[valid]))
        trees.append(r2(HistGradientBoostingRegressor(random_state=0).fit(X[train], y[train]), X[valid], y[valid]))
    assert np.mean(ladder) >= (0.99 if law == "steps" else 0.98), ladder
    assert np.mean(ladder) >= np.mean(trees), (ladder, trees)


@pytest.mark.slow
def test_smooth_curves_to_the_third_nine():
    X, y = make_friedman1(700, random_state=0)
    model = SpotTableLadder(random_state=0).fit(X[:560], y[:560])
    assert r2(model, X[560:], y[560:]) >= 0.999, model.rungs_.to_string()
