"""R2 against mse, and the identity between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.errors import DataError
from spoton.plots._cloud import cloud
from spoton.plots._style import dress, legend, palette_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 12  # names that are written beside their points
EXACT = 1e-12  # shares of the variance below this are rounding, and drawn alike


def r2_against_mse(ax: Axes, mse: Any, r2: Any, variance: float, *, names: Any = None) -> Axes:
    """1 - R2 against the mean squared error of one output, and the identity 1 - R2 = mse / variance; both logarithmic.

    On one set of rows both say the same, and every point lies on the line. A point beside it was scored on other rows,
    on scaled answers, or as a mean over outputs of other variances.

    Args:
        ax: where to draw.
        mse: (n,) mean squared errors.
        r2: (n,) of the same predictions.
        variance: of the actual answers on the scored rows (with ddof 0).
        names: (n,) what to write beside the points, where there are 12 or fewer.

    Returns:
        `ax`. Exact learners stand at the lower left end of the line: below 1e-12 there is only rounding.

    Raises:
        DataError: other lengths, or a variance that is not positive.
    """
    x, worse = np.atleast_1d(np.asarray(mse, dtype=np.float64)), 1 - np.atleast_1d(np.asarray(r2, dtype=np.float64))
    if x.shape != worse.shape or x.ndim != 1 or not len(x) or not variance > 0:
        raise DataError(
            f"this takes one mse for each r2 and a positive variance, not {x.shape}, {worse.shape}, {variance}"
        )
    fine = np.isfinite(x) & np.isfinite(worse)
    if not fine.any():
        raise DataError("no mse and r2 are finite; there is nothing to draw")
    x, worse = x[fine], worse[fine]
    palette = palette_of(ax)
    exact = np.minimum(x / variance, worse) < EXACT
    shown = np.maximum(x, EXACT * variance), np.maximum(worse, EXACT)
    held = np.concatenate([shown[0], shown[1] * variance, [variance]])
    low, high = float(held.min()) / 3, float(held.max()) * 3
    line = np.array([low, high])
    cloud(ax, *shown, xlim=(low, high), ylim=(low / variance, high / variance), log=True)
    ax.plot(line, line / variance, color=palette.series[1], lw=1.3, label="1 − R² = mse / variance", zorder=0.9)
    ax.axhline(1, color=palette.grey, lw=1.2, ls=(0, (5, 3)), label="mean predictor")
    if names is not None and len(x) <= FEW:
        for name, a, b in zip(np.asarray(names, dtype=object)[fine], *shown, strict=True):
            ax.annotate(str(name), (a, b), (6, -3), textcoords="offset points", fontsize=8, color=palette.ink, va="top")
    off = float(np.abs(np.log10(shown[0] / variance / shown[1]))[~exact].max(initial=0.0))
    said = "all on the line" if off < 0.01 else f"up to a factor {10**off:.2g} beside the line"
    dress(ax, said, "mean squared error", "1 − R²")
    ax.grid(False, which="minor")
    legend(ax, loc="upper left")
    return ax
