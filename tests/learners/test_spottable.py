"""`SpotTable`: exact laws among hundreds of columns, curves, any kind of column, and what it tells of itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import r2_score

from spoton import evaluate, get_learner
from spoton.errors import DataError, UsageError
from spoton.learners import SpotTable, SpotTableLadder
from spoton.learners._linear_part import REACH, LinearPart, damped, fit_linear, measured
from spoton.learners._member_choice import MOST_RAMPS, edges_of
from spoton.learners._screening import binned_relevance, losses_without, screen
from spoton.learners._sparse_path import batch_size_for, make_folds

QUICK = {"epochs": 25, "linear_epochs": 10, "members": 2, "width": 16}


def law(rows: int = 300, columns: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """y = 3 x5 - 2 x7 + 1 among many columns, in odd units."""
    random = np.random.RandomState(0)
    X = random.normal(size=(rows, columns)) * 10.0 ** random.randint(-3, 4, size=columns)
    scale = X[:, [5, 7]].std(axis=0)
    return X, 3 * X[:, 5] / scale[0] - 2 * X[:, 7] / scale[1] + 1


def test_three_passes_find_four_columns_among_eight_hundred() -> None:
    for task in ("columns/perfect?rescale=1", "columns/uniform"):
        for options in ("epochs=3", "epochs=3&polish=false"):
            run = evaluate(get_learner(f"spottable?{options}"), task, seed=0)
            assert run.metrics["valid"]["r2"] > 1 - 1e-8, (task, options)
            assert run.metrics["train"].get("support_recall", 1.0) == 1.0
            assert run.epochs == 3


def test_an_exact_law_leaves_nothing_to_the_members() -> None:
    X, y = law()
    model = SpotTable(random_state=0).fit(X[:200], y[:200])
    np.testing.assert_allclose(model.predict(X[200:]), y[200:], rtol=1e-9, atol=1e-9)
    assert model.support_.nonzero()[0].tolist() == [5, 7]
    assert model.coef_[[5, 7]] == pytest.approx([3 / X[:, 5].std(), -2 / X[:, 7].std()], rel=1e-6)
    assert model.intercept_ == pytest.approx(1, rel=1e-6)
    # the permutation of a column costs twice its share of the variance
    assert model.feature_importances_[[5, 7]] == pytest.approx([2 * 9 / 13, 2 * 4 / 13], rel=0.2)
    assert model.how_ == "least squares on 2 columns"
    assert {row["path"] for row in model.history_} == {"linear"}
    assert model.n_epochs_ == len(model.history_)


def test_curves_are_the_members_business() -> None:
    random = np.random.RandomState(0)
    X = random.uniform(-2, 2, size=(400, 6))
    y = np.sin(2 * X[:, 1]) + X[:, 3]
    model = SpotTable(epochs=80, members=5, random_state=0).fit(X[:300], y[:300])
    assert r2_score(y[300:], model.predict(X[300:])) > 0.99
    assert model.support_[[1, 3]].all()
    assert set(np.argsort(-model.feature_importances_)[:2]) == {1, 3}
    assert {row["path"] for row in model.history_} == {"linear", "members"}


def test_jumps_are_met_by_ramps_and_curves_by_the_others() -> None:
    random = np.random.RandomState(0)
    X = random.uniform(size=(700, 4))
    jumps, curve = 2.0 * (X[:, 0] > 0.3) - 1.5 * (X[:, 1] > 0.6), np.sin(6 * X[:, 0]) + X[:, 1]
    found = {}
    for name, y, members in (("ten", jumps, 10), ("five", jumps, 5), ("curve", curve, 10)):
        model = SpotTable(members=members, random_state=0).fit(X[:560], y[:560])
        found[name] = r2_score(y[560:], model.predict(X[560:]))
        if name != "curve":
            assert hasattr(model.net_, "ramp_mix") == (name == "ten"), "five are no two a fold"
    assert 1 - found["ten"] < 0.6 * (1 - found["five"]), found
    assert found["curve"] > 0.999, found


def test_edges_are_values_where_these_are_few_and_else_quantiles() -> None:
    few, many = np.array([3.0, 1.0, 1.0, 2.0, 3.0] * 80), np.arange(400.0)
    edges = edges_of(np.stack([few, many, np.ones(400)], axis=1))
    assert edges.shape == (3, MOST_RAMPS + 1)
    assert edges[0, :4].tolist() == [1, 2, 3, 3]
    np.testing.assert_allclose(edges[1], np.linspace(0, 399, MOST_RAMPS + 1))
    assert set(edges[2]) == {1.0}
    assert edges_of(np.ones((400, 0))).shape == (0, 2)
    assert edges_of(np.stack([many] * 200, axis=1)).shape == (200, 6), "1,024 over all columns, but 4 of each"


def test_members_that_learn_nothing_stay_out() -> None:
    random = np.random.RandomState(1)
    X, y = random.normal(size=(80, 3)), random.normal(size=80)
    model = SpotTable(random_state=0, **QUICK).fit(X, y)
    assert np.abs(model.predict(X)).max() < 1, "noise has no law"


def test_the_same_seed_gives_the_same_answers() -> None:
    X, y = law(80, 10)
    y = y + X[:, 0] ** 2
    first = SpotTable(random_state=3, **QUICK).fit(X, y)
    second = clone(first).fit(X, y)
    assert np.array_equal(first.predict(X), second.predict(X))


def test_the_history_is_in_the_units_of_the_answers() -> None:
    X, y = law(80, 10)
    y = y + X[:, 0] ** 2
    given = SpotTable(random_state=3, **QUICK)
    first, tenfold = (clone(given).fit(X, factor * y).history_ for factor in (1, 10))
    for one, ten in zip(first, tenfold, strict=True):
        assert ten["held_out"] == pytest.approx(100 * one["held_out"], rel=0.05)


def test_two_answers_at_once_and_a_constant_one() -> None:
    X, y = law(120, 30)
    model = SpotTable(random_state=0, **QUICK).fit(X, np.stack([y, 5 - y, np.full(120, 7.0)], axis=1))
    found = model.predict(X)
    assert found.shape == (120, 3)
    np.testing.assert_allclose(found, np.stack([y, 5 - y, np.full(120, 7.0)], axis=1), rtol=1e-9, atol=1e-9)
    assert model.coef_.shape == (3, 30)


def test_any_table_goes_in() -> None:
    random = np.random.RandomState(0)
    n = 200
    frame = pd.DataFrame(
        {
            "size": random.normal(50, 10, n),
            "rooms": random.randint(1, 6, n),
            "garden": random.rand(n) < 0.5,
            "town": random.choice(["Ulm", "Bonn", "Jena"], n),
            "sold": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.randint(0, 900, n), "D"),
            "always": 1.0,
        }
    )
    price = 2 * frame["size"] + 10 * frame["rooms"] + 30 * (frame["town"] == "Bonn") + 5 * frame["garden"]
    frame.loc[::17, "size"] = np.nan
    known = frame["size"].notna()
    model = SpotTable(random_state=0, **QUICK).fit(frame, price)
    assert r2_score(price[known], model.predict(frame[known])) > 0.98
    assert "constant" in model.dropped_["always"]
    assert model.support_.shape == (6,)
    assert list(model.feature_names_in_) == list(frame.columns)
    assert model.support_[[0, 1, 3]].all()
    assert not model.support_[5]
    strange = frame.iloc[:3].assign(town=["Paris", "Ulm", None])
    assert np.isfinite(model.predict(strange)).all()
    with pytest.raises(DataError):
        model.predict(frame.drop(columns="town"))


def test_no_column_is_left() -> None:
    model = SpotTable(random_state=0, **QUICK).fit(np.ones((10, 2)), np.arange(10.0))
    assert model.predict(np.ones((3, 2))) == pytest.approx(np.full(3, 4.5))
    assert not model.support_.any()


def test_errors() -> None:
    X, y = law(20, 8)
    with pytest.raises(UsageError, match="folds 2 or more"):
        SpotTable(folds=1).fit(X, y)
    for lr in (0.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="lr is a positive number, not"):
            SpotTable(lr=lr).fit(X, y)
    with pytest.raises(DataError, match="these are 20 and 19"):
        SpotTable().fit(X, y[:19])
    with pytest.raises(DataError, match="row 3 is not"):
        SpotTable().fit(X, np.where(np.arange(20) == 3, np.nan, y))
    with pytest.raises(DataError, match="have to be numbers"):
        SpotTable().fit(X, np.array(["a"] * 20))
    with pytest.raises(DataError, match="y is None"):
        SpotTable().fit(X, None)
    days = pd.date_range("2024-01-01", periods=20)
    for y in (days, days.to_series(), days.to_frame(), days.to_numpy(), days - days[0]):
        with pytest.raises(DataError, match="these are dates or times"):
            SpotTable().fit(X, y)


class Plan:
    """What polars calls a LazyFrame."""

    def collect(self) -> None: ...

    def collect_schema(self) -> None: ...


def test_a_plan_for_a_table_has_to_be_collected_first() -> None:
    with pytest.raises(DataError, match=r"this Plan is a plan for one; give X.collect\(\)"):
        SpotTable().fit(Plan(), np.arange(20.0))


def border_pixels(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """100 columns that are dark in most rows, of sizes from 1/1000 to 1; two others matter; as much noise as law."""
    random = np.random.RandomState(seed)
    bright = np.abs(random.normal(size=(460, 100))) * 10 ** random.uniform(-3, 0, size=(460, 100))
    X = np.where(random.rand(460, 100) < 0.04, bright, 0.0)
    X[:, :2] = random.normal(size=(460, 2))
    return X, X[:, 0] - X[:, 1] + 2 * random.normal(size=460)


def test_pixels_that_were_dark_but_once_do_not_explode() -> None:
    for seed in range(4):
        X, y = border_pixels(seed)
        for model in (SpotTable(members=0, random_state=seed), SpotTableLadder(rungs=(), random_state=seed)):
            model.fit(X[:60], y[:60])
            assert r2_score(y[60:], model.predict(X[60:])) > -0.5, (seed, model)
            assert model.inputs_.clip == REACH


def test_an_exact_law_goes_on_beyond_the_training_rows() -> None:
    X, y = law(200, 20)
    for model in (SpotTable(random_state=0), SpotTableLadder(random_state=0)):
        model.fit(X, y)
        assert model.inputs_.clip is None
        np.testing.assert_allclose(model.predict(1000 * X) - 1, 1000 * (y - 1), rtol=1e-6)


def test_weights_unlike_those_of_the_folds_give_way_to_their_mean() -> None:
    random = np.random.RandomState(0)
    X, fold_weights = random.normal(size=(40, 3)), random.normal(size=(5, 3, 1))
    mean = fold_weights.mean(axis=0)
    part = LinearPart(mean + 0.1, fold_weights, np.zeros((40, 1)), 1.0, "", 1, ())
    assert measured(part, X) is part.weights
    np.testing.assert_array_equal(measured(replace(part, weights=mean + 5), X), mean)


def test_values_far_out_are_cut_off_unless_held_out_rows_are_better_off_without() -> None:
    random = np.random.RandomState(0)
    X, noise = random.normal(size=(300, 16)), random.normal(size=(300, 1))
    X[range(16), range(16)] = 30.0 + random.normal(size=16)  # each column has a row that stands far out
    X /= X.std(axis=0)
    fold = make_folds(300, 5, random)
    law, bent_law = (rows.sum(axis=1, keepdims=True) for rows in (X, X.clip(-2, 2)))
    parts = [
        fit_linear(X, (y - y.mean()) / y.std(), fold, epochs=10, polish=True, random_state=random)
        for y in (law + 0.1 * noise, bent_law + 0.1 * noise)
    ]
    straight, bent = parts
    assert straight.reach is None
    assert straight.ends is None
    assert bent.reach == REACH


def test_damped_is_ridge() -> None:
    random = np.random.RandomState(0)
    X, Y = random.normal(size=(30, 5)), random.normal(size=(30, 2))
    penalty = 0.1 * np.linalg.norm(X, 2) ** 2
    plain, ridge = damped(X, Y, (0.0, 0.1))
    np.testing.assert_allclose(plain, np.linalg.lstsq(X, Y, rcond=None)[0], rtol=1e-9)
    np.testing.assert_allclose(ridge, np.linalg.solve(X.T @ X + penalty * np.eye(5), X.T @ Y), rtol=1e-9)


def test_held_out_answers_never_saw_their_rows() -> None:
    """Noise that least squares fits perfectly on the rows that it sees cannot be told on others."""
    random = np.random.RandomState(0)
    X, Y = random.normal(size=(60, 200)), random.normal(size=(60, 1))
    fold = make_folds(60, 5, random)
    linear = fit_linear(X, Y, fold, epochs=10, polish=True, random_state=random)
    assert linear.score > 0.8 * Y.var()
    for f in range(5):
        assert linear.held_out[fold == f] == pytest.approx(X[fold == f] @ linear.fold_weights[f])


def test_folds_and_batches() -> None:
    fold = make_folds(11, 5, np.random.RandomState(0))
    assert sorted(np.bincount(fold)) == [2, 2, 2, 2, 3]
    assert len(set(make_folds(3, 5, np.random.RandomState(0)))) == 3
    assert [batch_size_for(n) for n in (4, 128, 560, 5000, 100_000)] == [1, 2, 8, 16, 250]


def test_relevance_by_hand() -> None:
    x = np.repeat(np.arange(8.0), 10)[:, None]
    assert binned_relevance(x, x**2) == pytest.approx([1.0])
    assert binned_relevance(x, np.tile([1.0, -1.0], 40)[:, None]) == pytest.approx([0.0], abs=1e-12)
    # two values: half of the variance lies between them
    two = (x > 3.5).astype(float)
    expected = np.var(np.repeat([x[:40].mean(), x[40:].mean()], 40)) / x.var()
    assert binned_relevance(two, x) == pytest.approx([expected])


def test_screening_keeps_a_curve_and_drops_noise() -> None:
    random = np.random.RandomState(0)
    X = random.uniform(-1, 1, size=(400, 300))
    found = screen(X, (X[:, [11]] ** 2 + X[:, [200]]), 20, random)
    assert set(found[:2]) == {11, 200}
    assert len(found) <= 20


def test_losses_without() -> None:
    random = np.random.RandomState(0)
    X = random.normal(size=(2000, 3))
    growth, error = losses_without(lambda x: 2 * x[:, :1], X, 2 * X[:, :1], np.array([0, 1]), random)
    assert growth == pytest.approx([8, 0], abs=0.7)
    assert error[1] == 0
