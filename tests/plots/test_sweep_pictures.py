"""Pictures of sweeps: what is drawn, where, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from drawn import axes, lines, sweep_frame
from matplotlib.backends.backend_agg import FigureCanvasAgg

from spoton import plots
from spoton.errors import DataError, UnknownName


def frame(**columns: list[object]) -> pd.DataFrame:
    n = len(columns["value"])
    return pd.DataFrame({"number": range(n), "state": ["complete"] * n, **columns, "learner": ["net"] * n})


def test_progress_keeps_the_best_so_far_in_the_metrics_direction() -> None:
    trials = frame(value=[3.0, 5.0, 2.0, 4.0])
    assert lines(plots.sweep_progress(axes(), trials, "r2"))["best so far"][1] == [3, 5, 5, 5]
    assert lines(plots.sweep_progress(axes(), trials, "mse"))["best so far"][1] == [3, 3, 2, 2]
    trials.loc[1, "state"], trials.loc[3, "state"], trials.loc[3, "value"] = "pruned", "failed", np.nan
    ax = plots.sweep_progress(axes(), trials, "mse:x")
    assert lines(ax)["best so far"] == ([0, 2], [3, 2])
    assert lines(ax)["stopped early"] == ([1], [5])
    assert lines(ax)["failed"][0] == [3]
    assert ax.get_title(loc="left") == "4 trials, rows held out: best 2"


def test_one_that_explodes_does_not_press_the_others_together() -> None:
    values = [0.1, 0.2, 0.3, 0.25, -1e20]
    for ax in (
        plots.sweep_progress(axes(), frame(value=values), "r2"),
        plots.sweep_slice(axes(), frame(value=values, lr=[1, 2, 3, 4, 5]), "lr", "r2"),
    ):
        assert -0.1 < ax.get_ylim()[0] < ax.get_ylim()[1] < 0.5


def test_importance_is_ordered_and_labelled() -> None:
    ax = plots.sweep_importance(axes(), {"lr": 0.75, "epochs": 0.25})
    assert [text.get_text() for text in ax.texts] == ["75 %", "25 %"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["lr", "epochs"]
    with pytest.raises(DataError, match="four finished trials"):
        plots.sweep_importance(axes(), {})


def test_a_slice_of_numbers_and_of_words() -> None:
    trials = frame(value=[1.0, 2.0, 4.0], lr=[0.1, 0.01, 0.001], kind=["a", "b", "b"])
    ax = plots.sweep_slice(axes(), trials, "lr", "mse", log=True)
    assert ax.get_xscale() == "log"
    assert ax.collections[0].get_offsets().tolist() == [[0.1, 1], [0.01, 2], [0.001, 4]]  # type: ignore[union-attr]
    ax = plots.sweep_slice(axes(), trials, "kind", "mse")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
    assert [line.get_ydata()[0] for line in ax.get_lines()] == [1, 3]  # type: ignore[index]


def test_a_contour_has_levels_fields_or_marks() -> None:
    trials = sweep_frame(40)
    ax = plots.sweep_contour(axes(), trials, "lr", "hidden", "r2", logs=["lr"])
    assert len(ax.collections) == 2  # levels and marks
    done = trials[trials["state"] == "complete"]
    best = done.loc[done["value"].idxmax()]
    assert lines(ax)[str(ax.get_lines()[0].get_label())] == ([best["lr"]], [best["hidden"]])
    assert len(plots.sweep_contour(axes(), trials, "lr", "+ynorm", "r2").collections) == 1
    words = frame(value=[1.0, 2.0, 3.0, 5.0], a=[True, True, False, False], b=["x", "y", "x", "x"])
    field = np.ma.filled(plots.sweep_contour(axes(), words, "a", "b", "r2").images[0].get_array(), np.nan)  # type: ignore[arg-type]
    assert np.array_equal(field, [[4, 1], [np.nan, 2]], equal_nan=True)
    line = frame(value=[1.0, 2.0, 3.0, 4.0], a=[1, 2, 3, 4], b=[2, 4, 6, 8])
    assert len(plots.sweep_contour(axes(), line, "a", "b", "r2").collections) == 1


@pytest.mark.parametrize("n", [1, 2, 60])
def test_the_figure_holds_what_there_is(n: int) -> None:
    shares = {"lr": 0.6, "hidden": 0.3, "+ynorm": 0.1} if n == 60 else {}
    figure = plots.sweep_figure(sweep_frame(n), shares, "r2", logs=["lr"], dark=n == 60)
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")]
    wanted = {1: [], 2: ["lr"], 60: ["importance (PED-ANOVA)", "lr", "hidden", "+ynorm", "lr and hidden (star: best)"]}
    assert titles[1:][: len(wanted[n])] == wanted[n]
    figure.set_dpi(30)
    FigureCanvasAgg(figure).draw()


def test_what_cannot_be_drawn_is_said() -> None:
    trials = frame(value=[1.0], lr=[0.1])
    with pytest.raises(UnknownName, match="did you mean mse"):
        plots.sweep_progress(axes(), trials, "msee")
    with pytest.raises(DataError, match="no parameter 'wd'"):
        plots.sweep_slice(axes(), trials, "wd", "mse")
    trials["state"] = "failed"
    with pytest.raises(DataError, match="nothing to draw"):
        plots.sweep_figure(trials, {}, "mse")
