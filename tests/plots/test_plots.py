"""Each picture shows what it was given: with one row, a hundred and a million, on light and on dark."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from drawn import points, run, sweep_frame
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgba

from spoton import plots
from spoton.colours import DARK, LIGHT, contrast
from spoton.history import History

Draw = Callable[[Axes], Axes]


def pictures(n: int) -> dict[str, Draw]:
    actual, predicted = points(n)
    random = np.random.RandomState(1)
    history = History([{"train_mse": 9 / k, "valid_mse": 9.5 / k} for k in range(1, min(n, 3000) + 1)])
    runs = [run(f"net{i}", s, r2=1 - 1 / (i + s + 2)) for i in range(min(n, 40)) for s in range(2)]
    mse = random.uniform(1, 9, n)
    trials = sweep_frame(min(n, 500))
    side = {1: 4, 100: 28}.get(n, 512)
    return {
        "agreement": lambda ax: plots.agreement(ax, actual[:, 0], predicted[:, 0]),
        "points_on_image": lambda ax: plots.points_on_image(ax, np.eye(28), actual, predicted),
        "residuals": lambda ax: plots.residuals(ax, actual, predicted, size=(28, 28)),
        "error_by_place": lambda ax: plots.error_by_place(ax, actual, predicted, size=(28, 28)),
        "error_by_class": lambda ax: plots.error_by_class(ax, actual, predicted, np.arange(n) % 10),
        "distances": lambda ax: plots.distances(ax, actual, predicted),
        "curves": lambda ax: plots.curves(ax, history),
        "r2_against_mse": lambda ax: plots.r2_against_mse(ax, mse, 1 - mse / 9, 9.0),
        "sample_efficiency": lambda ax: plots.sample_efficiency(ax, runs),
        "leaderboard": lambda ax: plots.leaderboard(ax, runs),
        "feature_maps": lambda ax: plots.feature_maps(ax, random.normal(size=(4, side, side))),
        "sweep_progress": lambda ax: plots.sweep_progress(ax, trials, "r2"),
        "sweep_importance": lambda ax: plots.sweep_importance(ax, {f"p{i}": 1 / (i + 1) for i in range(min(n, 9))}),
        "sweep_slice": lambda ax: plots.sweep_slice(ax, trials, "lr", "r2", log=True),
        "sweep_contour": lambda ax: plots.sweep_contour(ax, trials, "lr", "hidden", "r2", logs=["lr"]),
        "correlation": lambda ax: plots.correlation(ax, actual, predicted[:, 0]),
    }


def test_every_function_of_axes_is_drawn_here() -> None:
    others = {"activations", "agreements", "canvas", "dress", "samples", "show_column", "show_image"}
    others |= {"sweep_figure"}
    others |= {"change_effects", "fact_picture"}  # of a diagnosis: beside it, in tests/why
    assert set(pictures(1)) == set(plots.__all__) - others


SLOW = [pytest.param(n, dark, marks=pytest.mark.slow) for n, dark in ((1, True), (100, False))]
SLOW += [pytest.param(1_000_000, dark, marks=pytest.mark.slow) for dark in (False, True)]


@pytest.mark.parametrize(("n", "dark"), [(1, False), (100, True), *SLOW])
def test_any_number_of_rows_on_any_background(n: int, dark: bool) -> None:
    drawn = pictures(n)
    figure = plots.canvas(4, 4, size=(3.4, 3.0), dark=dark)
    paper = DARK.paper if dark else LIGHT.paper
    shown = figure.axes
    for ax, (name, draw) in zip(shown, drawn.items(), strict=True):
        start = time.process_time()
        assert draw(ax) is ax, name
        assert time.process_time() - start < 3, name
        assert ax.has_data(), name
        for text in (ax.title, ax.xaxis.label, ax.yaxis.label, ax._left_title):  # type: ignore[attr-defined]
            if text.get_text():
                assert contrast(to_hex(text.get_color()), paper) > 7, name
    figure.set_dpi(30)
    agg = FigureCanvasAgg(figure)
    agg.draw()
    image = np.asarray(agg.buffer_rgba())[::-1, :, :3] / 255
    assert np.abs(image[0, 0] - to_rgba(paper)[:3]).max() < 0.01
    for name, ax in zip(drawn, shown, strict=True):
        x0, y0, x1, y1 = (round(v) for v in ax.get_window_extent().extents)
        inside = image[max(y0, 0) : y1, max(x0, 0) : x1]
        assert (np.abs(inside - to_rgba(paper)[:3]).max(axis=2) > 0.1).mean() > 0.001, name
