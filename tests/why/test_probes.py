"""Probes of scales and columns: each names its planted fault, and a clean learner is left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from spoton import Task, get_task
from spoton.learners import TorchRegressor
from spoton.why import Fact, Probe
from spoton.why._subject import subject_of
from spoton.why.probes import (
    ClippedTargets,
    Floored,
    InputScale,
    Logged,
    OneScale,
    Optimisation,
    OutputRange,
    Pixels,
    RandomColumnsAdded,
    SparseColumns,
    Superfluous,
    TargetScale,
)

Look = Callable[..., list[Fact]]
Closes = Callable[..., dict[str, float]]
NET = "basenet+yrange=none?epochs=20&lr=0.01&batch_size=16&relu=true"


def table(columns: int = 4, rows: int = 150, law: Callable[[Any], Any] | None = None, seed: int = 0) -> Task:
    X = np.random.RandomState(seed).normal(size=(rows, columns))
    y = X[:, 0] - X[:, 1] if law is None else law(X)
    return Task.from_arrays("own", X, y)


def words(facts: Sequence[Fact]) -> str:
    return " | ".join(fact.words for fact in facts)


def test_one_answer_that_rules_the_loss_is_told(look: Look, closes: Closes) -> None:
    task = table(law=lambda X: np.stack([X[:, 0], 100 * X[:, 1]], axis=1))
    assert "alone has 100 %" in words(look(TargetScale(), NET, task, seeds=1))
    found = closes(TargetScale(), NET, task)
    assert found["standardise the answers in training"] > 0.3
    assert "divide all answers by one number in training: each keeps its weight in the loss" in found
    assert "alone" not in words(look(TargetScale(), NET, table(), seeds=1))


def test_outliers_are_counted_and_their_rows_named(look: Look, closes: Closes) -> None:
    task = table()
    y = task.data().y.to_numpy().ravel().copy()
    rows = task.split(0).train[[3, 40, 77]]
    y[rows] = 1000.0
    task = Task.from_arrays("own", task.data().X, y)
    told = words(look(TargetScale(), "ridge", task, seeds=1))
    assert "2.5 % of the answers lie more than 6 robust sds" in told
    assert all(str(row) in told for row in rows)
    assert (
        closes(TargetScale(), "ridge", task, only="pull far")["pull far answers in to 6 robust sds in training"] > 0.5
    )


def test_answers_in_saturated_tails_are_told(look: Look, closes: Closes) -> None:
    learner = TorchRegressor(y_range=(-0.5, 0.5), epochs=20, lr=0.01, batch_size=16, random_state=0)
    told = words(look(OutputRange(), learner, table(), seeds=1))
    assert "outside of the net's limits" in told
    assert "saturated tails" in told
    found = closes(OutputRange(), learner, table())
    assert set(found) == {
        "take the limits off the outputs",
        "widen the limits of the outputs by half at each end",
        "fit the limits of the outputs to the samples",
    }
    assert found["take the limits off the outputs"] > 0.5 > found["widen the limits of the outputs by half at each end"]
    wide = TorchRegressor(y_range=(-1000, 1000), epochs=1, random_state=0)
    assert "a small part of its sigmoid" in words(look(OutputRange(), wide, table(), seeds=1))
    assert not look(OutputRange(), "ridge", table(), seeds=1)


@pytest.mark.parametrize(
    ("now", "value"),
    [
        ("samples", "samples:0.5"),
        ("auto", "samples:0.7"),
        ("samples:0.2", "samples:0.9"),
        ((0.0, 1.0), (-0.5, 1.5)),
    ],
)
def test_limits_are_widened_by_half_at_each_end(now: object, value: object) -> None:
    from spoton.why import Study

    study = Study(table(), subject_of(TorchRegressor(y_range=now)))  # type: ignore[arg-type]
    change = next(c for c in OutputRange().changes(study) if c.words.startswith("widen"))
    assert change.apply(study.subject.estimator).y_range == value


def test_near_constant_columns_are_floored() -> None:
    X = np.random.RandomState(0).normal(size=(200, 3))
    X[:, 2] = 0.0
    X[7, 2] = 1.0  # one row of two hundred
    step = Floored().fit(X)
    np.testing.assert_allclose(step.scale_[:2], X[:, :2].std(axis=0))
    assert step.scale_[2] == pytest.approx(0.1)
    assert step.transform(X)[7, 2] == pytest.approx((1 - 1 / 200) / 0.1)


def test_logarithms_are_taken_of_columns_that_span_orders_of_magnitude() -> None:
    rng = np.random.RandomState(0)
    X = np.stack([rng.normal(size=500), np.exp(3 * rng.normal(size=500))], axis=1)
    step = Logged().fit(X)
    found = step.transform(X)
    np.testing.assert_array_equal(found[:, 0], X[:, 0])
    np.testing.assert_allclose(found[:, 1], np.log1p(X[:, 1] / np.median(X[:, 1])))


def test_the_scale_of_the_inputs_is_found(look: Look, closes: Closes) -> None:
    rng = np.random.RandomState(0)
    spans = np.exp(3 * rng.normal(size=(200, 2)))
    task = Task.from_arrays("own", np.hstack([spans, 1e4 * rng.normal(size=(200, 1))]), np.log(spans[:, 0]))
    told = words(look(InputScale(), "ridge", task, seeds=1))
    assert "2 columns span orders of magnitude" in told
    found = closes(InputScale(), "ridge", task)
    best = max(found, key=lambda key: found[key])
    assert best.startswith("take logarithms")
    assert found[best] > 0.3
    assert not look(InputScale(), "ridge", table(), seeds=1)
    apart = Task.from_arrays("own", table().data().X.to_numpy() * (1, 1, 1, 1e4), table().data().y)
    assert "the columns' sds differ by a factor of 1" in words(look(InputScale(), "ridge", apart, seeds=1))
    assert list(closes(InputScale(), "ridge", table())) == ["standardise the inputs"]


def test_pixels_of_another_scale_are_told(look: Look) -> None:
    images = np.random.RandomState(0).uniform(0, 255, (40, 1, 6, 5)).astype(np.float32)
    task = Task.from_arrays("own", images, images.mean(axis=(1, 2, 3)))
    assert "pixels run up to 25" in words(look(InputScale(), "linear", task, seeds=1))
    assert not look(InputScale(), "linear", Task.from_arrays("own", images / 255, images.mean((1, 2, 3))), seeds=1)
    found = Pixels().fit(images).transform(images)
    assert (found.mean(), found.std()) == (pytest.approx(0, abs=1e-5), pytest.approx(1, rel=1e-5))


def test_superfluous_columns_are_found(look: Look, closes: Closes) -> None:
    task = table(columns=60, law=lambda X: 3 * X[:, 7] - 2 * X[:, 50])
    mask = SparseColumns(random_state=0).fit(task.data().X, task.data().y.to_numpy().ravel()).get_support()
    assert set(np.flatnonzero(mask)) == {7, 50}
    found = closes(Superfluous(), KNeighborsRegressor(), task)
    assert found["keep the columns that a sparse linear path uses"] > 0.4
    assert found["keep the 4 columns that tell most of the answers"] > 0.3
    told = look(RandomColumnsAdded(), KNeighborsRegressor(), table(columns=2))
    assert "the error is" in told[0].words
    assert "superfluous columns cost this learner" in told[0].advice
    assert told[0].picture is not None
    assert told[0].picture.x == (0, 2, 6, 18)
    clean = look(RandomColumnsAdded(), LinearRegression(), table(columns=2))
    assert clean[0].advice == ""
    assert "no worse" in clean[0].words


def test_pixels_are_replaced_by_points(closes: Closes) -> None:
    found = closes(Superfluous(), "ridge", get_task("pnist/topleft?train=200"))
    assert found["give the ink's corner points instead of pixels"] > 0.9
    assert set(found) == {
        "give the ink's corner points instead of pixels",
        "give the ink's corner points beside the pixels",
    }


@pytest.mark.parametrize("probe", [TargetScale(), OutputRange(), InputScale(), Superfluous(), Optimisation()])
def test_a_healthy_learner_is_left_alone(look: Look, probe: Probe) -> None:
    found = look(probe, "linear", table(columns=3), seeds=1)
    assert not any(fact.fault or fact.advice for fact in found)


def test_scales_of_answers_go_there_and_back() -> None:
    y = np.random.RandomState(0).normal(size=(50, 2)) * (1, 100) + 7
    step = OneScale().fit(y)
    scaled = step.transform(y)
    assert (scaled**2).mean() == pytest.approx(1.0)
    assert scaled[:, 1].std() / scaled[:, 0].std() == pytest.approx(y[:, 1].std() / y[:, 0].std())
    np.testing.assert_allclose(step.inverse_transform(scaled), y)
    held = ClippedTargets(3.0).fit(np.array([[0.0], [1.0], [2.0], [3.0], [1000.0]]))
    # median 2, its robust standard deviation 1.4826
    assert held.transform([[1000.0]])[0, 0] == pytest.approx(2 + 3 * 1.4826)
    frame = pd.DataFrame(y)
    assert OneScale().fit(frame).transform(frame).shape == (50, 2)
