"""Where fits are long: all changes are put in order by short fits, and the first ones are confirmed by whole ones."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from spoton import Run, get_task
from spoton.why import Study, why
from spoton.why._screen import costly, seconds_a_fit, shorter
from spoton.why._subject import subject_of
from spoton.why.probes import Bounds


class Slow(RegressorMixin, BaseEstimator):
    """Least squares by gradient descent, at a speed that one can watch."""

    def __init__(self, epochs: int = 20, lr: float = 0.001, pause: float = 0.0165) -> None:
        self.epochs, self.lr, self.pause = epochs, lr, pause

    def fit(self, X: Any, y: Any) -> Slow:
        A = np.column_stack([np.asarray(X, dtype=float), np.ones(len(X))])
        self.coef_ = np.zeros(A.shape[1])
        for _ in range(self.epochs):
            time.sleep(self.pause)
            self.coef_ -= self.lr * A.T @ (A @ self.coef_ - y) / len(A)
        return self

    def predict(self, X: Any) -> Any:
        return np.column_stack([np.asarray(X, dtype=float), np.ones(len(X))]) @ self.coef_


def a_study(learner: Any, fit_seconds: float, **options: Any) -> Study:
    task = get_task("friedman1")
    study = Study(task, subject_of(learner, task), seconds=100.0, **options)
    scores = {"valid": {"r2": 0.75}}
    study.runs.append(Run(task.name, study.subject.name, 0, status="ok", metrics=scores, fit_seconds=fit_seconds))
    return study


def test_so_many_epochs_fit_in() -> None:
    study = a_study("basenet?epochs=10", 9.0, jobs=1)
    assert seconds_a_fit(study) == 9.0
    assert costly(study)
    short = shorter(study, 20)  # 180 s of whole fits, and 30 s for them: a sixth of ten epochs
    assert short is not None
    assert short.words == "1 epoch"
    assert study.subject.with_changes([short]) == "basenet?epochs=1"
    short = shorter(a_study("basenet?epochs=60", 9.0, jobs=2), 20)  # two at once: a third of sixty
    assert short is not None
    assert short.words in ("19 epochs", "20 epochs")  # the clock runs
    quick = a_study("basenet?epochs=10", 0.5, jobs=1)
    assert not costly(quick)
    assert shorter(quick, 20) is None
    assert shorter(a_study("ridge", 9.0, jobs=1), 20) is None  # no epochs


@pytest.mark.slow
def test_long_fits_are_screened_by_short_ones() -> None:
    found = why(Slow(), "friedman1", minutes=0.16, jobs=1)  # a fit takes .33 s of 9.6
    (screening,) = [fact for fact in found.facts if fact.probe == "screening"]
    assert "instead of 20: " in screening.words
    assert {run.seed for run in found.runs if run.learner == found.learner} == {0, 1, 2}
    assert found.measured
    assert {effect.seeds for _, effect in found.measured} <= {1, 2}
    first, effect = found.measured[0]
    assert first.cause in ("a learning rate that is too low", "the scale of the answers", "the scale of the inputs")
    assert effect.closed > 0.1


def test_what_is_left_over_is_said() -> None:
    study = a_study("ridge", 0.1, jobs=1)
    exact = Run(study.task.name, "spottable?epochs=3", 0, status="ok", metrics={"valid": {"r2": 0.9999}})
    study.runs += [exact, Run(study.task.name, "oracle", 0, status="ok", metrics={"valid": {"r2": 1.0}})]
    (fact,) = Bounds.left_over(study, 0.3)
    # errors: 0.5, and 0.01 of the other one
    assert "with what helped 70 % of the gap is left, and spottable, three passes leaves 2 % of it" in fact.words
    assert "spoton bench 'friedman1' --learners 'spottable?epochs=3'" in fact.advice
    assert not list(Bounds.left_over(study, 0.6))  # most of it is mended
    exact.metrics["valid"]["r2"] = 0.9
    assert not list(Bounds.left_over(study, 0.3))


@pytest.mark.parametrize("closed", [0.0, 0.2])
def test_nothing_is_left_over_where_nobody_is_better(closed: float) -> None:
    assert not list(Bounds.left_over(a_study("ridge", 0.1, jobs=1), closed))
