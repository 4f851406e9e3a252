"""What the tests of pictures share: points, runs, axes and their lines."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from spoton import Run, plots


def points(n: int) -> tuple[Any, Any]:
    random = np.random.RandomState(0)
    actual = random.randint(28, size=(n, 2)).astype(float)
    return actual, actual + random.normal(scale=0.7, size=(n, 2))


def run(learner: str, seed: int = 0, size: int = 100, task: str = "t", **scores: float) -> Run:
    return Run(task, learner, seed, "ok", metrics={"valid": scores}, train_size=size)


def axes(dark: bool = False) -> Axes:
    ax: Axes = plots.canvas(dark=dark).axes[0]
    return ax


def lines(ax: Axes) -> dict[str, tuple[list[float], list[float]]]:
    return {str(line.get_label()): (list(line.get_xdata()), list(line.get_ydata())) for line in ax.get_lines()}  # type: ignore[arg-type]
