"""Where whole fits are too long: a learner with fewer epochs stands in, and whole fits judge the best change."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from spoton import Run, get_task
from spoton.why import Study, why
from spoton.why._change import Change, setting
from spoton.why._conclude import Known, best_of, diagnosis_of
from spoton.why._effect import Effect
from spoton.why._render import remark, render
from spoton.why._stand_in import StandIn, confirm, stand_in, told
from spoton.why._study import name_of
from spoton.why._subject import subject_of


class Slow(RegressorMixin, BaseEstimator):
    """Least squares by gradient descent, at a speed that one can watch."""

    def __init__(self, epochs: int = 100, lr: float = 0.001, pause: float = 0.01) -> None:
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


def a_run(learner: str, seed: int, error: float, fit_seconds: float = 9.0) -> Run:
    scores = {"valid": {"r2": 1 - error**2}}
    return Run("friedman1", learner, seed, status="ok", metrics=scores, fit_seconds=fit_seconds)


def a_study(learner: Any, fit_seconds: float, error: float = 0.5, **options: Any) -> Study:
    task = get_task("friedman1")
    study = Study(task, subject_of(learner, task), seconds=100.0, **options)
    study.runs.append(a_run(study.subject.name, 0, error, fit_seconds))
    return study


def test_a_tenth_of_the_budget_is_too_long_for_a_fit() -> None:
    study = a_study("basenet?epochs=50", 10.0, jobs=1)
    held = stand_in(study)
    assert held is not None
    # of 100 s a fit may take 2.2: 11 of 50 epochs
    assert study.subject.name == "basenet?epochs=11"
    assert study.asked.name == "basenet?epochs=50"
    assert (held.epochs, held.seconds, held.reserve) == (50, 10.0, 13.0)
    assert held.minutes == 4  # 10 s are less than 4.5 % of 240


@pytest.mark.parametrize(
    ("learner", "fit_seconds", "jobs"),
    [("basenet?epochs=50", 4.0, 1), ("basenet?epochs=50", 8.0, 2), ("ridge", 10.0, 1), ("basenet?epochs=1", 10.0, 1)],
)
def test_nothing_stands_in_where_it_need_not_or_cannot(learner: str, fit_seconds: float, jobs: int) -> None:
    study = a_study(learner, fit_seconds, jobs=jobs)
    assert stand_in(study) is None
    assert study.subject is study.asked


def test_an_estimator_of_ones_own_is_cut_short_too() -> None:
    study = a_study(Slow(), 10.0, jobs=1)
    assert stand_in(study) is not None
    name, estimator = study.subject.pair()
    assert name == "Slow, 22 epochs"
    assert estimator.epochs == 22
    assert study.asked.pair()[1].epochs == 100


def cut_short(whole_error: float) -> tuple[Study, Known, StandIn, Change]:
    """A learner of error .5, .8 with fewer epochs; a change that halves the latter, and does that to the former."""
    study = a_study("basenet?epochs=50", 10.0, jobs=1)
    held = stand_in(study)
    assert held is not None
    study.runs += [a_run(study.subject.name, 0, 0.8, 2.0), a_run(study.asked.name, 1, 0.5)]
    change = setting("optimisation", "lr 0.1", "a learning rate that is too low", "lr", 0.1)
    study.effects[(change,)] = Effect(0.5, 0.4, 0.6, 3)
    name = name_of(study.asked.with_changes([change]))
    study.runs += [a_run(name, 0, whole_error), a_run(name, 1, whole_error)]
    known = Known(changes=[change], facts=[told(study, held)], stand_in=held)
    known.base = [run for run in study.runs if run.learner == study.asked.name]
    return study, known, held, change


def no_more_runs(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "run", lambda *_, **__: [])


def test_what_helps_the_whole_too_is_said_with_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    study, known, held, change = cut_short(0.3)
    no_more_runs(study, monkeypatch)
    confirm(study, known, held)
    assert known.whole is not None
    assert known.whole.closed == pytest.approx(0.4)  # (.5 - .3) / .5
    assert known.facts[-1].words == "with all 50 epochs, lr 0.1 closes 40 % of the gap on 2 seeds"
    found = diagnosis_of(study, known, False, 1.0)
    assert found.causes == (change.cause,)
    assert found.learner == "basenet?epochs=50"
    assert found.name == "basenet?epochs=50&lr=0.1"
    assert found.position == pytest.approx(0.5)  # of the whole, not of what stands in
    lines = [str(part) for part in render(found)]
    assert lines[3].startswith("a fit takes 10 s, so all shares were measured with 11 epochs instead of 50 (error 0.8")


def test_what_does_not_help_the_whole_is_no_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    study, known, held, change = cut_short(0.5)
    no_more_runs(study, monkeypatch)
    confirm(study, known, held)
    assert known.whole is None
    assert known.facts[-1].words == "with all 50 epochs, lr 0.1 closes nothing, on 2 seeds"
    assert best_of(study, known) == ()
    found = diagnosis_of(study, known, False, 1.0)
    assert found.causes == ()
    assert [pair[0] for pair in found.of("unclear")] == [change]
    assert remark({"refuted": True, "verdict": "unclear", "low": 0.4}) == "not with all epochs"


@pytest.mark.slow
def test_a_long_learner_is_diagnosed_within_its_budget() -> None:
    start = time.monotonic()
    found = why(Slow(pause=0.03), "friedman1", minutes=0.6, jobs=1)  # a fit takes 3 s of 36, most of it asleep
    assert time.monotonic() - start < 60
    assert found.facts[0].probe == "stand-in"
    shorter = any(re.fullmatch(r"Slow, \d\d epochs", run.learner) for run in found.runs)
    assert shorter or "epochs instead of 100" in found.facts[0].words
    assert found.learner == "Slow"
    assert all("epochs instead" not in change.words for change, _ in found.measured)
    assert any(fact.words.startswith("with all 100 epochs, ") for fact in found.facts)
