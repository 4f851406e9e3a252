"""Errors by class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.errors import DataError
from spoton.plots._style import dress, legend, palette_of, table_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 12  # rows of a class: fewer are drawn as dots, since quartiles of them say little
MOST = 40  # classes that are drawn: the worst


def error_by_class(
    ax: Axes, actual: Any, predicted: Any, labels: Any, *, points: bool = True, unit: str = "px"
) -> Axes:
    """The distribution of errors in each class: median, quartiles, 5 to 95 %, and the mean as a diamond.

    Args:
        ax: where to draw.
        actual: points in px, (n, 2), (n, 2 P) or (n, P, 2); with `points=False` any answers (n, k).
        predicted: the same shape.
        labels: (n,) classes: numbers or words.
        points: errors are distances of points (the farthest of a row's), else mean absolute errors of a row.
        unit: of the errors, for the axis.

    Returns:
        `ax`. Above 40 classes the worst are drawn.

    Raises:
        DataError: other shapes, or another number of labels.
    """
    names = np.asarray(labels)
    if names.shape != (len(np.asarray(actual)),):
        raise DataError(f"there are {len(np.asarray(actual))} rows and labels of shape {names.shape}; give one a row")
    error = row_errors(actual, predicted, points=points)
    names, error = names[np.isfinite(error)], error[np.isfinite(error)]
    if not len(error):
        raise DataError("no row is finite in actual and predicted; there is nothing to draw")
    palette = palette_of(ax)
    classes, which = np.unique(names, return_inverse=True)
    means = np.bincount(which, error) / np.bincount(which)
    shown = np.arange(len(classes))
    if len(classes) > MOST:
        shown = np.sort(np.argsort(-means, kind="stable")[:MOST])
    order = np.argsort(which, kind="stable")
    groups = np.split(error[order], np.cumsum(np.bincount(which))[:-1])
    for place, i in enumerate(shown):
        _group(ax, place, groups[i], palette.series[0])
    ax.plot(range(len(shown)), means[shown], "D", ms=5, color=palette.series[1], label="mean", zorder=4)
    overall = float(error.mean())
    ax.axhline(overall, color=palette.grey, lw=1.2, ls=(0, (5, 3)), label=f"mean of all {overall:.3g}")
    ax.set_xticks(range(len(shown)), [str(classes[i]) for i in shown], rotation=90 if len(shown) > 16 else 0)
    ax.set_xlim(-0.7, len(shown) - 0.3)
    ax.set_ylim(0, 1.22 * ax.get_ylim()[1] or 1.0)  # room for the legend
    worst = classes[int(np.argmax(means))]
    more = f", the worst {MOST} of {len(classes)}" if len(classes) > MOST else ""
    dress(ax, f"worst: {worst}, {means.max():.3g} {unit}{more}", "class", f"error, {unit}")
    ax.grid(False, axis="x")
    legend(ax)
    return ax


def row_errors(actual: Any, predicted: Any, *, points: bool = True) -> Array:
    """The error of each row, (n,): the farthest distance of its points, or the mean absolute error; NaN stays NaN."""
    if not points:
        one, other = table_of(actual, "actual"), table_of(predicted, "predicted")
        if one.shape != other.shape:
            raise DataError(f"actual and predicted have to have one shape, these have {one.shape} and {other.shape}")
        absolute: Array = np.abs(one - other).mean(axis=1)
        return absolute
    one, other = (
        np.asarray(values, dtype=np.float64).reshape(len(np.asarray(values)), -1) for values in (actual, predicted)
    )
    if one.shape != other.shape or one.shape[1] % 2 or not one.size:
        raise DataError(f"points are pairs of columns (x, y), these have shapes {one.shape} and {other.shape}")
    step = (other - one).reshape(len(one), -1, 2)
    farthest: Array = np.hypot(step[..., 0], step[..., 1]).max(axis=1)
    return farthest


def _group(ax: Axes, place: int, error: Array, colour: str) -> None:
    if len(error) < FEW:
        ax.plot(np.full(len(error), place), error, "o", ms=4, mew=0, alpha=0.7, color=colour)
        return
    low, first, middle, third, high = np.quantile(error, [0.05, 0.25, 0.5, 0.75, 0.95])
    ax.plot([place, place], [low, high], color=colour, lw=1.2)
    ax.bar(place, max(third - first, 0), bottom=first, width=0.55, color=colour, alpha=0.4, lw=0)
    ax.plot([place - 0.275, place + 0.275], [middle, middle], color=colour, lw=2)
