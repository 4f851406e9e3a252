"""Probes of the rows: what can be reached, more rows, wrong answers, places, moved copies, and what runs again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

from spoton import Task, evaluate, get_task
from spoton.store import Store
from spoton.why import Fact, Study
from spoton.why._subject import subject_of
from spoton.why.probes import Augmentation, Bounds, Data, LabelNoise, Places, Reproducibility
from spoton.why.probes._augmentation import moved_copies
from spoton.why.probes._ceiling import contradictions, near_noise, pure_error
from spoton.why.probes._data import power_law
from spoton.why.probes._label_noise import suspects

Look = Callable[..., list[Fact]]
RNG = np.random.RandomState


def words(facts: list[Fact]) -> str:
    return " | ".join(fact.words for fact in facts)


def linear(rows: int = 200, noise: float = 0.0) -> Task:
    X = RNG(0).normal(size=(rows, 3))
    return Task.from_arrays("own", X, X[:, 0] - X[:, 1] + noise * RNG(1).normal(size=rows))


def test_other_learners_stand_beside_this_one(look: Look) -> None:
    told = look(Bounds(), "knn", linear(), seeds=1)
    for name in ("the mean answer 1", "least squares on the raw inputs", "the nearest neighbour", "spottable"):
        assert name in told[0].words
    assert "reaches more" in told[0].advice
    assert told[0].picture is not None
    assert len(told) == 1
    assert look(Bounds(), "linear", linear(), seeds=1)[0].advice == ""


def test_pure_error_by_hand() -> None:
    X = np.array([[0.0], [0.0], [1.0], [1.0], [2.0], [3.0]])
    y = np.array([1.0, 3.0, 5.0, 5.0, 4.0, 6.0])  # mean 4, variance 16 / 6; within equal inputs 2
    data = Task.from_arrays("own", X, y).data()
    assert contradictions(data) == pytest.approx(2 / 6)
    least, noise = pure_error(data)
    assert least == pytest.approx(2 / 16)
    assert noise == pytest.approx(2 / 2 / (16 / 6))  # two degrees of freedom


def test_the_ceiling_of_rows_that_contradict_each_other(look: Look) -> None:
    x = RNG(0).randint(5, size=200).astype(float)
    noisy = Task.from_arrays("own", x[:, None], x + RNG(1).normal(size=200))  # variance 2 of the law, 1 of the noise
    told = words(look(Bounds(), "linear", noisy, seeds=1))
    assert "of another answer: on these rows no learner exceeds R2 0." in told
    assert "stands among the training rows too" in told
    clean = Task.from_arrays("own", x[:, None], x)
    assert "of another answer" not in words(look(Bounds(), "linear", clean, seeds=1))


@pytest.mark.parametrize("seed", range(4))
def test_near_rows_tell_noise_from_curves_and_jumps(seed: int) -> None:
    X = RNG(seed).uniform(size=(400, 1))
    wave, step = np.sin(9 * X), (X > 0.5) + 0.0 * X
    for clean in (wave, step):
        assert near_noise(X, clean)[1] < 0.01  # type: ignore[index]
        found = near_noise(X, clean + 0.5 * clean.std() * RNG(seed + 9).normal(size=X.shape))
        assert found is not None
        assert 0.1 < found[0] < 0.3  # 0.25 of 1.25
        assert found[1] > 0.01
    assert near_noise(RNG(seed).normal(size=(200, 10)), wave[:200]) is None  # none are near


def test_a_power_law_by_hand() -> None:
    rows = np.array([100, 100, 200, 200, 400, 400])
    exact = power_law(rows, 5 * rows**-0.5)
    assert exact is not None
    assert exact.slope == pytest.approx(0.5)
    assert exact.limits(800) == pytest.approx((5 / 800**0.5, 5 / 800**0.5))
    assert "rows to the power -0.50" in exact.words(400)
    assert "which was not measured" in exact.words(400)
    flat = power_law(rows, np.array([0.5, 0.4, 0.4, 0.5, 0.45, 0.45]))
    assert flat is not None
    assert flat.words(400) == "whether more rows help cannot be told from these"
    assert power_law(rows[:3], 1.0 / rows[:3]) is None


def test_more_rows_where_they_help_and_where_they_do_not(look: Look) -> None:
    grows = look(Data(), "knn?n_neighbors=1", linear(600))
    assert "it falls as rows to the power" in grows[0].words
    assert grows[0].picture is not None
    assert len(grows[0].picture.x) == len(grows[0].picture.low) == 4
    told = look(Data(), "ridge?alpha=1e9", linear(200))
    assert "cannot be told" in told[0].words


def test_the_worst_class_and_the_worst_place_are_named(look: Look) -> None:
    rng = RNG(0)
    points, elsewhere = (np.stack([rng.randint(9, size=800), rng.randint(12, size=800)], axis=1) for _ in range(2))
    labels = rng.randint(3, size=800)

    def shown(wrong: np.ndarray) -> np.ndarray:
        """A dot at the point, or elsewhere."""
        images, at = np.zeros((800, 1, 12, 9), dtype=np.float32), np.where(wrong[:, None], elsewhere, points)
        images[np.arange(800), 0, at[:, 1], at[:, 0]] = 1.0
        return images

    corner = (points < (3, 4)).all(axis=1)
    place = look(Places(), "linear", Task.from_arrays("own", shown(corner), points), seeds=1)
    assert "is worst for the top left" in words(place)
    by_class = look(Places(), "linear", Task.from_arrays("own", shown(labels == 2), points, labels), seeds=1)
    assert "is worst for class 2" in words(by_class)
    assert by_class[0].picture is not None
    even = Task.from_arrays("own", shown(rng.uniform(size=800) < 0.1), points, labels)
    assert look(Places(), "linear", even, seeds=1) == []


@pytest.mark.parametrize("law", [lambda X: X[:, 0] - 2 * X[:, 1], lambda X: 2.0 * (X[:, 0] > 0.3) + (X[:, 1] > 0)])
def test_wrong_answers_are_named_and_right_ones_are_not(law: Callable[[Any], Any]) -> None:
    X = RNG(0).normal(size=(400, 3))
    y = law(X)
    assert not suspects(X, y).any()
    assert not suspects(X, y + 0.2 * RNG(1).normal(size=400)).any()
    rows = RNG(2).choice(400, 20, replace=False)
    y[rows] = -y[rows] + 4 * np.sign(-y[rows])
    found = np.flatnonzero(suspects(X, y))
    assert set(found) <= set(rows)
    assert len(found) >= 10


def test_label_noise_is_an_error_of_the_data() -> None:
    task = linear(300)
    y = task.data().y.to_numpy().ravel().copy()
    rows = task.split(0).train[:20]
    y[rows] = -y[rows] - 3 * np.sign(y[rows])
    found = list(LabelNoise().look(Study(Task.from_arrays("own", task.data().X, y), subject_of("linear"))))
    assert found[0].fault
    assert "far from what several cross-validated learners agree on" in found[0].words
    assert found[0].picture is not None
    assert {row for row, _ in found[0].picture.rows} <= set(rows.tolist())
    assert list(LabelNoise().look(Study(task, subject_of("linear")))) == []


def copies(move_points: bool) -> Task:
    data = get_task("pnist/topleft").data()
    X, y = np.asarray(data.X)[:60], data.y.to_numpy()[:60]
    moved = np.roll(X, (2, -1), axis=(2, 3))
    points = y + np.array([-1, 2]) if move_points else y
    return Task.from_arrays("own", np.concatenate([X, moved]), np.concatenate([y, points]))


def test_copies_that_moved_without_their_points_are_an_error_of_the_data() -> None:
    found = list(Augmentation().look(Study(copies(False), subject_of("linear"))))
    assert len(found) == 1
    assert found[0].fault
    assert "do not move with it in 100 %" in found[0].words
    assert list(Augmentation().look(Study(copies(True), subject_of("linear")))) == []
    assert list(Augmentation().look(Study(get_task("pnist/topleft"), subject_of("linear")))) == []
    offsets, pairs = moved_copies(np.eye(4, dtype=np.float32)[:, None].reshape(4, 1, 2, 2))
    assert (offsets.tolist(), pairs.tolist()) == ([[1, 0], [-1, 1], [1, 0]], [[0, 1], [1, 2], [2, 3]])


def test_transforms_within_the_net_are_named() -> None:
    from torch import nn
    from torchvision.transforms import v2

    task = get_task("pnist/topleft?train=40")

    def moving() -> nn.Module:
        return nn.Sequential(v2.RandomAffine(0, (0.2, 0.2)), nn.Flatten(), nn.Linear(784, 2))

    study = Study(task, subject_of(moving, task))
    assert "RandomAffine" in words(list(Augmentation().look(study)))
    change = next(iter(Augmentation().changes(study)))
    changed = change.apply(study.subject.estimator).set_params(epochs=1, random_state=0)
    changed.fit(task.data().X[:32], task.data().y.to_numpy()[:32])
    assert not any("Affine" in type(part).__name__ for part in changed.module_.modules())


class FirstColumns(RegressorMixin, BaseEstimator):
    """Reads two columns and no more."""

    def fit(self, X: Any, y: Any) -> FirstColumns:
        self.model_ = LinearRegression().fit(np.asarray(X)[:, :2], y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        found: np.ndarray = self.model_.predict(np.asarray(X)[:, :2])
        return found


def test_the_order_of_columns_matters_where_it_does(look: Look) -> None:
    told = look(Reproducibility(), FirstColumns(), linear(noise=0.1))
    assert "takes a column's place for its meaning" in words(told)
    clean = look(Reproducibility(), "linear", linear(noise=0.1))
    assert words(clean) == "the same seed gives the same figures, to the last digit"


def test_a_stored_run_of_another_machine_is_compared(look: Look, tmp_path: Path) -> None:
    task = linear(noise=0.1)
    for name, error in (("same", 0.0), ("other", 0.5)):
        run = evaluate("linear", task, 0)
        run.provenance = {**run.provenance, "platform": "Elsewhere-1.0", "cpu": "another"}
        run.metrics["valid"] = {**run.metrics["valid"], "r2": run.metrics["valid"]["r2"] - error}
        with Store.open(tmp_path / f"{name}.db") as store:
            store.add(run)
            here = evaluate("linear", task, 0)
            store.add(here)
            told = words(look(Reproducibility(), "linear", task, store=store))
        assert "platform Elsewhere-1.0, cpu another" in told
        assert ("more than the seeds differ" in told) == bool(error)
        assert ("gave the same figures" in told) == (not error)
