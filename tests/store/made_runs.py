"""Runs made by hand, with all that a run can have."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from spoton._run import Run
from spoton.history import History


def made(seed: int = 0, **changes: Any) -> Run:
    """A run as `evaluate` makes it; the same seed gives equal ones, each with its own id."""
    rng = np.random.RandomState(seed)
    run = Run(
        "pnist/top",
        "linear@pts",
        seed,
        status="ok",
        metrics={"train": {"r2": 1.0, "hit": 1.0}, "valid": {"r2": rng.rand(), "hit": 1 / 3, "mae": math.nan}},
        train_size=567,
        rows_of={"train": 567, "valid": 142},
        fit_seconds=0.1 + seed,
        parameters=5_000_000_000,
        epochs=2,
        data_hash="d",
        split_hash="s",
        notes=["RuntimeWarning: 'ä' \U0001f600"],
        started=f"2026-01-01T00:00:{seed % 60:02}.000000Z",
        finished=f"2026-01-01T00:01:{seed % 60:02}.000000Z",
        settings={"lr": 0.1, "class": "a.B"},
        provenance={"spoton_commit": "c" * 40, "spoton_dirty": False, "packages": {"numpy": "2"}, "command": "spoton"},
        history=History(
            [{"train_loss": 0.123456789}, {"train_loss": 1e-300, "valid_mse": 2.5}], baseline={"valid_mse": 3.0}
        ),
        predictions={"valid": rng.rand(142, 2)},
        row_ids={"valid": np.arange(142)},
    )
    for name, value in changes.items():
        setattr(run, name, value)
    return run


def same(one: Run, other: Run) -> bool:
    """Equal in all that is kept."""
    if json.loads(one.to_json()) != json.loads(other.to_json()) or (one.predictions is None) != (
        other.predictions is None
    ):
        return False
    parts = one.predictions or {}
    return all(
        np.array_equal(array, other.predictions[side]) and np.array_equal(one.row_ids[side], other.row_ids[side])  # type: ignore[index]
        for side, array in parts.items()
    )
