"""What one run predicted, row by row, beside what is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spoton._run import Run
from spoton.data import Array, PointData
from spoton.errors import DataError
from spoton.gallery._task import checked, task_of
from spoton.tasks import Task


@dataclass(frozen=True, eq=False)
class Answers:
    """Rows of one split.

    Attributes:
        task: of the run.
        data: the rows of the split, in the order of the predictions: inputs, right answers, labels.
        predicted: (n, k) predictions.
        centre: (k,) mean of the answers that the run was trained on.
    """

    task: Task
    data: PointData
    predicted: Array
    centre: Array

    @property
    def actual(self) -> Array:
        """(n, k) right answers."""
        found: Array = self.data.y.to_numpy(dtype=np.float64)
        return found

    @property
    def columns(self) -> list[str]:
        """Names of the k outputs."""
        return [str(name) for name in self.data.y.columns]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Numbers of the outputs that are points (x, y)."""
        names = self.columns
        return [(names.index(x), names.index(y)) for x, y in self.data.points]

    @property
    def errors(self) -> Array:
        """(n,) the farthest distance of a row's points, 0 or 1 for classes, else the mean absolute error."""
        step = self.predicted - self.actual
        if self.pairs:
            each = [np.hypot(step[:, x], step[:, y]) for x, y in self.pairs]
            return np.asarray(np.max(each, axis=0))
        if self.task.kind == "class":
            return np.asarray((step != 0).any(axis=1), dtype=np.float64)
        return np.asarray(np.abs(step).mean(axis=1))

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) of the images; None for tables."""
        return (int(np.shape(self.data.X)[3]), int(np.shape(self.data.X)[2])) if self.data.images else None


def answers(run: Run, task: Task | None = None, split: str = "valid") -> Answers:
    """What a run predicted on a split, beside what is right.

    Args:
        run: with its predictions, as `Store.runs(predictions=True)` reads it.
        task: what it was made on; loaded by its name where it is not given.
        split: `train`, `valid` or `test`.

    Raises:
        DataError: the predictions were not kept, or the task cannot be had; the sentence says why.
    """
    if run.status != "ok":
        raise DataError(f"the run {'was ' if run.status == 'skipped' else ''}{run.status}, and predicted nothing")
    if not run.predictions or split not in run.predictions:
        raise DataError("its predictions were not kept; spoton bench --keep-predictions keeps them")
    if task is None:
        task = task_of(run)
    else:
        checked(run, task)
    whole, sides = task.data(), task.split(run.seed, run.asked_train_size)
    source = task.test() if split == "test" else whole
    rows = (run.row_ids or {}).get(split)
    if rows is None:
        rows = {"train": sides.train, "valid": sides.valid}.get(split)
    if source is None or (rows is not None and len(rows) and rows.max() >= len(source)):
        raise DataError(f"{run.task} has no such rows on {split}")
    part = source if rows is None else source.take(rows)
    predicted = np.asarray(run.predictions[split], dtype=np.float64).reshape(len(run.predictions[split]), -1)
    if predicted.shape != part.y.shape:
        raise DataError(f"there are {predicted.shape} predictions and {part.y.shape} answers on {split}")
    centre = whole.y.to_numpy(dtype=np.float64)[sides.train].mean(axis=0)
    return Answers(task, part, predicted, centre)
