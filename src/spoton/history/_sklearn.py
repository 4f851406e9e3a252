"""Histories of scikit-learn's iterative learners: read after the fit, or written by fitting epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from spoton.errors import UsageError
from spoton.history._history import History


def from_sklearn(estimator: Any) -> History | None:
    """The history that a fitted estimator of scikit-learn kept, None where it kept none.

    ===================================  ==================================================================
    estimator                            what is read
    ===================================  ==================================================================
    MLPRegressor, MLPClassifier          `loss_curve_`; `valid_score` of early stopping
    HistGradientBoosting...              `train_score_` and `validation_score_` (kept with early stopping)
    GradientBoosting...                  `train_score_`
    ===================================  ==================================================================

    Halves of squared errors are doubled, so that `train_loss` is a mean squared error as in other frameworks (of an
    MLP, with its penalty on weights). Scores stay scores: `train_score`, `valid_score`. Of a pipeline, a search or a
    TransformedTargetRegressor it is that of the estimator inside, in the units that this one sees.
    """
    while (inside := _inside(estimator)) is not None:
        estimator = inside
    if (curve := _list(estimator, "loss_curve_")) is not None:
        twice = 2.0 if getattr(estimator, "loss", "") == "squared_error" else 1.0
        return _table(train_loss=[twice * v for v in curve], valid_score=_list(estimator, "validation_scores_"))
    if not hasattr(estimator, "train_score_"):
        return None
    train, valid = _list(estimator, "train_score_"), _list(estimator, "validation_score_")
    if not hasattr(estimator, "_predictors"):
        return _table(train_loss=train)
    # those on histograms begin with the score before the first tree, and "loss" is the negative of a half
    train, valid = (train or [])[1:], (valid or [])[1:]
    if getattr(estimator, "scoring", None) != "loss":
        return _table(train_score=train, valid_score=valid)
    twice = 2.0 if getattr(estimator, "loss", "") == "squared_error" else 1.0
    return _table(train_loss=[-twice * v for v in train], valid_loss=[-twice * v for v in valid])


def fit_epochs(
    estimator: Any,
    X: Any,
    y: Any,
    epochs: int,
    history: History | None = None,
    *,
    valid: tuple[Any, Any] | None = None,
    **options: Any,
) -> History:
    """Fit an estimator with `partial_fit` (MLPRegressor, SGDRegressor, ...) epoch by epoch, and keep the history.

    `train_loss` is the mean squared error of its predictions after each pass, `valid_loss` that on other rows; of a
    classifier they are shares of wrong labels. Whoever looks on by `on_epoch` can score more. Called again with the
    same history, it goes on as a further fit.

    Args:
        estimator: a regressor or classifier with `partial_fit`, which makes one pass over the rows.
        X, y: the training rows.
        epochs: passes.
        history: where to write; a fresh one by default.
        valid: inputs and answers of rows to score as well.
        options: further keywords of `partial_fit`; classifiers get `classes` from `y` by default.

    Returns:
        The history.

    Raises:
        UsageError: no `partial_fit`, or fewer than one epoch.
    """
    if not hasattr(estimator, "partial_fit") or epochs < 1:
        raise UsageError(
            f"epoch by epoch takes an estimator with partial_fit and 1 epoch or more, "
            f"not {type(estimator).__name__} and {epochs}"
        )
    history = History() if history is None else history
    labels = is_classifier(estimator)
    if labels:
        options.setdefault("classes", np.unique(np.asarray(y)))
    sides = {"train_loss": (X, y)} | ({} if valid is None else {"valid_loss": valid})
    history.begin_fit()
    for _ in range(epochs):
        start = perf_counter()
        estimator.partial_fit(X, y, **options)
        seconds = perf_counter() - start
        losses = {name: _loss(estimator, *rows, labels=labels) for name, rows in sides.items()}
        history.append({**losses, "seconds": seconds})
    return history


def _loss(estimator: Any, X: Any, y: Any, *, labels: bool) -> float:
    """The share of wrong labels, or the mean squared error."""
    if labels:
        return float((np.asarray(estimator.predict(X)) != np.asarray(y)).mean())
    actual = np.asarray(y, dtype=np.float64)
    error = np.asarray(estimator.predict(X), dtype=np.float64).reshape(actual.shape) - actual
    return float((error**2).mean())


def _inside(estimator: Any) -> Any:
    """The fitted estimator that another one holds; None where it holds none."""
    if steps := getattr(estimator, "steps", None):
        return steps[-1][1]
    return getattr(estimator, "best_estimator_", getattr(estimator, "regressor_", None))


def _list(estimator: Any, name: str) -> list[float] | None:
    values = getattr(estimator, name, None)
    return None if values is None or not len(values) else [float(v) for v in values]


def _table(**columns: Sequence[float] | None) -> History | None:
    """Columns of equal length as rows; None where all are empty."""
    there = {key: values for key, values in columns.items() if values}
    if not there:
        return None
    return History([dict(zip(there, row, strict=True)) for row in zip(*there.values(), strict=True)])
