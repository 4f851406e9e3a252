"""`export_model`: a kept model as files for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spoton.errors import DataError, UsageError
from spoton.export._check import Checked
from spoton.export._export import MOST, export_learner
from spoton.models import Card, Model
from spoton.models._files import open_inputs
from spoton.models._inputs import checked_inputs
from spoton.tasks import get_task


def export_model(model: Model, paths: Sequence[str | Path], X: Any = None, *, hard: bool = False) -> list[Checked]:
    """Write a model to files for other programs, each checked against it on real inputs before it is there.

    Args:
        model: as `fit_model` and `load_model` give it.
        paths: each ends in `.onnx`, or in `.pt2` for `torch.export.load`.
        X: real inputs, as for `model.predict`; the validation rows of its task by default.
        hard: the net as an exact rule (`spotnet` and `gatedspot`).

    Returns:
        What the check of each file found.

    Raises:
        UsageError: a learner that cannot be exported, a name that ends otherwise, or a task of own data without X.
        DataError: the file's answers are not the model's; then no file is written.
        MissingExtra: ONNX without the extra `onnx`.
    """
    card = model.card
    return export_learner(
        model.estimator,
        paths,
        real_inputs(card) if X is None else checked_inputs(X, card),
        columns=card.answers["columns"],
        points=card.answers["points"],
        unit=card.answers["unit"],
        hard=hard,
        facts={
            "task": card.task["name"],
            "learner": card.learner["name"],
            "data_hash": card.task["data_hash"],
            "inputs": json.dumps({name: card.inputs[name] for name in ("kind", "shape", "columns", "any_size")}),
        },
    )


def real_inputs(card: Card) -> Any:
    """The validation rows of the model's task.

    Raises:
        UsageError: the task is of somebody's own data, which only its owner has.
        DataError: the task has other data now.
    """
    if card.task["own"]:
        raise UsageError(
            f"the model was fitted on own data ({card.task['name']}), which it does not hold; name inputs like those "
            "of the fit, on which the file is checked"
        )
    task = get_task(card.task["name"])
    data, split = task.data(), task.split(card.split["seed"], card.split["train_size"])
    if tuple(data.X.shape[1:]) != tuple(card.inputs["shape"]):
        raise DataError(f"the data of {task.name} are not those of the fit; name inputs on which the file is checked")
    return data.take(split.valid).X


def inputs_of(paths: Sequence[Path], card: Card) -> Any:
    """Inputs that the user names: images of one size and folders of them, a table, or an .npz.

    Raises:
        UsageError: files of another kind than the model takes.
        DataError: a file cannot be read, or images are of several sizes.
    """
    source = open_inputs(paths, card)
    rows = source.read(0, MOST)[0]
    for name, row in zip(source.names, rows, strict=False):
        if row.shape != rows[0].shape:
            came, first = (f"{shape[-1]} x {shape[-2]} px" for shape in (row.shape, rows[0].shape))
            raise DataError(f"{name} is {came} and {source.names[0]} {first}; name images of one size")
    return np.stack(rows)
