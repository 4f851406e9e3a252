"""The picture of a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.colours import Palette, palette_on
from spoton.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from spoton.history._history import History

SIDES = {"train": 0, "valid": 1, "test": 2, "held": 1}  # which colour a side has
WIDE = 20.0  # values that differ by such a factor are drawn on a logarithmic axis


def new_axes() -> Axes:
    """Axes on a figure of their own."""
    from matplotlib.figure import Figure

    return Figure(figsize=(6, 3.6), dpi=120, layout="constrained").add_subplot()


def palette_of(ax: Axes) -> Palette:
    """The palette for the background that an Axes has."""
    from matplotlib.colors import to_hex, to_rgba

    for colour in (ax.get_facecolor(), ax.figure.get_facecolor()):
        if to_rgba(colour)[3] > 0.5:
            return palette_on(to_hex(colour))
    return palette_on("#ffffff")


def draw(
    ax: Axes,
    history: History,
    names: Sequence[str] | None = None,
    baseline: float | None = None,
    log: bool | None = None,
) -> Axes:
    """Curves over the epochs; see `spoton.plots.curves`."""
    palette = palette_of(ax)
    chosen = list(names or _losses(history))
    if not chosen or not len(history):
        raise UsageError(f"there are no curves to draw: the history has {len(history)} epochs, and no loss among them")
    epochs = history.column("epoch")
    held: list[Any] = []
    used: dict[int, int] = {}
    for name in chosen:
        values = history.column(name)
        there = np.isfinite(values)
        held.append(values[there])
        place = SIDES.get(name.partition("_")[0], 3)
        nth = used[place] = used.get(place, -1) + 1
        (line,) = ax.plot(
            epochs[there],
            values[there],
            label=name.replace("_", " "),
            color=palette.series[place],
            linestyle=("-", (0, (4, 1.6)), (0, (1, 1.4)))[nth % 3],
            linewidth=1.8,
            # a single point has no line, and values every few epochs stand apart
            marker="o" if there.sum() < min(len(epochs), 40) or len(epochs) == 1 else "",
            markersize=4,
            clip_on=len(epochs) > 1,
        )
        line.set_gid(name)
    if baseline is None:
        baseline = next((history.baseline[name] for name in reversed(chosen) if name in history.baseline), None)
    if baseline is not None and np.isfinite(baseline):
        ax.axhline(baseline, color=palette.grey, linestyle=(0, (5, 3)), linewidth=1.2, label="mean predictor")
        held.append(np.array([baseline]))
    for epoch, before, now in zip(epochs[1:], history[:-1], history[1:], strict=True):
        if before["fit"] != now["fit"]:
            ax.axvline(epoch - 0.5, color=palette.faint, linewidth=1)
    _scale(ax, np.concatenate(held), epochs, log)
    _label(ax, palette, chosen, history[-1])
    return ax


def _losses(history: History) -> list[str]:
    """The squared errors in original units where somebody scored, else the losses of the learner."""
    scored = [name for name in history.names if name.endswith("_mse")]
    return scored or [name for name in history.names if "loss" in name or name == "held_out"]


def _scale(ax: Axes, values: Any, epochs: Any, log: bool | None) -> None:
    """A logarithmic axis where values spread, and whole epochs on the other."""
    from matplotlib.ticker import MaxNLocator

    positive = values[values > 0]
    if log is None:
        log = len(positive) == len(values) > 1 and positive.max() > WIDE * positive.min()
    if log:
        # exact zeros are drawn, at the foot of the axis
        ax.set_yscale("log", nonpositive="clip")
        plain_decades(ax.yaxis, float(positive.min()), float(positive.max()))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    first, last = float(epochs[0]), float(epochs[-1])
    ax.set_xlim(first - max(0.5, 0.02 * (last - first)), last + max(0.5, 0.02 * (last - first)))


def plain_decades(axis: Any, low: float, high: float) -> None:
    """Plain figures on a logarithmic axis; also 2 and 5 where there are few powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    if high < 1e3 * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _label(ax: Axes, palette: Palette, names: Sequence[str], last: Mapping[str, Any]) -> None:
    """Axes, legend, and the last values as the title."""
    ax.set_xlabel("epoch", color=palette.ink, fontsize=9)
    kinds = {name.partition("_")[2] or name for name in names}
    word = kinds.pop() if len(kinds) == 1 else "loss"
    said = {"mse": "mean squared error", "out": "squared error, rows held out"}.get(word, word.replace("_", " "))
    ax.set_ylabel(said, color=palette.ink, fontsize=9)
    ends = [f"{name.replace('_', ' ')} {last[name]:.3g}" for name in names if name in last]
    ax.set_title(", ".join(ends[:3]), color=palette.ink, fontsize=10, loc="left")
    ax.tick_params(which="both", colors=palette.ink, labelsize=8)
    ax.grid(True, color=palette.faint, linewidth=0.6, alpha=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(palette.grey)
    held = ax.legend(fontsize=8, labelcolor=palette.ink)
    held.get_frame().set(facecolor=palette.paper, edgecolor="none", alpha=0.75)
