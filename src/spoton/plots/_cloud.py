"""Many points: as they are while they can be told apart, as a density above that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.plots._style import MANY, colourbar, palette_of, ramp

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 140


def cloud(
    ax: Axes, x: Array, y: Array, *, xlim: tuple[float, float], ylim: tuple[float, float], log: bool = False
) -> Any:
    """Points (n,), (n,) as dots, or above `MANY` as a 2-D histogram on a logarithmic scale of counts.

    The histogram's bins are whole where values are whole numbers, since others would show stripes; `log` says that both
    axes are logarithmic, and then bins are equal in logarithms.

    Returns:
        The artist: a line of dots, or a mesh.
    """
    palette = palette_of(ax)
    if log:
        ax.set_xscale("log")
        ax.set_yscale("log")
    ax.set_xlim(*xlim)
    ax.set_ylim(*ylim)
    if len(x) <= MANY:
        few = len(x) <= 60
        return ax.plot(
            x,
            y,
            ls="",
            marker="o",
            ms=6 if few else 4 if len(x) <= 800 else 2.5,
            mew=0.6 if few else 0,
            mec=palette.paper,
            color=palette.series[0],
            alpha=0.9 if few else 0.55 if len(x) <= 800 else 0.35,
            rasterized=not few,
        )[0]
    from matplotlib.colors import LogNorm

    if log:
        x, y, xlim, ylim = np.log(x), np.log(y), _logs(xlim), _logs(ylim)
    edges = [edges_of(values, limits) for values, limits in ((x, xlim), (y, ylim))]
    counts = histogram(x, y, *edges)
    if log:
        edges = [np.exp(places) for places in edges]
    mesh = ax.pcolormesh(
        edges[0],
        edges[1],
        np.ma.masked_equal(counts.T, 0),
        norm=LogNorm(1, max(2.0, counts.max())),
        cmap=ramp(ax),
        rasterized=True,
    )
    colourbar(ax, mesh, "rows")
    return mesh


def _logs(limits: tuple[float, float]) -> tuple[float, float]:
    return float(np.log(limits[0])), float(np.log(limits[1]))


def edges_of(values: Array, limits: tuple[float, float]) -> Array:
    """Edges of equal bins within limits; half-way between whole numbers where the values are such."""
    low, high = limits
    if high - low <= 2 * BINS and (values == np.rint(values)).all():
        return np.arange(np.floor(low) - 0.5, np.ceil(high) + 1.0)
    return np.linspace(low, high, BINS + 1)


def cells(values: Array, edges: Array) -> Array:
    """The bin of each value, those outside in the first and the last; bins are equal, so it takes one division."""
    found = ((values - edges[0]) * ((len(edges) - 1) / (edges[-1] - edges[0]))).astype(np.int64)
    held: Array = np.clip(found, 0, len(edges) - 2, out=found)
    return held


def histogram(x: Array, y: Array, x_edges: Array, y_edges: Array, weights: Array | None = None) -> Array:
    """Counts, or sums of weights, of 2-D bins: (x bins, y bins)."""
    shape = (len(x_edges) - 1, len(y_edges) - 1)
    flat = cells(x, x_edges) * shape[1] + cells(y, y_edges)
    counts: Array = np.bincount(flat, weights, minlength=shape[0] * shape[1]).reshape(shape)
    return counts
