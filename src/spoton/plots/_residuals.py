"""Residual vectors: where predictions are drawn to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.plots._cloud import histogram
from spoton.plots._style import colourbar, dress, points_of, ramp, spread_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 400  # arrows: more are averaged over cells
GRID = 16  # cells along the longer side


def residuals(ax: Axes, actual: Any, predicted: Any, *, size: tuple[int, int] | None = None) -> Axes:
    """Arrows from the actual to the predicted points; above 400 points, their means over the cells of a grid.

    A net that draws everything to the middle, or shifts by half a pixel, is seen at once.

    Args:
        ax: where to draw.
        actual: points in px, (n, 2), (n, 2 P) or (n, P, 2).
        predicted: the same shape.
        size: (width, height) of the images; the range of the actual points by default.

    Returns:
        `ax`, y downwards; arrows have their true length, and their colour says it again.

    Raises:
        DataError: other shapes, or no finite row.
    """
    start, end = points_of(actual, predicted)
    if size is None:
        xlim, ylim = spread_of([start[:, 0], end[:, 0].clip(*_range(start[:, 0]))]), spread_of([start[:, 1]], 0.1)
    else:
        xlim, ylim = (-0.5, size[0] - 0.5), (-0.5, size[1] - 0.5)
    mean, step = (end - start).mean(axis=0), end - start
    many = len(start) > FEW
    if many:
        start, step = _means(start, step, xlim, ylim)
    length = np.hypot(*step.T)
    top = float(np.quantile(length, 0.98)) or 1.0
    arrows = ax.quiver(
        *start.T,
        *step.T,
        length,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.005,
        headwidth=4,
        headlength=4.5,
        minlength=0.5,
        cmap=ramp(ax),
        clim=(0, top),
        zorder=3,
    )
    ax.set_xlim(*xlim)
    ax.set_ylim(*ylim[::-1])
    ax.set_aspect("equal", adjustable="box")
    colourbar(ax, arrows, "px, mean of a cell" if many else "px")
    return dress(ax, f"mean shift ({_signed(mean[0])}, {_signed(mean[1])}) px", "x", "y")


def _means(start: Array, step: Array, xlim: tuple[float, float], ylim: tuple[float, float]) -> tuple[Array, Array]:
    """Mean places and steps of the cells that hold points."""
    side = max(xlim[1] - xlim[0], ylim[1] - ylim[0]) / GRID
    edges = [np.linspace(low, high, max(1, round((high - low) / side)) + 1) for low, high in (xlim, ylim)]
    x, y = start.T
    counts = histogram(x, y, edges[0], edges[1])
    held = counts > 0
    sums = [histogram(x, y, edges[0], edges[1], w)[held] / counts[held] for w in (x, y, step[:, 0], step[:, 1])]
    return np.stack(sums[:2], axis=1), np.stack(sums[2:], axis=1)


def _range(values: Array) -> tuple[float, float]:
    """Three ranges of the values: what is predicted farther away does not stretch the picture."""
    low, high = float(values.min()), float(values.max())
    return low - (high - low), high + (high - low)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-0.00", "+0.00").replace("-", "−")
