"""Where in the image the errors are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.errors import UsageError
from spoton.plots._cloud import histogram
from spoton.plots._style import colourbar, dress, points_of, ramp

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FINEST = 64  # cells a side: larger images are drawn coarser
STATISTICS = {"distance": "mean distance, px", "miss": "share of misses, %"}


def error_by_place(
    ax: Axes, actual: Any, predicted: Any, *, size: tuple[int, int] | None = None, statistic: str = "distance"
) -> Axes:
    """The error as a map over the image: each cell has the mean over the actual points in it.

    Args:
        ax: where to draw.
        actual: points in px, (n, 2), (n, 2 P) or (n, P, 2).
        predicted: the same shape.
        size: (width, height) of the images; the range of the actual points by default.
        statistic: `distance`, or `miss`: the share of points that are not exact after rounding.

    Returns:
        `ax`, y downwards; cells without a point are empty.

    Raises:
        DataError: other shapes, or no finite row.
        UsageError: an unknown statistic.
    """
    if statistic not in STATISTICS:
        raise UsageError(f"statistic is {' or '.join(STATISTICS)}, not '{statistic}'")
    one, other = points_of(actual, predicted)
    if statistic == "distance":
        error = np.hypot(*(other - one).T)
    else:
        error = 100.0 * (np.floor(one + 0.5) != np.floor(other + 0.5)).any(axis=1)
    edges = [_edges(one[:, i], None if size is None else size[i]) for i in (0, 1)]
    x, y = one.T
    counts = histogram(x, y, edges[0], edges[1])
    mean = np.ma.masked_array(histogram(x, y, edges[0], edges[1], error), counts == 0) / np.maximum(counts, 1)
    top = float(mean.max()) or 1.0
    mesh = ax.pcolormesh(edges[0], edges[1], mean.T, cmap=ramp(ax), vmin=0, vmax=top, rasterized=True)
    ax.set_xlim(edges[0][0], edges[0][-1])
    ax.set_ylim(edges[1][-1], edges[1][0])
    ax.set_aspect("equal", adjustable="box")
    colourbar(ax, mesh, STATISTICS[statistic])
    whole = f"{error.mean():.2g} px" if statistic == "distance" else f"{error.mean():.1f} %"
    return dress(ax, f"over all {whole}", "x", "y", grid=False, frame=True)


def _edges(values: Array, pixels: int | None) -> Array:
    """Edges of pixels, or of so many that there are at most `FINEST`."""
    low, high = (np.floor(values.min() + 0.5), np.floor(values.max() + 0.5)) if pixels is None else (0, pixels - 1)
    number = int(high - low) + 1
    return np.linspace(low - 0.5, high + 0.5, min(number, FINEST) + 1)
