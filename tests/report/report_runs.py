"""Runs made by hand on real tasks, with predictions that are the answers and noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from spoton import get_task
from spoton._run import Run
from spoton.history import History
from spoton.metrics import score

NASTY = "</script><img src=x onerror=\"document.title='caught'\"> & ' \u2028 {{ 7 * 7 }}"


def made(task: str, learner: str, seed: int, spread: float, **changes: Any) -> Run:
    """A run whose predictions are the answers and noise of that spread."""
    found = get_task(task)
    data, split = found.data(), found.split(seed)
    random = np.random.RandomState(seed)
    run = Run(found.name, learner, seed, status="ok", train_size=len(split.train), fit_seconds=0.1 + spread)
    run.data_hash, run.split_hash = found.data_hash, split.hash()
    run.started, run.finished = f"2026-01-02T03:04:{seed:02}.000000Z", f"2026-01-02T03:05:{seed:02}.000000Z"
    run.provenance = {"spoton_commit": "c" * 40, "spoton_dirty": True, "packages": {"numpy": "2.0"}, "python": "3.11"}
    run.provenance["command"] = f"spoton bench {task}"
    run.settings = {"class": "a.B", "random_state": seed, "alpha": spread}
    run.predictions, run.row_ids = {}, {}
    for side, rows in (("train", split.train), ("valid", split.valid)):
        part = data.take(rows)
        actual = part.y.to_numpy(dtype=np.float64)
        predicted = actual + spread * random.normal(size=actual.shape)
        columns = list(part.y.columns)
        run.metrics[side] = score(actual, predicted, columns, points=part.points, whole=found.whole, kind=found.kind)
        run.rows_of[side] = len(rows)
        run.predictions[side], run.row_ids[side] = predicted, rows
    for name, value in changes.items():
        setattr(run, name, value)
    return run


def some_runs() -> list[Run]:
    """Two tasks with several learners and seeds, one that fails, one that declines, one without predictions."""
    curve = History(
        [{"train_mse": 9.0 / e, "valid_mse": 10.0 / e, "lr": 0.1} for e in range(1, 13)], baseline={"valid_mse": 6.0}
    )
    runs = [
        made("pnist/topleft", name, seed, spread + 0.01 * seed)
        for name, spread in (("oracle", 0.0), ("linear@pts", 0.2), ("net3", 2.0))
        for seed in range(3)
    ]
    runs += [made("pnist/topleft", "mean", seed, 4.0) for seed in range(2)]
    runs += [
        made("friedman1", name, seed, spread) for name, spread in (("linear", 1.0), ("knn", 3.0)) for seed in range(2)
    ]
    for run in runs:
        if run.learner == "net3":
            run.history = curve
        if run.learner == "knn":
            run.predictions = run.row_ids = None
    runs.append(
        Run("pnist/topleft", "broken", 0, status="failed", reason="Diverged: the loss became nan", train_size=567)
    )
    runs.append(Run("friedman1", "resnet18", 0, status="skipped", reason="takes images", train_size=560))
    return runs
