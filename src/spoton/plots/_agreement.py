"""Predicted against actual, one output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import r2_score

from spoton.data import Array
from spoton.errors import DataError
from spoton.plots._cloud import cloud
from spoton.plots._style import canvas, dress, legend, number, pair_of, palette_of, spread_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FAR = 3.0  # widths of the actual answers: predictions farther out do not stretch the axes


def agreement(ax: Axes, actual: Any, predicted: Any, *, name: str = "", band: float | None = None) -> Axes:
    """Predicted against actual answers of one output, with the line y = x and a band around it.

    Args:
        ax: where to draw.
        actual: (n,) answers.
        predicted: (n,) predictions.
        name: of the output; it begins the title, which goes on with its R2.
        band: half the width of the band, in the unit of the answers; the root of the mean squared error by default.

    Returns:
        `ax`. Above 5,000 rows the points are a density. Predictions more than three ranges of the answers away do not
        stretch the axes: their number stands in the title.

    Raises:
        DataError: other shapes, several outputs (see `agreements`), or no finite row.
    """
    one, other = pair_of(actual, predicted)
    if one.shape[1] > 1:
        raise DataError(f"this draws one output, and there are {one.shape[1]}; take agreements, or one column")
    x, y = one[:, 0], other[:, 0]
    palette = palette_of(ax)
    width = float(np.ptp(x)) or max(1.0, float(np.abs(y - x).max()))
    near = np.abs(y - x) <= FAR * width
    low, high = spread_of([x, y[near]] if near.any() else [x])
    rmse = float(np.sqrt(((y - x) ** 2).mean()))
    half = rmse if band is None else float(band)
    line = np.array([low, high])
    if half > 0:
        label = f"± {number(half)}" + (" rmse" if band is None else "")
        ax.fill_between(line, line - half, line + half, color=palette.grey, alpha=0.25, lw=0, label=label, zorder=1)
    cloud(ax, x[near], y[near], xlim=(low, high), ylim=(low, high))
    ax.plot(line, line, color=palette.series[1], lw=1.3, label="y = x", zorder=3)
    ax.set_aspect("equal", adjustable="box")
    r2 = float(r2_score(x, y)) if len(x) > 1 else float("nan")
    far = int((~near).sum())
    title = f"{name}  R² {number(r2)}".strip() + (f", {far:,} far outside" if far else "")
    dress(ax, title, "actual", "predicted")
    # the corner that is emptier
    legend(ax, loc="lower right" if (y[near] - x[near]).sum() > 0 else "upper left")
    return ax


def agreements(
    actual: Any, predicted: Any, names: Any = None, *, band: float | None = None, dark: bool = False
) -> Figure:
    """`agreement` of every output, one axes each.

    Args:
        actual: (n, k), NumPy or pandas (whose columns are the names).
        predicted: (n, k).
        names: of the outputs.
        band: see `agreement`.
        dark: on a dark background.

    Returns:
        The figure.
    """
    one, other = pair_of(actual, predicted)
    titles = _names(actual, names, one)
    across = min(4, one.shape[1])
    figure = canvas(-(-one.shape[1] // across), across, dark=dark)
    for i, ax in enumerate(figure.axes):
        if i < one.shape[1]:
            agreement(ax, one[:, i], other[:, i], name=titles[i], band=band)
        else:
            ax.set_axis_off()
    return figure


def _names(actual: Any, names: Any, table: Array) -> list[str]:
    held = names if names is not None else getattr(actual, "columns", None)
    found = [str(name) for name in held] if held is not None else [f"output {i}" for i in range(table.shape[1])]
    if len(found) != table.shape[1]:
        raise DataError(f"there are {table.shape[1]} outputs and {len(found)} names; give one each")
    return found
