"""Pictures of a task: images with their points, or the columns of a table against the answer."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import PointData
from spoton.tasks import Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#e4572e", "#17bebb", "#ffc914", "#76b041")
MARKERS = ("o", "s", "^", "D")


def show_image(ax: Axes, data: PointData, row: int) -> Axes:
    """One image with its points and boxes; the title says the label and the answers that are no points."""
    from matplotlib.patches import Rectangle

    image = np.moveaxis(np.asarray(data.X)[row], 0, 2)
    ax.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    answers = data.y.iloc[row]
    for i, (x, y) in enumerate(data.points):
        colour, marker = _style(i)
        ax.plot(answers[x], answers[y], ms=7, mfc="none", mew=2, ls="", color=colour, marker=marker)
    for (left, top), (right, bottom) in pairwise(data.points):
        if left.endswith("left") and right.endswith("right"):
            corner = answers[left] - 0.5, answers[top] - 0.5  # the box holds whole pixels
            width, height = answers[right] - answers[left] + 1, answers[bottom] - answers[top] + 1
            ax.add_patch(Rectangle(corner, width, height, fill=False, lw=1, color=COLOURS[1]))
    numbers = [name for name in data.y.columns if not any(name in pair for pair in data.points)]
    parts = [f"{name} {answers[name]:g}" for name in numbers]
    if data.labels is not None and "digit" not in numbers:
        parts.insert(0, str(data.labels[row]))
    ax.set_title(", ".join(parts), fontsize=9)
    ax.set_axis_off()
    return ax


def _style(i: int) -> tuple[str, str]:
    """Colour and marker of a point; the first sixteen differ."""
    return COLOURS[i % 4], MARKERS[(i + i // 4) % 4]


def show_column(ax: Axes, data: PointData, column: str, target: str) -> Axes:
    """One column of a table against one answer."""
    many = len(data) > 2000
    ax.plot(data.X[column], data.y[target], ".", ms=1 if many else 3, alpha=0.6, color=COLOURS[1], rasterized=many)
    ax.set_xlabel(column, fontsize=8)
    ax.set_ylabel(target, fontsize=8)
    ax.tick_params(labelsize=7)
    return ax


def samples(task: Task, n: int = 15, seed: int = 0) -> Figure:
    """A picture of `n` samples: images with points, or for a table the columns that matter most and some others."""
    from matplotlib.figure import Figure

    data = task.data()
    n = min(n, len(data)) if data.images else n
    rows = np.random.RandomState(seed).permutation(len(data))[:n]
    names = [] if data.images else _columns(task, data)
    targets = [str(name) for name in data.y.columns[:4]]
    count = n if data.images else len(names) * len(targets)
    across = min(5, count) if data.images or len(targets) == 1 else len(targets)
    down = -(-count // across)
    size = 1.7 if data.images else 2.3
    figure = Figure(figsize=(size * across, size * down + 0.6), dpi=130, layout="constrained")
    axes = np.atleast_1d(np.asarray(figure.subplots(down, across, squeeze=False))).ravel()
    for i, ax in enumerate(axes):
        if i >= count:
            ax.set_axis_off()
        elif data.images:
            show_image(ax, data, int(rows[i]))
        else:
            show_column(ax, data, names[i // len(targets)], targets[i % len(targets)])
    figure.suptitle(f"{task.name}: {task.about}", fontsize=10)
    _legend(figure, data)
    return figure


def _columns(task: Task, data: PointData) -> list[str]:
    """Up to five columns that decide (or the first), and five others."""
    every: list[Any] = list(data.X.columns)  # type: ignore[union-attr]  # only called for tables
    deciding = [c for c in every if c in task.support][:5]
    shown = 10 if len(data.y.columns) == 1 else 5
    varied = (c for c in every if c not in task.support and data.X[c].nunique() > 1)
    return deciding + list(islice(varied, shown - len(deciding)))


def _legend(figure: Figure, data: PointData) -> None:
    from matplotlib.lines import Line2D

    if not data.points or not data.images:
        return
    handles = [
        Line2D([], [], ls="", mfc="none", mew=2, color=_style(i)[0], marker=_style(i)[1], label=f"({x}, {y})")
        for i, (x, y) in enumerate(data.points)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 4), fontsize=8, frameon=False)
