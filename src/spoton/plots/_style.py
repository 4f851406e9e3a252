"""How all pictures look: they take the colours that read well on the background that their axes have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.colours import DARK, LIGHT
from spoton.data import Array
from spoton.errors import DataError
from spoton.history._draw import palette_of as palette_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

MANY = 5000  # points: more are drawn as a density


def canvas(rows: int = 1, columns: int = 1, *, size: tuple[float, float] = (4.2, 3.4), dark: bool = False) -> Figure:
    """A figure with a grid of axes, light or dark; every function of `spoton.plots` follows its background.

    Args:
        rows, columns: of the grid.
        size: inches of one axes, width and height.
        dark: on a dark background.

    Returns:
        The figure; `figure.axes` are its axes, row by row. Save it with `figure.savefig`.
    """
    from matplotlib.figure import Figure

    palette = DARK if dark else LIGHT
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), dpi=130, layout="constrained", facecolor=palette.paper)
    for ax in np.ravel(figure.subplots(rows, columns, squeeze=False)):
        ax.set_facecolor(palette.paper)
    return figure


def dress(ax: Axes, title: str = "", x: str = "", y: str = "", *, grid: bool = True, frame: bool = False) -> Axes:
    """Title, labels, ticks and frame in the colours of the background."""
    palette = palette_of(ax)
    ax.set_title(title, color=palette.ink, fontsize=10, loc="left")
    ax.set_xlabel(x, color=palette.ink, fontsize=9)
    ax.set_ylabel(y, color=palette.ink, fontsize=9)
    ax.tick_params(which="both", colors=palette.ink, labelsize=8)
    for text in (ax.xaxis.get_offset_text(), ax.yaxis.get_offset_text()):
        text.set_color(palette.ink)
    if grid:
        ax.grid(True, color=palette.faint, linewidth=0.6, alpha=0.7)
        ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(frame)
    for spine in ax.spines.values():
        spine.set_color(palette.grey)
    return ax


def legend(ax: Axes, **options: Any) -> None:
    """A legend without a frame, over a veil of the background."""
    palette = palette_of(ax)
    held = ax.legend(fontsize=8, labelcolor=palette.ink, **{"frameon": True, **options})
    held.get_frame().set(facecolor=palette.paper, edgecolor="none", alpha=0.75)


def colourbar(ax: Axes, shown: Any, label: str) -> Colorbar:
    """A slim colour bar beside an axes."""
    palette = palette_of(ax)
    bar = ax.figure.colorbar(shown, ax=ax, fraction=0.05, pad=0.02, aspect=25)
    bar.set_label(label, color=palette.ink, fontsize=8)
    bar.ax.tick_params(which="both", colors=palette.ink, labelsize=8)
    bar.outline.set_edgecolor(palette.faint)
    return bar


def ramp(ax: Axes) -> Colormap:
    """The colour map of densities: what is empty shows the background, what is rare stands out from it."""
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap

    colours = mpl.colormaps[palette_of(ax).ramp](np.linspace(0.08, 0.98, 256))
    return ListedColormap(colours).with_extremes(bad=(0, 0, 0, 0))


def table_of(values: Any, name: str) -> Array:
    """Answers as float64 (n, k).

    Raises:
        DataError: no rows, or more than two axes.
    """
    found: Array = np.asarray(values, dtype=np.float64)
    found = found[:, None] if found.ndim == 1 else found
    if found.ndim != 2 or not found.size:
        raise DataError(f"{name} has to be (n,) or (n, k) with one row or more, it has shape {np.shape(values)}")
    return found


def pair_of(actual: Any, predicted: Any) -> tuple[Array, Array]:
    """Actual and predicted answers, (n, k) both, rows that are not finite left out.

    Raises:
        DataError: other shapes, or no finite row.
    """
    one, other = table_of(actual, "actual"), table_of(predicted, "predicted")
    if one.shape != other.shape:
        raise DataError(f"actual and predicted have to have one shape, these have {one.shape} and {other.shape}")
    fine = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    if not fine.any():
        raise DataError("no row is finite in actual and predicted; there is nothing to draw")
    return (one, other) if fine.all() else (one[fine], other[fine])


def points_of(actual: Any, predicted: Any) -> tuple[Array, Array]:
    """Actual and predicted points, (n, 2) both: the pairs of several points one below the other.

    Raises:
        DataError: as `pair_of`, or an odd number of columns.
    """
    shapes = [np.asarray(values, dtype=np.float64) for values in (actual, predicted)]
    if all(values.ndim == 3 and values.shape[2] == 2 for values in shapes):
        shapes = [values.reshape(len(values), -1) for values in shapes]
    one, other = pair_of(*shapes)
    if one.shape[1] % 2:
        raise DataError(f"points are pairs of columns (x, y), and there are {one.shape[1]} columns")
    return one.reshape(-1, 2), other.reshape(-1, 2)


def spread_of(values: Sequence[Array], share: float = 0.04) -> tuple[float, float]:
    """Limits of an axis around values, with a margin; one value alone has some room too."""
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    margin = share * (high - low) or max(0.5, 0.05 * abs(high))
    return low - margin, high + margin


def number(value: float) -> str:
    """A figure for a title; 1 means exactly 1, and close to 1 it shows how close."""
    if not np.isfinite(value):
        return "–"
    if 0.9995 < value < 1:
        return f"1 − {1 - value:.0e}".replace("e-0", "e−").replace("e-", "e−")
    size = abs(value)
    if size < 10:
        text = f"{value:.3f}".rstrip("0").rstrip(".") if size >= 0.001 or not size else f"{value:.1e}"
    else:
        text = f"{value:.1f}" if size < 100 else f"{value:,.0f}" if size < 1e6 else f"{value:.1e}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")
