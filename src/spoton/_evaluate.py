"""The sole scorer: every figure of spoton comes from `evaluate(learner, task, seed) -> Run`."""

from __future__ import annotations

import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import index
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.compose import TransformedTargetRegressor

from spoton import _interrupt, metrics
from spoton._judge import Judge
from spoton._provenance import now, provenance, settings_of
from spoton._run import Run as Run
from spoton._run import fingerprint
from spoton._threads import one_thread
from spoton.data import Array, PointData
from spoton.errors import Diverged, MissingExtra, Refused, UsageError
from spoton.history import on_epoch
from spoton.learners import ORACLE, OneHot, count_parameters, get_learner, innermost, selection_of
from spoton.tasks import Task, get_task

EDGES = "extremes"


def evaluate(
    learner: str | BaseEstimator,
    task: str | Task,
    seed: int = 0,
    *,
    train_size: int | None = None,
    epochs: int | None = None,
    keep_predictions: bool = False,
    history: bool | int = False,
    name: str | None = None,
    on_fitted: Callable[[BaseEstimator], None] | None = None,
) -> Run:
    """Fit a learner on the training side of (task, seed) and score it on train, valid and test.

    Learners work on one thread, so that seconds compare and the same seed gives the same figures, bit for bit, on one
    machine. A learner that declines gives a `skipped` run, one that crashes or diverges a `failed` run; the reason is
    in it.

    Args:
        learner: a name (see `get_learner`), `oracle`, or any scikit-learn regressor or classifier; it is cloned.
        task: a name (see `get_task`) or a Task.
        seed: decides the split, and every `random_state` of the learner.
        train_size: train on so many rows only; validation and test stay as they are.
        epochs: passes over the data, for learners of the catalogue that have such a parameter.
        keep_predictions: keep the predictions of every split in `Run.predictions`.
        history: score train and valid after every epoch, or after every so many; the learner neither sees nor notices
            it. `Run.history` has what the learner itself keeps in any case.
        name: what the run calls the learner; its own name by default.
        on_fitted: is given the fitted estimator, where the run is ok.

    Returns:
        The run: status, reason, metrics of each split, seconds, parameters, hashes of data and split.

    Raises:
        UsageError: an unknown name, parameter or size; what goes wrong in the fit is a row.
    """
    task = get_task(task) if isinstance(task, str) else task
    seed, train_size = index(seed), None if train_size is None else index(train_size)
    if (every := index(history)) < 0:
        raise UsageError(f"history is True, False or a number of epochs, not {every}")
    run = Run(
        task=task.name,
        learner=name or (learner if isinstance(learner, str) else type(learner).__name__),
        seed=seed,
        asked_train_size=train_size,
        asked_epochs=epochs,
        asked_history=every,
        own=task.own,
        ceiling=task.ceiling,
        details="" if isinstance(learner, str) else fingerprint(learner),
        provenance=provenance(),
    )
    _interrupt.check()
    data, split = task.data(), task.split(seed, train_size)
    sides = {"train": data.take(split.train), "valid": data.take(split.valid)}
    if (test := task.test()) is not None:
        sides["test"] = test.take(np.arange(len(test)))  # a copy: a learner may work in place
    run.train_size, run.data_hash, run.split_hash = len(split.train), task.data_hash, split.hash()
    run.rows_of = {side: len(part) for side, part in sides.items()}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator = _prepare(learner, task, seed, epochs)
            run.settings = settings_of(estimator)
        except (Refused, MissingExtra) as error:
            run.status, run.reason, run.finished = "skipped", str(error), now()
            return run
        try:
            with one_thread(), _seeded(seed), on_epoch(lambda _: _interrupt.check()):
                _fit_and_score(estimator, task, sides, run, keep_predictions, every)
                # on fresh rows: a learner may have worked in place
                _score_selection(estimator, task, data.take(split.train), run)
                run.status = "ok"
            if on_fitted is not None:
                on_fitted(estimator)
        except (Refused, MissingExtra) as error:
            run.status, run.reason = "skipped", str(error)
        except Exception as error:  # the bench goes on; the row says why
            _interrupt.check()  # some libraries make errors of their own of a Ctrl-C
            run.status, run.reason = "failed", _one_line(error)
            run.metrics = {}
    if run.predictions is not None:
        numbers = {"train": split.train, "valid": split.valid, "test": np.arange(len(sides.get("test", ())))}
        run.row_ids = {side: np.asarray(numbers[side]) for side in run.predictions}
    run.finished = now()
    run.notes = sorted({" ".join(f"{w.category.__name__}: {w.message}".split())[:300] for w in caught})
    return run


