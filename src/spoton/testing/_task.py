"""What every task has to be: reproducible, in pixels, split without overlap, its oracle exact or said not to be."""

from __future__ import annotations

import numpy as np

from spoton._evaluate import evaluate
from spoton.data import PointData
from spoton.tasks import Task, get_task


def check_task(task: Task) -> None:
    """Check one task of the catalogue; loads its data twice."""
    again = get_task(task.name)
    assert again.name == task.name, f"{task.name} is not canonical: it makes {again.name}"
    data = task.data()
    _check_data(task, data)
    fresh = task.load().data
    assert fresh.hash() == data.hash(), f"{task.name} gives other data when it is loaded again"
    if (test := task.test()) is not None:
        _check_data(task, test)
        assert list(test.y.columns) == list(data.y.columns), f"{task.name}: test and training answers differ in columns"
    for seed in (0, 1):
        split = task.split(seed)
        both = np.concatenate([split.train, split.valid])
        assert len(np.unique(both)) == len(both), f"{task.name}: training and validation rows overlap"
        assert both.min() >= 0 and both.max() < len(data), f"{task.name}: the split names rows that do not exist"
        assert split.hash() == task.split(seed).hash(), f"{task.name}: the split of a seed changes"
    assert task.split(0).hash() != task.split(1).hash(), f"{task.name}: seeds 0 and 1 give one split"
    run = evaluate("oracle", task)
    assert run.status == "ok", f"{task.name}: its oracle {run.status}: {run.reason}"
    key = "accuracy" if task.kind == "class" else "r2"
    for side, values in run.metrics.items():
        assert task.ceiling or values[key] > 1 - 1e-9, f"{task.name}: the oracle reaches {key} {values[key]} on {side}"


def _check_data(task: Task, data: PointData) -> None:
    assert data.frame == "px", f"{task.name}: answers are in frame {data.frame}, only px is stored"
    y = data.y.to_numpy()
    assert np.isfinite(y).all(), f"{task.name}: some answers are not finite"
    if data.images:
        X = data.X
        assert isinstance(X, np.ndarray) and X.dtype == np.float32 and X.ndim == 4, (
            f"{task.name}: X is not (n, C, H, W)"
        )
        assert X.min() >= 0 and X.max() <= 1, f"{task.name}: pixel values leave 0..1"
    if task.whole and not task.ceiling:
        assert (y == np.rint(y)).all(), f"{task.name}: answers are not whole numbers"
    for x_name, y_name in data.points if data.images else ():
        height, width = data.X.shape[2:]
        inside = data.y[x_name].between(-0.5, width - 0.5) & data.y[y_name].between(-0.5, height - 0.5)
        assert inside.all() or task.ceiling, f"{task.name}: {(~inside).sum()} points lie outside their image"
