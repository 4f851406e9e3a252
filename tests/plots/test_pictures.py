"""Each picture by itself: what is drawn, where, and what is refused."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from drawn import axes, lines, points, run
from matplotlib.collections import QuadMesh
from matplotlib.quiver import Quiver

from spoton import Run, plots
from spoton.colours import DARK
from spoton.errors import DataError, UnknownName, UsageError
from spoton.history import History


def test_agreement_shows_the_points_the_line_and_the_band() -> None:
    ax = plots.agreement(axes(), [1, 2, 3], [1, 2, 4], name="x", band=0.5)
    x, y = lines(ax)["y = x"]
    assert x == y == list(ax.get_xlim()) == list(ax.get_ylim())
    assert any(found == ([1, 2, 3], [1, 2, 4]) for found in lines(ax).values())
    assert ax.get_title(loc="left") == "x  R² 0.5"
    (band,) = ax.collections
    low, high = x
    assert band.get_datalim(ax.transData).bounds == pytest.approx((low, low - 0.5, high - low, high - low + 1))
    assert "± 0.5" in [text.get_text() for text in ax.get_legend().get_texts()]  # type: ignore[union-attr]
    label = plots.agreement(axes(), [1, 2, 3], [1, 2, 4]).get_legend().get_texts()[0]  # type: ignore[union-attr]
    assert label.get_text() == "± 0.577 rmse"


def test_agreement_close_to_one_and_far_away() -> None:
    x = np.arange(100.0)
    assert plots.agreement(axes(), x, x + 1e-3).get_title(loc="left") == "R² 1 − 1e−9"
    assert plots.agreement(axes(), x, x).get_title(loc="left") == "R² 1"
    wild = plots.agreement(axes(), x, np.where(x == 7, 1e9, x))
    assert wild.get_title(loc="left").endswith("1 far outside")
    assert wild.get_xlim()[1] < 200
    assert plots.agreement(axes(), [1, np.nan, 3], [1, 2, 3]).get_title(loc="left") == "R² 1"


def test_many_points_are_a_density_that_counts_them() -> None:
    for n, kind in ((5000, 0), (5001, 1)):
        actual, predicted = points(n)
        ax = plots.agreement(axes(), actual[:, 0], predicted[:, 0])
        meshes = [part for part in ax.collections if isinstance(part, QuadMesh)]
        assert len(meshes) == kind
        assert sum(len(x) == n for x, _ in lines(ax).values()) == 1 - kind
        for mesh in meshes:
            assert np.ma.sum(mesh.get_array()) == n
            assert mesh.get_rasterized()
            # bins of whole numbers lie around them
            assert (np.asarray(mesh.get_coordinates())[0, :, 0] % 1 == 0.5).all()


def test_agreements_have_an_axes_an_output() -> None:
    y = pd.DataFrame({"a": [1.0, 2, 3], "b": [3.0, 1, 2]})
    figure = plots.agreements(y, y.to_numpy(), dark=True)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["a  R² 1", "b  R² 1"]
    with pytest.raises(DataError, match="2 outputs and 1 names"):
        plots.agreements(y, y, names=["a"])
    with pytest.raises(DataError, match="take agreements"):
        plots.agreement(axes(), y, y)


@pytest.mark.parametrize("wrong", [([1, 2], [1, 2, 3]), ([], []), ([np.nan], [1.0])])
def test_nothing_to_draw_is_said(wrong: tuple[list[float], list[float]]) -> None:
    with pytest.raises(DataError):
        plots.agreement(axes(), *wrong)


def test_points_on_an_image() -> None:
    image = np.zeros((1, 6, 8))
    veil = np.zeros((6, 8))
    veil[2, 3] = 0.5
    ax = plots.points_on_image(axes(), image, [3, 2], [3, 4], veil)
    assert lines(ax)["actual"] == ([3], [2])
    assert lines(ax)["predicted"] == ([3], [4])
    assert ax.get_title(loc="left") == "2 px off"
    assert ax.get_xlim() == (-0.5, 7.5)
    assert ax.get_ylim() == (5.5, -0.5)
    alpha = np.asarray(ax.images[1].get_alpha())
    assert alpha[2, 3] == 0.85
    assert alpha.sum() == 0.85
    assert plots.points_on_image(axes(), image, [3, 2], [3, 2]).get_title(loc="left") == "on the spot"
    assert plots.points_on_image(axes(), np.full((5, 5, 3), 255)).images[0].get_array().max() == 1  # type: ignore[union-attr]
    for wrong in (
        {"image": np.zeros(3)},
        {"image": image[0], "actual": [1, 2, 3]},
        {"image": image, "probability": veil.T},
    ):
        with pytest.raises(DataError):
            plots.points_on_image(axes(), **wrong)
    with pytest.raises(DataError, match="1 actual and 2 predicted"):
        plots.points_on_image(axes(), image, [1, 2], [[1, 2], [3, 4]])


def test_residuals_point_from_actual_to_predicted() -> None:
    ax = plots.residuals(axes(), [[1, 2], [3, 4]], [[2, 2], [3, 5]], size=(6, 6))
    (arrows,) = [part for part in ax.collections if isinstance(part, Quiver)]
    assert arrows.get_offsets().tolist() == [[1, 2], [3, 4]]  # type: ignore[union-attr]
    assert arrows.U.tolist() == [1, 0]
    assert arrows.V.tolist() == [0, 1]
    assert ax.get_title(loc="left") == "mean shift (+0.50, +0.50) px"
    assert ax.get_ylim() == (5.5, -0.5)
    actual = points(2000)[0]
    (arrows,) = [
        p for p in plots.residuals(axes(), actual, actual + np.array([1, -2])).collections if isinstance(p, Quiver)
    ]
    assert len(arrows.U) <= 300
    np.testing.assert_allclose(arrows.U, 1)
    np.testing.assert_allclose(arrows.V, -2)


def test_errors_by_place_are_means_of_pixels() -> None:
    ax = plots.error_by_place(axes(), [[1, 0], [1, 0], [3, 2]], [[1, 2], [1, 4], [3, 2]], size=(4, 3))
    (mesh,) = ax.collections
    expected = np.ma.masked_all((3, 4))
    expected[0, 1], expected[2, 3] = 3, 0
    found = np.ma.asarray(mesh.get_array()).reshape(3, 4)
    assert (found.mask == expected.mask).all()
    assert found[0, 1] == 3
    assert ax.get_title(loc="left") == "over all 2 px"
    misses = plots.error_by_place(axes(), [[1, 0], [1, 0]], [[1, 0.4], [1, 0.6]], statistic="miss")
    assert misses.get_title(loc="left") == "over all 50.0 %"
    with pytest.raises(UsageError, match="distance or miss"):
        plots.error_by_place(axes(), [[1, 0]], [[1, 0]], statistic="median")


def test_errors_by_class() -> None:
    ax = plots.error_by_class(axes(), [[0, 0], [0, 0], [0, 0]], [[0, 1], [0, 3], [4, 0]], ["a", "a", "b"])
    assert lines(ax)["mean"] == ([0, 1], [2, 4])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b"]
    assert ax.get_title(loc="left") == "worst: b, 4 px"
    n = 2000
    many = plots.error_by_class(axes(), np.zeros((n, 1)), np.arange(n), np.arange(n) % 50, points=False)
    assert len(many.get_xticks()) == 40
    assert many.get_title(loc="left").endswith("the worst 40 of 50")
    with pytest.raises(DataError, match="labels of shape"):
        plots.error_by_class(axes(), [[0, 0]], [[0, 0]], [1, 2])


def test_distances_are_shares_of_all_points() -> None:
    actual = np.array([[0, 0], [0, 4.0]])
    ax = plots.distances(axes(), actual, actual + np.array([3, 0]))
    base, found = (part.get_data() for part in ax.patches)  # type: ignore[attr-defined]
    assert found.values.sum() == base.values.sum() == 100
    place = int(np.argmax(found.values))
    assert found.edges[place] <= 3 < found.edges[place + 1]
    assert [line.get_xdata()[0] for line in ax.get_lines()] == [2, 3]  # type: ignore[index]
    assert ax.get_title(loc="left") == "0.0 % within 1 px"
    assert plots.distances(axes(), actual, actual, mean=[0, 0]).get_lines()[0].get_xdata()[0] == 2  # type: ignore[index]


def test_curves_have_the_baseline_and_part_fits() -> None:
    history = History([{"fit": 1, "valid_mse": 90.0}, {"fit": 2, "valid_mse": 1.0}], baseline={"valid_mse": 50.0})
    ax = plots.curves(axes(), history)
    assert lines(ax)["valid mse"] == ([1, 2], [90, 1])
    assert lines(ax)["mean predictor"][1] == [50, 50]
    assert [list(line.get_xdata()) for line in ax.get_lines()][-1] == [1.5, 1.5]
    assert ax.get_yscale() == "log"
    assert plots.curves(axes(), history, log=False, baseline=3.0).get_yscale() == "linear"
    with pytest.raises(UsageError, match="no 'hit'"):
        plots.curves(axes(), history, ["hit"])


def test_the_identity_of_r2_and_mse() -> None:
    mse = np.array([0.0, 2.0, 8.0])
    ax = plots.r2_against_mse(axes(), mse, 1 - mse / 4, 4.0, names=["exact", "good", "bad"])
    x, y = lines(ax)["1 − R² = mse / variance"]
    np.testing.assert_allclose(np.array(y), np.array(x) / 4)
    assert ax.get_title(loc="left") == "all on the line"
    assert [text.get_text() for text in ax.texts] == ["exact", "good", "bad"]
    beside = plots.r2_against_mse(axes(), [2.0], [1 - 1.0], 4.0)
    assert beside.get_title(loc="left") == "up to a factor 2 beside the line"
    with pytest.raises(DataError, match="positive variance"):
        plots.r2_against_mse(axes(), [1.0], [1.0], 0.0)


def test_sample_efficiency() -> None:
    runs = [run("a", s, size, r2=0.5 + s / 10) for s in (0, 2) for size in (50, 100)] + [run("b", 0, 100, r2=0.9)]
    runs.append(Run("t", "c", reason="broke"))
    ax = plots.sample_efficiency(axes(), runs)
    assert lines(ax) == {"b": ([100], [0.9]), "a": ([50, 100], [0.6, 0.6])}
    (veil,) = ax.collections
    assert veil.get_datalim(ax.transData).intervaly.tolist() == [0.5, 0.7]
    assert ax.get_title(loc="left") == "valid, 2 seeds"
    assert ax.get_ylabel() == "r2 (higher is better)"
    many = plots.sample_efficiency(axes(), [run(f"net{i}", r2=-i / 100) for i in range(20)])
    assert [text.get_text() for text in many.get_legend().get_texts()][-1] == "6 others"  # type: ignore[union-attr]


def test_the_leaderboard_is_in_order() -> None:
    runs = [run("worse", s, mse=5.0 + s) for s in range(3)] + [run("better", mse=1.0), run("oracle", mse=1.0)]
    ax = plots.leaderboard(axes(), runs, "mse")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["oracle", "better", "worse"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert ([6], [2]) in [(list(x), list(y)) for x, y in ((ln.get_xdata(), ln.get_ydata()) for ln in ax.get_lines())]
    assert ax.get_xlabel() == "mse (target^2, lower is better)"
    assert ax.get_title(loc="left") == "valid, 3 seeds"
    wild = plots.leaderboard(axes(), [run("a", r2=-40.0), run("b", r2=0.9)])
    assert wild.get_xlim() == (-0.5, 1.03)
    assert wild.texts[0].get_text() == "1 below −0.5"
    with pytest.raises(DataError, match="several tasks"):
        plots.leaderboard(axes(), [run("a", r2=1), run("a", task="u", r2=1)])
    with pytest.raises(DataError, match="without hit on valid"):
        plots.leaderboard(axes(), runs, "hit")
    with pytest.raises(UnknownName, match="did you mean mse"):
        plots.leaderboard(axes(), runs, "msee")


def test_feature_maps_are_tiles_on_one_scale() -> None:
    maps = np.stack([np.full((4, 4), -1.0), np.full((4, 4), 3.0)])
    ax = plots.feature_maps(axes(), maps, names=["a", "b"])
    (sheet,) = ax.images
    held = np.ma.asarray(sheet.get_array())
    assert held.shape == (4, 9)
    assert (held[:, :4] == -1).all()
    assert (held[:, 5:] == 3).all()
    assert held.mask[:, 4].all()
    assert sheet.get_clim() == (-3, 3)
    assert [text.get_text() for text in ax.texts] == ["a", "b"]
    assert "the 64 that vary most" in plots.feature_maps(axes(), np.ones((70, 2, 2))).get_title(loc="left")
    with pytest.raises(DataError, match="one row of a batch"):
        plots.feature_maps(axes(), np.zeros((2, 3, 4, 4)))
    with pytest.raises(DataError, match="2 channels and 1 names"):
        plots.feature_maps(axes(), maps, names=["a"])


def test_activations_of_layers() -> None:
    torch = pytest.importorskip("torch", reason="part of the core, but slow to import")
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Dropout(0.9), torch.nn.Flatten())
    found = plots.activations(net.train(), np.ones((1, 1, 5, 5)))
    assert {name: value.shape for name, value in found.items()} == {
        "0": (1, 2, 3, 3),
        "1": (1, 2, 3, 3),
        "2": (1, 18),
        "output": (1, 18),
    }
    np.testing.assert_array_equal(found["0"], found["1"])
    assert net.training
    assert not net[0]._forward_hooks


def test_correlations() -> None:
    random = np.random.RandomState(0)
    x = random.normal(size=(300, 3))
    table = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "same": -2 * x[:, 0] + 5, "constant": 1e9, "word": "w"})
    ax = plots.correlation(axes(), table, x[:, 0], most=3)
    found = np.ma.asarray(ax.images[0].get_array())
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert names == ["y", "a", "same", "b"]
    assert found[0, 1] == pytest.approx(1)
    assert found[1, 2] == pytest.approx(-1)
    assert found[1, 3] == pytest.approx(np.corrcoef(x[:, 0], x[:, 1])[0, 1])
    assert plots.correlation(axes(), table[["constant", "a"]]).images[0].get_array().mask.sum() == 3  # type: ignore[union-attr]
    with pytest.raises(DataError, match="columns of numbers"):
        plots.correlation(axes(), table[["word"]])
    with pytest.raises(DataError, match="flatten images"):
        plots.correlation(axes(), np.zeros((2, 3, 4)))


def test_functions_follow_the_background_of_the_users_own_figure() -> None:
    with mpl.rc_context({"axes.facecolor": "#000000", "figure.facecolor": "#000000"}):
        ax = mpl.figure.Figure().add_subplot()
    assert plots.agreement(ax, [1, 2], [1, 2])._left_title.get_color() == DARK.ink  # type: ignore[attr-defined]
    ax = mpl.figure.Figure(facecolor="#000000").add_subplot(facecolor="none")
    assert plots.dress(ax, "t")._left_title.get_color() == DARK.ink  # type: ignore[attr-defined]