def _prepare(learner: str | BaseEstimator, task: Task, seed: int, epochs: int | None) -> BaseEstimator:
    """A fresh, seeded estimator that fits the kind of task."""
    if learner == ORACLE:
        estimator = task.oracle()
        if estimator is None:
            raise Refused("no exact rule is known for this task")
        return estimator
    estimator = get_learner(learner, epochs=epochs) if isinstance(learner, str) else clone(learner)
    parameters = estimator.get_params()
    estimator.set_params(**{key: seed for key in parameters if key.split("__")[-1] == "random_state"})
    for part in (estimator, *parameters.values()):
        if hasattr(part, "warm_up"):
            part.warm_up()
    if task.kind != "point":
        # the image's edges are limits of points, not of sums, shares and classes
        free = {key: "auto" for key, value in parameters.items() if key.split("__")[-1] == "y_range" and value == EDGES}
        estimator.set_params(**free)
    if is_classifier(estimator) and task.kind != "class":
        raise Refused("this learner is a classifier, and the answers of this task are numbers; take a regressor")
    if task.kind == "class" and not is_classifier(estimator):
        if getattr(estimator, "uses_labels", False):
            raise Refused("the label is the answer of this task, so a learner that is told it learns nothing")
        return TransformedTargetRegressor(regressor=estimator, transformer=OneHot())
    return estimator


def _fit_and_score(
    estimator: BaseEstimator, task: Task, sides: dict[str, PointData], run: Run, keep_predictions: bool, every: int
) -> None:
    """Fit on the training side, predict and score every side, and fill in the run."""
    run.uses_labels = bool(getattr(estimator, "uses_labels", False))
    columns = list(sides["train"].y.columns)
    y = np.array(sides["train"].y, dtype=np.float64)  # a copy, since pandas hands out read-only arrays
    if is_classifier(estimator):
        y = y.astype(int)

    def score(side: str, predicted: Any) -> dict[str, float]:
        part = sides[side]
        actual, shape = part.y.to_numpy(dtype=np.float64), (len(part), -1)
        predicted = np.asarray(predicted, dtype=np.float64).reshape(shape)
        return metrics.score(actual, predicted, columns, points=part.points, whole=task.whole, kind=task.kind)

    def predict(side: str) -> Any:
        return estimator.predict(sides[side].X, **_labels(run, sides[side]))

    watched = {side: len(sides[side]) for side in ("train", "valid")}  # the test rows are for the end
    judge = Judge(estimator, score, predict, lambda: _seeded(run.seed), every=every, rows=watched)
    start = time.perf_counter()
    try:
        with on_epoch(judge):
            estimator.fit(sides["train"].X, y.ravel() if y.shape[1] == 1 else y, **_labels(run, sides["train"]))
        run.fit_seconds = time.perf_counter() - start - judge.seconds
    finally:
        run.history = judge.history()  # also of a fit that failed: it shows how
    scores: dict[str, dict[str, float]] = {}
    kept: dict[str, Array] = {}
    for side, part in sides.items():
        start = time.perf_counter()
        predicted = np.asarray(estimator.predict(part.X, **_labels(run, part)), dtype=np.float64)
        if side == "valid":
            run.predict_seconds = time.perf_counter() - start
        predicted = predicted.reshape(len(part), -1)
        if predicted.shape[1] != len(columns):
            raise ValueError(f"the learner predicts {predicted.shape[1]} outputs, the task has {len(columns)}")
        if not np.isfinite(predicted).all():
            bad = int((~np.isfinite(predicted)).any(axis=1).sum())
            raise Diverged(f"{bad} of {len(predicted)} predictions on {side} are NaN or infinite")
        scores[side] = score(side, predicted)
        kept[side] = predicted
    run.parameters, run.epochs = count_parameters(estimator), _epochs(estimator)
    run.predictions = kept if keep_predictions else None
    if every:
        run.history = judge.history(staged=lambda side: sides[side].X)
        if run.history is not None and task.kind != "class":
            run.history.baseline = judge.baseline(y)
    run.metrics = scores


def _score_selection(estimator: BaseEstimator, task: Task, train: PointData, run: Run) -> None:
    """Which columns the learner uses, against those that decide; of the fit, so the same on every side."""
    if not task.support or not isinstance(train.X, pd.DataFrame):
        return
    selection = selection_of(estimator, list(train.X.columns))
    if selection is not None:
        found = metrics.score_selection(selection, task.support, train.X, train.y)
        run.metrics = {side: scores | found for side, scores in run.metrics.items()}


def _labels(run: Run, part: PointData) -> dict[str, Any]:
    """The labels as a keyword, for learners that say they use them."""
    if not run.uses_labels:
        return {}
    if part.labels is None:
        raise Refused("this learner needs labels, and the task carries none")
    return {"labels": part.labels}


def _epochs(estimator: Any) -> int | None:
    """Passes over the data of the model inside, where it counts them."""
    estimator = innermost(estimator)
    # scikit-learn's MLP counts iterations; those of linear models are no passes over the data
    count = getattr(
        estimator, "n_epochs_", getattr(estimator, "n_iter_", None) if hasattr(estimator, "coefs_") else None
    )
    return None if count is None else int(count)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The global random numbers of Python, NumPy and torch from `seed` inside, for learners without a random state."""
    before = random.getstate(), np.random.get_state()
    torch = sys.modules.get("torch")
    kept = None if torch is None else torch.random.get_rng_state()
    try:
        random.seed(seed)
        np.random.seed(seed)
        if torch is not None:
            torch.default_generator.manual_seed(seed)
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        if torch is not None:
            torch.random.set_rng_state(kept)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
