"""`fit_model`: a run of the bench whose fitted learner is not thrown away."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from spoton._evaluate import evaluate
from spoton._run import Run
from spoton.data import Array, PointData
from spoton.errors import DataError, UsageError
from spoton.learners import ORACLE, TorchRegressor, get_learner, innermost, model_of
from spoton.models._card import Card
from spoton.models._data import summary
from spoton.models._estimator import to_bytes
from spoton.models._model import Model
from spoton.models._parts import taken_apart
from spoton.tasks import Task, get_task

SHOWN = 256  # rows of the validation side whose predictions the card holds
# of the span of each answer: float32 nets add up in another order on another machine, and are off by so much at most
TOLERANCE = 1e-4


def fit_model(
    task: str | Task,
    learner: str | BaseEstimator | Any,
    *,
    seed: int = 0,
    train_size: int | None = None,
    epochs: int | None = None,
    name: str | None = None,
) -> Model:
    """Fit a learner on the training side of (task, seed), as the bench does, and keep it.

    Args:
        task: a name (see `get_task`) or a Task, as `Task.from_folder` makes one of own data.
        learner: a name (see `get_learner`), a scikit-learn regressor, or a net of your own: a torch module, of which
            a copy with fresh weights is trained, or a class or function that makes one.
        seed: decides the split, and every `random_state` of the learner.
        train_size: train on so many rows only; validation and test stay as they are.
        epochs: passes over the data, for learners of the catalogue that have such a parameter.
        name: what the model calls the learner; its own name by default.

    Returns:
        The model, with the metrics of each split in `model.card.metrics`.

    Raises:
        UsageError: an unknown name or parameter, or a learner that declines the task or cannot be kept.
        DataError: the fit failed; the sentence has the reason.
    """
    task = get_task(task) if isinstance(task, str) else task
    made, called = _made(learner, epochs)
    called = name or called
    check_keepable(made, called)
    fitted: list[BaseEstimator] = []
    run = evaluate(
        learner if isinstance(learner, str) else made,
        task,
        seed,
        train_size=train_size,
        epochs=epochs,
        keep_predictions=True,
        name=called,
        on_fitted=fitted.append,
    )
    if run.status == "skipped":
        raise UsageError(f"{called} cannot learn {task.name}: {run.reason}")
    if run.status != "ok":
        raise DataError(f"the fit of {called} on {task.name} failed: {run.reason}")
    return Model(_card(run, task, fitted[0]), fitted[0])


def check_keepable(estimator: BaseEstimator, name: str) -> None:
    """Before a long fit, not after it.

    Raises:
        UsageError: the learner could not be kept.
    """
    from spoton.models._keepers import keepers

    to_bytes(taken_apart(estimator, keepers())[0], name)


def _made(learner: Any, epochs: int | None) -> tuple[BaseEstimator, str]:
    """The learner, not fitted, and its name."""
    if isinstance(learner, str):
        if learner == ORACLE:
            raise UsageError("the oracle is the rule of a task and learns nothing; name a learner")
        return get_learner(learner, epochs=epochs), learner
    if isinstance(learner, BaseEstimator):
        model = model_of(learner)
        own = isinstance(model, TorchRegressor) and not isinstance(model.net, str)
        return learner, str(getattr(model.net, "__name__", "") or model.net.name) if own else type(learner).__name__
    from spoton.learners._own_file import is_net, learner_of_net

    if is_net(learner):
        called, made, _ = learner_of_net(learner)
        return made, called
    raise UsageError(
        "a learner is a name, a scikit-learn regressor, a torch module, or a class or function that makes one, not a "
        f"{type(learner).__name__}"
    )


def _card(run: Run, task: Task, estimator: BaseEstimator) -> Card:
    data = task.data()
    predictions, numbers = run.predictions or {}, run.row_ids or {}
    model = innermost(estimator)
    span = data.y.max() - data.y.min()
    # spread over the side, which is in random order already
    shown = range(min(SHOWN, len(predictions["valid"])))
    return Card(
        task={
            "name": task.name,
            "kind": task.kind,
            "own": task.own,
            "data_hash": run.data_hash,
            "whole": task.whole,
            "summary": summary(data, task.test()),
        },
        learner={
            "name": run.learner,
            "settings": run.settings,
            "epochs": run.asked_epochs,
            "uses_labels": run.uses_labels,
            "own_net": own_net(model),
        },
        split={"seed": run.seed, "train_size": run.asked_train_size, "hash": run.split_hash, "rows": run.rows_of},
        inputs=_inputs(data, model),
        answers={
            "columns": list(map(str, data.y.columns)),
            "unit": "px" if data.points else "",
            "points": [list(pair) for pair in data.points],
        },
        metrics=run.metrics,
        predictions={
            "sha256": digest(predictions),
            "tolerance": [float(TOLERANCE * value) for value in span],
            "rows": [
                {"row": int(numbers["valid"][i]), "answers": [float(value) for value in predictions["valid"][i]]}
                for i in shown
            ],
        },
        run={
            "seconds": run.fit_seconds,
            "parameters": run.parameters,
            "epochs": run.epochs,
            "notes": run.notes,
            "started": run.started,
        },
        provenance=run.provenance,
    )


def own_net(model: Any) -> dict[str, str] | None:
    """What of a user's own net a card holds: its name, and of a file its name and a digest of its text."""
    if not isinstance(model, TorchRegressor) or isinstance(model.net, str):
        return None
    from spoton.models._keepers import name_of

    digest = getattr(model.net, "digest", "")
    return {"name": name_of(model.net), "file": getattr(model.net, "path", "").rpartition("/")[2], "digest": digest}


def digest(predictions: dict[str, Array]) -> str:
    """Of all predictions, to the bit."""
    found = hashlib.sha256()
    for side in ("train", "valid", "test"):
        if side in predictions:
            found.update(side.encode() + np.ascontiguousarray(predictions[side], dtype="<f8").tobytes())
    return found.hexdigest()


def _inputs(data: PointData, model: Any) -> dict[str, Any]:
    if isinstance(data.X, pd.DataFrame):
        return {
            "kind": "table",
            "shape": [data.X.shape[1]],
            "columns": list(map(str, data.X.columns)),
            "any_size": False,
        }
    free = isinstance(model, TorchRegressor) and bool(getattr(model.module_, "any_size", False))
    return {
        "kind": "images",
        "shape": list(map(int, data.X.shape[1:])),
        "columns": [],
        "any_size": free,
        "high": float(data.X.max()),
    }
