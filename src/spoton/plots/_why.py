"""Pictures of a diagnosis: what each change closes, and the figures behind what was seen."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.errors import DataError
from spoton.plots._style import dress, palette_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLOURS = {"helps": 2, "harms": 1, "no effect": None, "unclear": 0}  # of the palette's series; None: grey
WIDEST = 1.6  # shares beyond which an interval is cut off: those of two seeds reach far
LONG = 44  # characters of a name beside the axis
LINES = 12  # of a table


def change_effects(ax: Axes, changes: pd.DataFrame) -> Axes:
    """What each change closes of the gap to the oracle, with its interval: a forest plot, one line a change.

    Args:
        ax: where to draw.
        changes: columns `change`, `closed`, `low`, `high`, `verdict`, as `Diagnosis.to_frame` gives them, the largest
            first. Infinite limits are those of one seed, and are not drawn.

    Returns:
        `ax`. Filled marks are confirmed, hollow ones are not. What reaches out of the picture ends in an arrow.

    Raises:
        DataError: no change was measured.
    """
    held = changes[changes["closed"].notna()]
    if held.empty:
        raise DataError("no change was measured; there is nothing to draw")
    palette = palette_of(ax)
    closed, low, high = (held[name].to_numpy(dtype=np.float64) for name in ("closed", "low", "high"))
    left, right = _limits(closed, low, high)
    ax.axvline(0.0, color=palette.grey, lw=1.0)
    ax.axvline(1.0, color=palette.grey, lw=1.0, ls=(0, (4, 3)))
    for place, verdict in enumerate(held["verdict"]):
        which = COLOURS.get(str(verdict))
        colour = palette.grey if which is None else palette.series[which]
        sure = verdict in ("helps", "harms", "no effect")
        if np.isfinite(low[place]) and np.isfinite(high[place]):
            ax.plot([max(low[place], left), min(high[place], right)], [place, place], color=colour, lw=2.2)
            for end, limit, arrow in ((low[place], left, "<"), (high[place], right, ">")):
                if not left <= end <= right:
                    ax.plot([limit], [place], arrow, color=colour, ms=5)
        middle = float(np.clip(closed[place], left, right))
        ax.plot([middle], [place], "o", ms=6, mec=colour, mfc=colour if sure else palette.paper, mew=1.6)
    names = [textwrap.shorten(str(name), LONG, placeholder=" …") for name in held["change"]]
    ax.set_yticks(range(len(held)), names)
    ax.set_ylim(len(held) - 0.4, -0.6)
    room = 0.03 * (right - left)
    ax.set_xlim(left - room, right + room)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %".replace("-", "−"))
    return dress(ax, "", "share of the gap to the oracle that closes (line: 90 % interval)", "")


def _limits(closed: Array, low: Array, high: Array) -> tuple[float, float]:
    """From 0 to 1 at least, and as far as the intervals reach, within reason."""
    ends = np.concatenate([closed, low[np.isfinite(low)], high[np.isfinite(high)]])
    return float(max(min(ends.min(), 0.0), -WIDEST)), float(min(max(ends.max(), 1.0), WIDEST))


def fact_picture(ax: Axes, picture: Any) -> Axes:
    """The figures behind a fact of a diagnosis.

    Args:
        ax: where to draw.
        picture: a `spoton.why.Picture`: a curve, bars, a table or an image.

    Returns:
        `ax`. Intervals are drawn where there are any, and values that are missing leave a gap.

    Raises:
        DataError: it holds nothing, or is of no known kind.
    """
    if picture.kind == "table":
        return _table(ax, picture)
    if picture.kind == "image":
        return _image(ax, picture)
    if picture.kind not in ("curve", "bars"):
        raise DataError(f"a picture is a curve, bars, a table or an image, not '{picture.kind}'")
    if not picture.x or len(picture.x) != len(picture.y):
        raise DataError(f"a picture needs one y for each x; there are {len(picture.x)} and {len(picture.y)}")
    palette = palette_of(ax)
    words = any(isinstance(value, str) for value in picture.x)
    x: Any = np.arange(len(picture.x)) if words or picture.kind == "bars" else np.array(picture.x, dtype=np.float64)
    y = np.array([np.nan if value is None else value for value in picture.y], dtype=np.float64)
    if picture.kind == "curve":
        if len(picture.low) == len(x) == len(picture.high):
            ax.fill_between(x, picture.low, picture.high, color=palette.series[0], alpha=0.18, lw=0)
        ax.plot(x, y, "o-", color=palette.series[0], lw=1.8, ms=4.5)
    else:
        ax.bar(x, y, color=palette.series[0], width=0.65)
        if len(picture.low) == len(x) == len(picture.high):
            ax.vlines(x, picture.low, picture.high, color=palette.ink, lw=1.4)
    if words or picture.kind == "bars":
        turned = sum(len(str(value)) for value in picture.x) > 40
        ax.set_xticks(x, [textwrap.shorten(str(value), 22, placeholder="…") for value in picture.x])
        ax.tick_params(axis="x", rotation=55 if turned else 0)
        for label in ax.get_xticklabels() if turned else []:
            label.set(ha="right", rotation_mode="anchor")
    return dress(ax, picture.title, picture.x_label, picture.y_label)


def _image(ax: Axes, picture: Any) -> Axes:
    values = np.array(picture.rows, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise DataError(f"an image has rows of one length, this one has shape {values.shape}")
    ax.imshow(values, cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest")
    return dress(ax, picture.title, picture.x_label, picture.y_label, grid=False, frame=True)


def _table(ax: Axes, picture: Any) -> Axes:
    if not picture.columns:
        raise DataError("a table needs columns, this one has none")
    palette = palette_of(ax)
    rows = [[_text(value) for value in row] for row in picture.rows[:LINES]]
    if more := len(picture.rows) - LINES if len(picture.rows) > LINES else 0:
        rows.append([f"{more} more", *[""] * (len(picture.columns) - 1)])
    ax.set_axis_off()
    made = ax.table([list(picture.columns), *rows], loc="upper left", cellLoc="left", edges="horizontal")
    made.auto_set_font_size(False)
    made.set_fontsize(8)
    made.auto_set_column_width(list(range(len(picture.columns))))
    for (line, _), cell in made.get_celld().items():
        cell.set_edgecolor(palette.faint)
        cell.get_text().set_color(palette.ink)
        cell.get_text().set_fontweight("bold" if line == 0 else "normal")
    ax.set_title(picture.title, color=palette.ink, fontsize=10, loc="left")
    return ax


def _text(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
