"""Named figures of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton import plots
from spoton._run import Run
from spoton.data import Array
from spoton.errors import DataError
from spoton.gallery._answers import Answers, answers
from spoton.tasks import Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES = 8  # images with their points: from the worst to the best
OUTPUTS = 8  # predicted against actual of so many outputs at most


def pictures(run: Run, task: Task | None = None, *, split: str = "valid", dark: bool = False) -> dict[str, Figure]:
    """All pictures that a run has, by name, as matplotlib figures.

    Args:
        run: with its history, and with its predictions where they were kept (`Store.runs(predictions=True)`).
        task: what it was made on; loaded by its name where it is not given, if that needs no download.
        split: `train`, `valid` or `test`.
        dark: on a dark background.

    Returns:
        name -> figure: `curves` (the history); `agreement` (predicted against actual, each output); for points also
        `images` (points on images, the worst first), `residuals`, `places`, `distances`; with labels, `classes`.
        What cannot be drawn is left out, and `missing` says why. `figure.get_label()` is a sentence that says what is
        seen, for those who do not see it.

    Example:
        >>> for name, figure in pictures(run).items():  # doctest: +SKIP
        ...     figure.savefig(f"{name}.png")
    """
    found = dict(_of_history(run, dark))
    try:
        held = answers(run, task, split)
    except DataError:
        return found
    for name, draw in _drawers(held):
        figure = draw(held, dark)
        where = f"{run.learner} on {run.task}, seed {run.seed}, {split}: "
        figure.set_label(where + str(figure.get_label()))
        found[name] = figure
    return found


def missing(run: Run, task: Task | None = None, *, split: str = "valid") -> str:
    """Why a run has no pictures of its predictions, in one sentence; empty where it has."""
    try:
        answers(run, task, split)
    except DataError as error:
        return str(error)
    return ""


def _of_history(run: Run, dark: bool) -> Iterator[tuple[str, Figure]]:
    from spoton.errors import UsageError

    if run.history is None or not len(run.history):
        return
    figure = plots.canvas(size=(6.0, 3.4), dark=dark)
    try:
        plots.curves(figure.axes[0], run.history)
    except UsageError:  # epochs without a loss
        return
    last = figure.axes[0].get_title(loc="left")
    figure.set_label(
        f"{run.learner} on {run.task}, seed {run.seed}: curves over {len(run.history)} epochs, in the end {last}"
    )
    yield "curves", figure


Drawer = Callable[[Answers, bool], "Figure"]


def _drawers(held: Answers) -> Iterator[tuple[str, Drawer]]:
    if held.task.kind != "class":
        yield "agreement", _agreement
    if held.pairs:
        if held.data.images:
            yield "images", _images
        yield "residuals", _residuals
        yield "places", _places
        yield "distances", _distances
    if held.task.kind == "class" or held.data.labels is not None:
        yield "classes", _classes


def _agreement(held: Answers, dark: bool) -> Figure:
    shown = min(OUTPUTS, len(held.columns))
    figure = plots.agreements(
        held.actual[:, :shown],
        held.predicted[:, :shown],
        held.columns[:shown],
        band=0.5 if held.task.whole else None,
        dark=dark,
    )
    said = "; ".join(ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left"))
    more = f", the first {shown} of {len(held.columns)} outputs" if shown < len(held.columns) else ""
    figure.set_label(f"predicted against actual, {said}{more}")
    return figure


def _images(held: Answers, dark: bool) -> Figure:
    order = np.argsort(-held.errors, kind="stable")
    rows = order[np.unique(np.linspace(0, len(order) - 1, min(IMAGES, len(order))).astype(int))]
    across = min(4, len(rows))
    figure = plots.canvas(-(-len(rows) // across), across, size=(1.9, 2.1), dark=dark)
    X: Any = held.data.X
    flat = [i for pair in held.pairs for i in pair]
    for i, ax in enumerate(figure.axes):
        if i >= len(rows):
            ax.set_axis_off()
            continue
        row = rows[i]
        plots.points_on_image(ax, _drawable(X[row]), held.actual[row, flat], held.predicted[row, flat])
    far = held.errors[rows]
    figure.set_label(
        f"{len(rows)} images with actual and predicted points, from the worst, {far[0]:.2g} px off, "
        f"to the best, {far[-1]:.2g} px"
    )
    return figure


def _drawable(image: Array) -> Array:
    """One channel or three; of others the mean."""
    return image if image.shape[0] in (1, 3) else image.mean(axis=0)


def _points(held: Answers) -> tuple[Array, Array]:
    """(n, P, 2) both."""
    pairs = np.array(held.pairs)
    return held.actual[:, pairs], held.predicted[:, pairs]


def _residuals(held: Answers, dark: bool) -> Figure:
    figure = plots.canvas(size=(4.6, 3.8), dark=dark)
    plots.residuals(figure.axes[0], *_points(held), size=held.size)
    figure.set_label(f"arrows from actual to predicted points, {figure.axes[0].get_title(loc='left')}")
    return figure


def _places(held: Answers, dark: bool) -> Figure:
    figure = plots.canvas(size=(4.6, 3.8), dark=dark)
    plots.error_by_place(figure.axes[0], *_points(held), size=held.size)
    figure.set_label(f"mean distance by place in the image, {figure.axes[0].get_title(loc='left')}")
    return figure


def _distances(held: Answers, dark: bool) -> Figure:
    figure = plots.canvas(dark=dark)
    mean = held.centre[list(held.pairs[0])] if len(held.pairs) == 1 else None
    plots.distances(figure.axes[0], *_points(held), mean=mean)
    figure.set_label(f"distances beside those of the mean point, {figure.axes[0].get_title(loc='left')}")
    return figure


def _classes(held: Answers, dark: bool) -> Figure:
    figure = plots.canvas(size=(5.0, 3.4), dark=dark)
    ax = figure.axes[0]
    if held.task.kind == "class":
        wrong = held.errors[:, None]
        labels = held.actual[:, 0].astype(int)
        plots.error_by_class(ax, np.zeros_like(wrong), wrong, labels, points=False, unit="share named wrongly")
    elif held.pairs:
        plots.error_by_class(ax, *_points(held), held.data.labels)
    else:
        plots.error_by_class(ax, held.actual, held.predicted, held.data.labels, points=False, unit="of the answer")
    figure.set_label(f"errors of each class, {ax.get_title(loc='left')}")
    return figure
