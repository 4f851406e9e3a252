"""Which columns go together, and which go with the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.errors import DataError
from spoton.plots._style import colourbar, dress, palette_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WRITTEN = 12  # columns: so few have their figures written into the cells
CHUNK = 20_000  # rows at a time: they stay in the processor's cache


def correlation(ax: Axes, X: Any, y: Any = None, *, most: int = 30) -> Axes:
    """Correlations of the columns of a table, and of its answers, as a map.

    Args:
        ax: where to draw.
        X: a table (n, D), NumPy or pandas; columns that are not numbers are left out.
        y: answers (n,) or (n, k); they stand first.
        most: columns of X that are drawn: those whose correlation with an answer is largest, or the first without y.

    Returns:
        `ax`. Constant columns correlate with nothing and stay empty; rows with a gap are left out.

    Raises:
        DataError: no column of numbers, or y of another length.
    """
    table, names = _numbers(X, "x")
    answers, heads = _numbers(y, "y") if y is not None else (np.empty((len(table), 0)), [])
    if len(answers) != len(table) or not table.shape[1]:
        raise DataError(
            f"this takes columns of numbers and as many answers as rows, not {table.shape}, {answers.shape}"
        )
    if answers.shape[1]:
        strength = np.nan_to_num(np.abs(_between(table, answers))).max(axis=1)
        chosen = np.argsort(-strength, kind="stable")[:most]
    else:
        chosen = np.arange(min(most, table.shape[1]))
    whole = np.hstack([answers, table[:, chosen]])
    labels = heads + [names[i] for i in chosen]
    found = _between(whole, whole)
    palette = palette_of(ax)
    import matplotlib as mpl

    shown = ax.imshow(
        np.ma.masked_invalid(found),
        cmap=mpl.colormaps["RdBu"].with_extremes(bad=palette.faint),
        vmin=-1,
        vmax=1,
        interpolation="nearest",
    )
    small = len(labels) <= WRITTEN
    size = 8 if small else max(4.0, 8 - 0.12 * (len(labels) - WRITTEN))
    ax.set_xticks(range(len(labels)), labels, rotation=90)
    ax.set_yticks(range(len(labels)), labels)
    if small:
        for (i, j), value in np.ndenumerate(found):
            if np.isfinite(value):
                text = f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
                ax.text(
                    j, i, text, ha="center", va="center", fontsize=6, color="white" if abs(value) > 0.6 else "#101418"
                )
    if heads:
        for line in (ax.axhline, ax.axvline):
            line(len(heads) - 0.5, color=palette.ink, lw=1.2)
    colourbar(ax, shown, "correlation")
    more = f", {len(chosen)} of {table.shape[1]} columns" if len(chosen) < table.shape[1] else ""
    dress(ax, f"{len(table):,} row{'s' * (len(table) != 1)}{more}", grid=False, frame=True)
    ax.tick_params(labelsize=size)
    return ax


def _numbers(values: Any, letter: str) -> tuple[Array, list[str]]:
    """The columns of numbers (n, D), and their names."""
    if hasattr(values, "select_dtypes"):
        part = values.select_dtypes(["number", "bool"])
        return part.to_numpy(dtype=np.float64), [str(name) for name in part.columns]
    table: Array = np.asarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2:
        raise DataError(f"a table is (n, D), this one has shape {table.shape}; flatten images, or take their features")
    return table, [letter if table.shape[1] == 1 and letter == "y" else f"{letter}{i}" for i in range(table.shape[1])]


def _between(one: Array, other: Array) -> Array:
    """Pearson's correlations (D, K) over rows that are finite, some at a time; NaN for constant columns."""
    fine = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    if not fine.all():
        one, other = one[fine], other[fine]
    if len(one) < 2:
        return np.full((one.shape[1], other.shape[1]), np.nan)
    means = [one.mean(axis=0), other.mean(axis=0)]
    product, squares = np.zeros((one.shape[1], other.shape[1])), [np.zeros(one.shape[1]), np.zeros(other.shape[1])]
    for start in range(0, len(one), CHUNK):
        a, b = (part[start : start + CHUNK] - mean for part, mean in zip((one, other), means, strict=True))
        product += a.T @ b
        squares[0] += np.einsum("ij,ij->j", a, a)
        squares[1] += np.einsum("ij,ij->j", b, b)
    # what is left of a constant column is rounding
    for square, mean in zip(squares, means, strict=True):
        square[square <= len(one) * (1e-13 * np.abs(mean)) ** 2] = np.nan
    found: Array = np.clip(product / np.sqrt(np.outer(squares[0], squares[1])), -1, 1)
    return found
