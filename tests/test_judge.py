"""Histories of runs: scored from outside, noticed by nobody."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

from spoton import Run, evaluate, get_task
from spoton.errors import Diverged, UsageError
from spoton.history import History

TASK = "pnist/topleft"
SMALL: dict[str, Any] = {"train_size": 100, "epochs": 3}


@pytest.mark.parametrize("learner", ["net3", "featsnet+ynorm", "fastai-tabular@pts"])
def test_a_fit_does_not_notice_that_it_is_scored(learner: str) -> None:
    plain, watched = (evaluate(learner, TASK, history=every, **SMALL) for every in (False, True))
    assert plain.metrics == watched.metrics
    assert plain.identity == watched.identity
    assert plain == Run.from_json(plain.to_json())
    assert plain.history is not None
    assert watched.history is not None
    assert plain.history.names == ["train_loss", "seconds", "lr"]
    assert plain.history.column("train_loss").tolist() == watched.history.column("train_loss").tolist()
    assert len(watched.history) == 3


@pytest.mark.parametrize("learner", ["net3", "featsnet+ynorm", "gbdt@pts", "gbdt@pts+ynorm"])
def test_the_last_epoch_is_the_run(learner: str) -> None:
    """In original units, whatever the learner minimises."""
    run = evaluate(learner, TASK, history=True, **SMALL)
    assert run.history is not None
    for side in ("train", "valid"):
        for metric in ("mse", "r2", "dist_avg", "hit"):
            assert run.history[-1][f"{side}_{metric}"] == pytest.approx(run.metrics[side][metric], rel=1e-6)
    assert not any("test" in name for name in run.history.names)
    task = get_task(TASK)
    data, split = task.data(), task.split(0, 100)
    y = data.y.to_numpy()
    error = y[split.valid] - y[split.train].mean(axis=0)
    assert run.history.baseline["valid_mse"] == pytest.approx((error**2).mean())


def test_every_so_many_epochs() -> None:
    run = evaluate("net3", TASK, train_size=100, epochs=5, history=2)
    assert run.history is not None
    assert np.isfinite(run.history.column("valid_mse")).tolist() == [False, True, False, True, False]
    stages = evaluate("gbdt@pts", TASK, train_size=100, epochs=5, history=2).history
    assert stages is not None
    assert stages.column("epoch").tolist() == [2, 4, 5]
    with pytest.raises(UsageError, match="number of epochs"):
        evaluate("net3", TASK, history=-1)


def test_models_for_each_label_are_fits_of_one_history() -> None:
    run = evaluate("net3+bylabel", "pnist/topleft?digits=all", train_size=200, epochs=2, history=True)
    assert run.status == "ok", run.reason
    assert run.history is not None
    assert run.history.fits == 10
    assert len(run.history) == 20
    assert not run.notes  # it cannot be scored in mid-fit, which is no news
    assert "valid_mse" not in run.history.names


def test_what_has_no_epochs_has_no_history() -> None:
    assert evaluate("linear@pts", TASK, history=True).history is None
    assert evaluate("spottable", "columns/perfect", epochs=2).history is not None


class Custom(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Appends a row an epoch; breaks as it is told."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def fit(self, X: Any, y: Any) -> Custom:
        self.history_ = History()
        self.model_ = LinearRegression().fit(np.asarray(X).reshape(len(X), -1)[:, :1], y)
        for epoch in range(3):
            self.epoch = epoch
            self.history_.append({"train_loss": 1 / (1 + epoch)})
        if self.fault == "diverges":
            raise Diverged("the loss left the finite numbers")
        self.epoch = -1
        return self

    def predict(self, X: Any) -> Any:
        if self.fault == "explodes" and self.epoch == 1:
            raise RuntimeError("not now")
        found = self.model_.predict(np.asarray(X).reshape(len(X), -1)[:, :1])
        return found * np.nan if self.fault == "nan" and self.epoch == 1 else found


def scored(run: Run) -> list[bool]:
    assert run.history is not None
    return np.isfinite(run.history.column("valid_mse")).tolist()


def test_faults_in_mid_fit_are_not_those_of_the_run() -> None:
    assert scored(evaluate(Custom(), TASK, history=True)) == [True] * 3
    run = evaluate(Custom("explodes"), TASK, history=True)
    assert run.status == "ok"
    assert scored(run) == [True, False, False]
    assert "not now" in run.notes[0]
    assert scored(evaluate(Custom("nan"), TASK, history=True)) == [True, False, True]


def test_a_fit_that_failed_shows_how() -> None:
    run = evaluate(Custom("diverges"), TASK, history=True)
    assert run.status == "failed"
    assert run.history is not None
    assert len(run.history) == 3


def test_a_run_keeps_its_history_in_files() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = evaluate("net3", TASK, train_size=50, epochs=60)
    line = run.to_json()
    again = Run.from_json(line)
    assert again == run
    assert again.history is not None
    assert run.history is not None
    assert again.history.column("train_loss") == pytest.approx(run.history.column("train_loss"), rel=1e-5)
    assert len(line) < 5000
    held = line.replace('"history":', '"unknown_to_older_versions":')
    assert Run.from_json(held).history is None
