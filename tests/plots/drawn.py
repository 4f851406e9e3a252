"""What the tests of pictures share: points, runs, axes and their lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from spoton import Run, plots


def points(n: int) -> tuple[Any, Any]:
    random = np.random.RandomState(0)
    actual = random.randint(28, size=(n, 2)).astype(float)
    return actual, actual + random.normal(scale=0.7, size=(n, 2))


def run(learner: str, seed: int = 0, size: int = 100, task: str = "t", **scores: float) -> Run:
    return Run(task, learner, seed, "ok", metrics={"valid": scores}, train_size=size)


def sweep_frame(n: int) -> pd.DataFrame:
    """Trials of a sweep, as `Sweep.to_frame` gives them; every fifth but the first was stopped or failed."""
    random = np.random.RandomState(2)
    lr = 10 ** random.uniform(-4, -1, n)
    hidden = random.choice([8, 16, 32], n)
    state = np.where(np.arange(n) % 5 == 3, "pruned", np.where(np.arange(n) % 5 == 4, "failed", "complete"))
    value = 1 - (np.log10(lr) + 2) ** 2 / 5 - 1 / hidden
    held = {"number": np.arange(n), "state": state, "value": np.where(state == "failed", np.nan, value), "lr": lr}
    return pd.DataFrame(held | {"hidden": hidden, "+ynorm": hidden > 8, "learner": "net"})


def axes(dark: bool = False) -> Axes:
    ax: Axes = plots.canvas(dark=dark).axes[0]
    return ax


def lines(ax: Axes) -> dict[str, tuple[list[float], list[float]]]:
    return {str(line.get_label()): (list(line.get_xdata()), list(line.get_ydata())) for line in ax.get_lines()}  # type: ignore[arg-type]
