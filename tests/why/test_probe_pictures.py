"""The pictures of the probes of scales, columns and moved images: what they show, in figures worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from torch import nn

from spoton import Task
from spoton.learners import TorchRegressor
from spoton.plots import canvas, fact_picture
from spoton.why import Fact, Picture
from spoton.why._study import Study
from spoton.why._subject import subject_of
from spoton.why.probes import Augmentation, InputScale, OutputRange, Superfluous, TargetScale

Look = Callable[..., list[Fact]]
ROWS = np.arange(100.0)


def a_task(X: np.ndarray, y: np.ndarray) -> Task:
    return Task.from_arrays("own", X, y)


def picture_of(facts: list[Fact], word: str) -> Picture:
    """Of the first fact with that word; it can be drawn in light and dark."""
    picture = next(fact.picture for fact in facts if word in fact.words)
    assert picture is not None
    for dark in (False, True):
        fact_picture(canvas(dark=dark).axes[0], picture)
    return picture


def test_answers_stand_with_their_spread(look: Look) -> None:
    task = a_task(np.stack([ROWS, ROWS**2], axis=1), np.stack([ROWS % 2, 7 + 10 * (ROWS % 3)], axis=1))
    y = task.data().take(task.split(0).train).y
    shown = picture_of(look(TargetScale(), "linear", task, seeds=1), "mean ± sd")
    assert shown.x == ("y0", "y1")
    assert shown.y == pytest.approx(y.mean())
    assert shown.low == pytest.approx(y.mean() - y.std(ddof=0))
    assert shown.high == pytest.approx(y.mean() + y.std(ddof=0))


def test_outliers_are_listed_the_farthest_first(look: Look) -> None:
    y = ROWS % 5
    train = a_task(ROWS[:, None], y).split(0).train
    y[train[[2, 9]]] = 500, 900
    shown = picture_of(look(TargetScale(), "linear", a_task(ROWS[:, None], y), seeds=1), "robust sds")
    assert shown.columns[:2] == ("row", "y")
    assert [row[:2] for row in shown.rows] == [(train[9], 900.0), (train[2], 500.0)]
    assert shown.rows[0][2] > shown.rows[1][2] > 6


def test_answers_are_counted_along_y_range(look: Look) -> None:
    y = np.where(ROWS < 50, 0.51, 9.99)  # in the second of twenty parts of 0 to 10, and in the last
    learner = TorchRegressor(y_range=(0.0, 10.0), epochs=1, random_state=0)
    task = a_task(ROWS[:, None], y)
    shown = picture_of(look(OutputRange(), learner, task, seeds=1), "saturated tails")
    low = 100 * float((y[task.split(0).train] < 1).mean())
    assert (shown.x[0], shown.x[1], shown.x[-1]) == ("0", "5", "95")
    assert shown.y == pytest.approx([0, low, *[0] * 17, 100 - low])


def test_columns_stand_by_their_spread(look: Look) -> None:
    signs = np.where(ROWS % 2 == 0, 1.0, -1.0)
    X = np.stack([1000 * signs, np.ones(100), 0.01 * signs, signs], axis=1)
    task = a_task(X, ROWS)
    sds = X[task.split(0).train].std(axis=0)
    shown = picture_of(look(InputScale(), "linear", task, seeds=1), "sds differ by a factor")
    assert shown.x == (1, 2, 3)  # a constant column has no logarithm
    assert shown.y == pytest.approx(np.log10(sds[[2, 3, 0]]))


def test_pixels_are_counted(look: Look) -> None:
    images = np.zeros((40, 1, 4, 4), np.float32)
    images[:, :, :, 2:] = 160.0
    images[:, 0, 0, 0] = ROWS[:40] % 2
    shown = picture_of(look(InputScale(), "linear", a_task(images, ROWS[:40]), seeds=1), "pixels run up")
    assert (shown.x[0], shown.x[-1]) == ("0", "150")
    assert shown.y == pytest.approx([50, *[0] * 14, 50])


def test_the_most_telling_columns_stand_first(look: Look) -> None:
    rng = np.random.RandomState(0)
    X = rng.normal(size=(100, 20))
    y = X[:, 13].copy()
    task = a_task(X, y)
    rows = task.split(0).train
    shown = picture_of(look(Superfluous(), "linear", task, seeds=1), "20 columns")
    assert (len(shown.x), shown.x[0], shown.y[0]) == (16, "c13", pytest.approx(1))
    shares = sorted((np.corrcoef(X[rows, i], y[rows])[0, 1] ** 2 for i in range(20)), reverse=True)
    assert shown.y == pytest.approx(shares[:16])


def test_a_moved_copy_stands_beside_its_image() -> None:
    rng = np.random.RandomState(0)
    images = np.zeros((60, 1, 8, 8), np.float32)
    for row in range(30):
        ink = rng.uniform(0.2, 1, (2, 2)).astype(np.float32)
        images[2 * row, 0, 1:3, 1:3] = ink
        images[2 * row + 1, 0, 4:6, 5:7] = ink
    task = Task.from_arrays("own", images, np.repeat(rng.randint(0, 8, (30, 2)), 2, axis=0))
    shown = picture_of(list(Augmentation().look(Study(task, subject_of("linear")))), "hold the same ink")
    grey = np.array(shown.rows)
    assert grey.shape == (8, 17)
    assert (grey[:, 8] == 0.5).all()
    assert np.array_equal(grey[1:3, 1:3], grey[4:6, 9 + 5 : 9 + 7])
    assert grey[1:3, 1:3].max() == 1


def test_what_the_net_is_shown_stands_beside_the_image() -> None:
    from torchvision.transforms import v2

    images = np.random.RandomState(0).uniform(size=(20, 1, 6, 6)).astype(np.float32)
    task = Task.from_arrays("own", images, np.random.RandomState(1).randint(0, 6, (20, 2)))

    def flipping() -> nn.Module:
        return nn.Sequential(v2.RandomHorizontalFlip(1.0), nn.Flatten(), nn.Linear(36, 2))

    study = Study(task, subject_of(flipping, task))
    grey = np.array(picture_of(list(Augmentation().look(study)), "moves its images").rows)
    assert np.array_equal(grey[:, :6], grey[:, 7:][:, ::-1])
