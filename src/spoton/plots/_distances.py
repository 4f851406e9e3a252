"""How far predictions are off, against the mean point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.plots._style import dress, legend, palette_of, points_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 40


def distances(ax: Axes, actual: Any, predicted: Any, *, mean: Any = None) -> Axes:
    """Distances between predicted and actual points, beside those of the mean point.

    Args:
        ax: where to draw.
        actual: points in px, (n, 2), (n, 2 P) or (n, P, 2).
        predicted: the same shape.
        mean: the point (2,) that the baseline predicts; the mean of `actual` by default (that of the training answers
            is fairer), pooled over several points.

    Returns:
        `ax`: shares of points in bins of equal width, from 0 px; the vertical lines are the means. What is farther than
        the mean point ever is, is counted in the last bin.

    Raises:
        DataError: other shapes, or no finite row.
    """
    one, other = points_of(actual, predicted)
    palette = palette_of(ax)
    centre = one.mean(axis=0) if mean is None else np.asarray(mean, dtype=np.float64).reshape(2)
    found, base = np.hypot(*(other - one).T), np.hypot(*(one - centre).T)
    width = _bin_width(
        max(float(base.max()), float(np.quantile(found, 0.95)) if base.max() > 0 else float(found.max()))
    )
    number = BINS
    edges = width * np.arange(number + 1)
    highest: list[float] = []
    for values, name, colour, filled in (
        (base, "mean point", palette.grey, False),
        (found, "predicted", palette.series[0], True),
    ):
        places = np.minimum((values / width).astype(np.int64), number - 1)
        shares = 100 * np.bincount(places, minlength=number) / len(values)
        highest.append(float(shares.max()))
        ax.stairs(
            shares,
            edges,
            fill=filled,
            color=colour,
            alpha=0.75 if filled else 1.0,
            lw=1.5,
            label=f"{name}, mean {values.mean():.3g} px",
        )
        ax.axvline(float(values.mean()), color=colour, lw=1.4, ls=(0, (4, 2)))
    ax.set_xlim(0, edges[max(2, _last(base, found, width, number))])
    ax.set_ylim(0, 1.25 * max(highest))  # room for the legend
    within = 100 * float((found <= 1).mean())
    dress(ax, f"{within:.1f} % within 1 px", "distance, px", "share of points, %")
    legend(ax, loc="upper right")
    return ax


def _bin_width(top: float) -> float:
    """1, 2 or 5 times a power of ten, so that `BINS` of them hold the farthest."""
    if not top > 0:
        return 0.1
    power = 10.0 ** np.floor(np.log10(top / BINS))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power * BINS > top))


def _last(base: Array, found: Array, width: float, number: int) -> int:
    """The edge behind the last bin that holds something."""
    farthest = max(float(base.max()), float(found.max()))
    return int(min(number, farthest / width + 2))
