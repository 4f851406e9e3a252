"""Pictures of runs: how a figure grows with the training rows, and who is best."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from spoton import metrics
from spoton._run import Run
from spoton.errors import DataError
from spoton.plots._style import dress, legend, palette_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDS = {"oracle": 2, "mean": 1}  # the two ends of the scale, and their colours
MOST = 30  # learners on one leaderboard
LINES = 7  # colours
NAMED = 14  # lines with a name: the best
DASHES = ("-", (0, (5, 2)), (0, (1.2, 1.4)))
MARKS = ("o", "s", "^", "D", "v", "P", "X")


def sample_efficiency(ax: Axes, runs: Iterable[Run], metric: str = "r2", *, split: str = "valid") -> Axes:
    """A figure against the number of training rows, one line a learner, the range over seeds as a veil.

    Args:
        ax: where to draw.
        runs: of one task, as `bench(..., train_sizes=(50, 100, 200))` gives them; those that are not ok are left out.
        metric: of `spoton.metrics`.
        split: `train`, `valid` or `test`.

    Returns:
        `ax`, a logarithmic axis of rows; lines go through the means over seeds.

    Raises:
        DataError: no run has the metric, or the runs are of several tasks.
    """
    held = _values(runs, metric, split)
    sizes = sorted({size for by_size in held.values() for size in by_size})
    palette = palette_of(ax)
    ax.set_xscale("log", base=2)
    ordered = _ordered(held, metric)
    for i, (name, by_size) in enumerate(ordered):
        x = np.array(sorted(by_size))
        mean = np.array([np.mean(by_size[size]) for size in x])
        low, high = (np.array([end(by_size[size]) for size in x]) for end in (min, max))
        if i >= NAMED:
            said = f"{len(ordered) - NAMED} others" if i == NAMED else None
            ax.plot(
                x, mean, color=palette.grey, lw=0.8, alpha=0.6, marker="." if len(x) == 1 else "", label=said, zorder=1
            )
            continue
        colour = palette.series[i % LINES]
        ax.plot(x, mean, color=colour, ls=DASHES[i // LINES % 3], marker=MARKS[i % LINES], ms=5, lw=1.8, label=name)
        if (high > low).any():
            ax.fill_between(x, low, high, color=colour, alpha=0.18, lw=0)
    ax.set_xticks(sizes if len(sizes) <= 8 else sizes[:: -(-len(sizes) // 8)])
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.minorticks_off()
    ax.set_xlim(min(sizes) / 1.15, max(sizes) * 1.15)
    seeds = max(len(values) for by_size in held.values() for values in by_size.values())
    dress(ax, f"{split}, {seeds} seed{'s' * (seeds > 1)}", "training rows", _unit(metric))
    _below(ax, metric, [value for by_size in held.values() for values in by_size.values() for value in values])
    # beside the axes, in the order in which the lines end
    legend(ax, loc="upper left", bbox_to_anchor=(1.0, 1.02), borderaxespad=0.2)
    return ax


def leaderboard(ax: Axes, runs: Iterable[Run], metric: str = "r2", *, split: str = "valid") -> Axes:
    """The learners in order, the best on top: the mean over seeds, each seed, and the range between.

    Args:
        ax: where to draw; about 0.25 inches a learner.
        runs: of one task and one number of training rows; those that are not ok are left out.
        metric: of `spoton.metrics`.
        split: `train`, `valid` or `test`.

    Returns:
        `ax`. Above 30 learners the best are drawn, and the ends of the scale.

    Raises:
        DataError: no run has the metric, or the runs are of several tasks.
    """
    held = {name: [v for values in by.values() for v in values] for name, by in _values(runs, metric, split).items()}
    palette = palette_of(ax)
    greater = metrics.all_metrics()[metric].greater_is_better
    # among equals the oracle is first, then those that spread less
    ranked = sorted(
        held, key=lambda n: (-np.mean(held[n]) if greater else np.mean(held[n]), n != "oracle", np.ptp(held[n]))
    )
    shown = [name for i, name in enumerate(ranked) if i < MOST or name in ENDS]
    for place, name in enumerate(shown):
        values, colour = np.array(held[name]), palette.series[ENDS.get(name, 0)]
        ax.plot([values.min(), values.max()], [place, place], color=colour, lw=4, alpha=0.3, solid_capstyle="round")
        ax.plot(values, np.full(len(values), place), "|", ms=8, mew=1.2, color=colour, alpha=0.8)
        ax.plot(values.mean(), place, "o", ms=6, color=colour, zorder=3)
    ax.set_yticks(range(len(shown)), shown)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    seeds = max(len(values) for values in held.values())
    more = f", the best of {len(ranked)}" if len(shown) < len(ranked) else ""
    dress(ax, f"{split}, {seeds} seed{'s' * (seeds > 1)}{more}", _unit(metric), "")
    # names that would overlap are written smaller
    inches = ax.get_window_extent().height / ax.figure.dpi
    ax.tick_params(axis="y", labelsize=max(4.0, min(8.0, 50 * inches / len(shown))))
    _below(ax, metric, [value for name in shown for value in held[name]], across=True)
    return ax


def _values(runs: Iterable[Run], metric: str, split: str) -> dict[str, dict[int, list[float]]]:
    """learner -> training rows -> the metric of each seed."""
    if metric not in metrics.all_metrics():
        from spoton import catalogue

        raise catalogue.unknown("metric", metric, metrics.all_metrics())
    held: dict[str, dict[int, list[float]]] = {}
    tasks = set()
    for run in runs:
        value = run.metrics.get(split, {}).get(metric)
        if run.status == "ok" and run.train_size and value is not None and np.isfinite(value):
            held.setdefault(run.learner, {}).setdefault(run.train_size, []).append(value)
            tasks.add(run.task)
    if len(tasks) != 1:
        what = (
            f"of several tasks ({', '.join(sorted(tasks))}); draw one at a time"
            if tasks
            else f"without {metric} on {split}"
        )
        raise DataError(f"the runs are {what}")
    return held


def _ordered(held: dict[str, dict[int, list[float]]], metric: str) -> list[tuple[str, dict[int, list[float]]]]:
    """The best at the largest size first, as the lines end."""
    sign = -1.0 if metrics.all_metrics()[metric].greater_is_better else 1.0
    return sorted(held.items(), key=lambda item: sign * float(np.mean(item[1][max(item[1])])))


def _unit(metric: str) -> str:
    found = metrics.all_metrics()[metric]
    unit = "" if found.unit == "1" else f"{found.unit}, "
    return f"{metric} ({unit}{'higher' if found.greater_is_better else 'lower'} is better)"


def _below(ax: Axes, metric: str, values: list[float], *, across: bool = False) -> None:
    """A figure that ends at 1 is cut off below -0.5: a learner that explodes would press all others together."""
    limit = ax.set_xlim if across else ax.set_ylim
    if metrics.all_metrics()[metric].unit != "1" or max(values) > 1 or min(values) >= -0.5:
        return
    limit(-0.5, 1.03)
    palette = palette_of(ax)
    gone = sum(value < -0.5 for value in values)
    ax.text(
        *((0.01, 0.02) if across else (0.99, 0.02)),
        f"{gone} below −0.5",
        transform=ax.transAxes,
        fontsize=8,
        color=palette.ink,
        ha="left" if across else "right",
    )
