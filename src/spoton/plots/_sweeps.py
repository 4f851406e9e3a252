"""Pictures of a sweep: how the best grew, what is important, a parameter alone, two against each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton import catalogue, metrics
from spoton.data import Array
from spoton.errors import DataError
from spoton.history._draw import plain_decades
from spoton.plots._style import canvas, colourbar, dress, legend, palette_of, ramp

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WILD = 10.0  # scores so many times the middle half away from it are drawn at the edge
LEVELS = 9
FEW = 6  # different numbers, each of which has a tick


def sweep_progress(ax: Axes, trials: pd.DataFrame, metric: str) -> Axes:
    """The score of each trial in the order in which they were drawn, and the best so far.

    Args:
        ax: where to draw.
        trials: columns `number`, `state`, `value`, as `Sweep.to_frame` gives them.
        metric: of `spoton.metrics`.

    Returns:
        `ax`. Pruned trials stand where they were stopped; failed ones are ticks at the foot.

    Raises:
        DataError: no trial has a score.
    """
    from matplotlib.ticker import MaxNLocator

    done, values, sign = _scored(trials, metric)
    palette = palette_of(ax)
    best = sign * np.maximum.accumulate(sign * values)
    ax.step(done["number"], best, where="post", color=palette.series[0], lw=1.8, label="best so far")
    ax.plot(done["number"], values, "o", ms=4.5, color=palette.series[0], alpha=0.6, label="trial")
    stopped = trials[(trials["state"] == "pruned") & trials["value"].notna()]
    if len(stopped):
        ax.plot(stopped["number"], stopped["value"], "x", ms=5, color=palette.series[1], label="stopped early")
    failed = trials[trials["state"] == "failed"]
    if len(failed):
        where = np.full(len(failed), 0.02)
        across = ax.get_xaxis_transform()
        ax.plot(failed["number"], where, "|", ms=8, color=palette.series[3], transform=across, label="failed")
    _tame(ax, values)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    count = f"{len(trials)} trial{'s' * (len(trials) != 1)}"
    dress(ax, f"{count}, rows held out: best {best[-1]:.4g}", "trial", _said(metric))
    legend(ax, loc="best")
    return ax


def sweep_importance(ax: Axes, importance: Mapping[str, float]) -> Axes:
    """The share of each parameter in what sets good trials apart, as `Sweep.importance` gives it.

    Raises:
        DataError: there are none.
    """
    if not importance:
        raise DataError("no parameter has an importance; that takes four finished trials or more that differ")
    palette = palette_of(ax)
    names = list(importance)
    shares = [importance[name] for name in names]
    ax.barh(range(len(names)), shares, color=palette.series[0], height=0.6)
    for i, share in enumerate(shares):
        ax.text(share + 0.01, i, f"{100 * share:.0f} %", va="center", fontsize=8, color=palette.ink)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0, max(shares) * 1.15 + 0.03)
    return dress(ax, "importance (PED-ANOVA)", "share", "")


def sweep_slice(ax: Axes, trials: pd.DataFrame, parameter: str, metric: str, *, log: bool = False) -> Axes:
    """The score against one parameter, a mark a trial, later trials darker.

    Args:
        ax: where to draw.
        trials: as for `sweep_progress`, with a column of the parameter.
        parameter: numbers, or words: those get a place each, and a line at their mean.
        metric: of `spoton.metrics`.
        log: a logarithmic axis.

    Returns:
        `ax`.

    Raises:
        DataError: no trial has a score, or there is no such parameter.
    """
    done, values, _ = _scored(trials, metric)
    palette = palette_of(ax)
    x, names = _axis(done, parameter)
    shade: Any = np.linspace(0.35, 1.0, len(x))
    ax.scatter(x, values, s=22, color=palette.series[0], alpha=shade, linewidths=0)
    if names is not None:
        for place in range(len(names)):
            part = values[x == place]
            if len(part):
                middle = np.median(part)
                ax.plot([place - 0.3, place + 0.3], [middle, middle], color=palette.series[1], lw=2)
        ax.set_xlim(-0.6, len(names) - 0.4)
    _ticks(ax.xaxis, names, x, log)
    _tame(ax, values)
    return dress(ax, parameter, parameter if names is None else f"{parameter} (line: median)", _said(metric))


def sweep_contour(ax: Axes, trials: pd.DataFrame, x: str, y: str, metric: str, *, logs: Collection[str] = ()) -> Axes:
    """The score over two parameters: levels between numbers, a field for each pair of words, else marks alone.

    Args:
        ax: where to draw.
        trials: as for `sweep_slice`.
        x, y: two parameters.
        metric: of `spoton.metrics`.
        logs: those that are logarithmic.

    Returns:
        `ax`. Levels are interpolated linearly; outside of the trials nothing is drawn.

    Raises:
        DataError: no trial has a score, or there is no such parameter.
    """
    done, values, sign = _scored(trials, metric)
    palette = palette_of(ax)
    (across, x_names), (up, y_names) = _axis(done, x), _axis(done, y)
    clipped = np.clip(values, *_limits(values))
    colours = ramp(ax)
    shown: Any
    if x_names is not None and y_names is not None:
        fields = np.full((len(y_names), len(x_names)), np.nan)
        for i, j in {(int(b), int(a)) for a, b in zip(across, up, strict=True)}:
            fields[i, j] = clipped[(up == i) & (across == j)].mean()
        shown = ax.imshow(fields, cmap=colours, aspect="auto", origin="lower")
    else:
        flat_x = np.log10(across) if x in logs else across
        flat_y = np.log10(up) if y in logs else up
        words = x_names is not None or y_names is not None  # between words there is nothing
        shown = None if words else _levels(ax, flat_x, flat_y, across, up, clipped, colours)
        marks = ax.scatter(across, up, c=clipped, cmap=colours, s=26, edgecolors=palette.ink, linewidths=0.7, zorder=3)
        ax.use_sticky_edges = False
        ax.margins(0.05, 0.25 if y_names is not None else 0.05)
        shown = shown or marks
    best = int(np.argmax(sign * values))
    ax.plot(across[best], up[best], "*", ms=13, mfc=palette.series[1], mec=palette.paper, zorder=4)
    _ticks(ax.xaxis, x_names, across, x in logs)
    _ticks(ax.yaxis, y_names, up, y in logs)
    dress(ax, f"{x} and {y} (star: best)", x, y, grid=False)
    colourbar(ax, shown, _said(metric))
    return ax


def sweep_figure(
    trials: pd.DataFrame,
    importance: Mapping[str, float],
    metric: str,
    *,
    logs: Collection[str] = (),
    dark: bool = False,
) -> Figure:
    """All of these pictures in one figure, for the most important parameters.

    Raises:
        DataError: no trial has a score.
    """
    done, _, _ = _scored(trials, metric)
    first = list(trials.columns).index("value") + 1
    names = list(trials.columns)[first : list(trials.columns).index("learner")]
    varied = [name for name in names if done[name].astype(str).nunique() > 1]
    varied.sort(key=lambda name: -importance.get(name, 0.0))
    slices, pairs = varied[:3], varied[:2] if len(varied) > 1 else []
    count = 1 + bool(importance) + len(slices) + bool(pairs)
    columns = min(3, count)
    figure = canvas(-(-count // columns), columns, size=(4.4, 3.5), dark=dark)
    axes = iter(figure.axes.copy())
    sweep_progress(next(axes), trials, metric)
    if importance:
        sweep_importance(next(axes), importance)
    for name in slices:
        sweep_slice(next(axes), trials, name, metric, log=name in logs)
    if pairs:
        sweep_contour(next(axes), trials, pairs[0], pairs[1], metric, logs=logs)
    for empty in axes:
        empty.remove()
    return figure


def _scored(trials: pd.DataFrame, metric: str) -> tuple[pd.DataFrame, Array, float]:
    """The finished trials, their scores, and +1 where more is better, else -1."""
    known = metrics.all_metrics()
    if (base := metric.partition(":")[0]) not in known:
        raise catalogue.unknown("metric", metric, known)
    done = trials[(trials["state"] == "complete") & trials["value"].notna()]
    if done.empty:
        raise DataError("no trial is finished; there is nothing to draw")
    return done, done["value"].to_numpy(dtype=np.float64), 1.0 if known[base].greater_is_better else -1.0


def _axis(done: pd.DataFrame, parameter: str) -> tuple[Array, list[str] | None]:
    """Places of the trials, and the words where they are words."""
    if parameter not in done.columns:
        raise DataError(f"the trials have no parameter '{parameter}'; they have {', '.join(map(str, done.columns))}")
    held = list(done[parameter])
    if all(isinstance(v, int | float | np.number) and not isinstance(v, bool | np.bool_) for v in held):
        return np.array(held, dtype=np.float64), None
    words = [str(value) for value in held]
    names = sorted(set(words))
    return np.array([names.index(word) for word in words], dtype=np.float64), names


def _levels(ax: Axes, flat_x: Array, flat_y: Array, x: Array, y: Array, values: Array, colours: Any) -> Any:
    """Filled levels; None where the trials span no area, or all are equal."""
    from matplotlib.tri import Triangulation

    points = np.unique(np.stack([flat_x, flat_y], axis=1), axis=0)
    spread = points - points.mean(axis=0)
    if len(points) < 4 or np.linalg.matrix_rank(spread / np.maximum(np.abs(spread).max(axis=0), 1e-12)) < 2:
        return None
    if values.min() == values.max():
        return None
    # triangles of the axes as they are seen, so that a logarithmic one is not squeezed to a corner
    unit = [(v - v.min()) / max(float(np.ptp(v)), 1e-12) for v in (flat_x, flat_y)]
    triangles = Triangulation(*unit).triangles
    return ax.tricontourf(Triangulation(x, y, triangles), values, levels=LEVELS, cmap=colours)


def _ticks(axis: Any, names: list[str] | None, values: Array, log: bool) -> None:
    """Words at their places, a logarithmic axis, or the numbers themselves where they are few."""
    if names is not None:
        axis.set_ticks(range(len(names)), names)
    elif log:
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        plain_decades(axis, float(values.min()), float(values.max()))
    elif len(few := np.unique(values)) <= FEW:
        axis.set_ticks(few, [f"{value:g}" for value in few])


def _limits(values: Array) -> tuple[float, float]:
    """Where scores are cut off: some explode, and would press all others together."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    reach = WILD * max(float(high - low), 1e-12)
    near = values[np.abs(values - middle) <= reach]
    return float(near.min()), float(near.max())


def _tame(ax: Axes, values: Array) -> None:
    low, high = _limits(values)
    if low > values.min() or high < values.max():
        margin = 0.06 * (high - low) or 0.5
        ax.set_ylim(low - margin, high + margin)


def _said(metric: str) -> str:
    found = metrics.all_metrics()[metric.partition(":")[0]]
    return f"{metric} ({'higher' if found.greater_is_better else 'lower'} is better)"
