"""The figures of 2020 made again, where they can be: what was scrambled, what was swapped, on which split."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Lasso, LinearRegression, Ridge

import spoton
from spoton import Run, get_learner, get_task, metrics
from spoton._recorded import PAIRS, PX, find, recorded
from spoton.data import Array

PATH = Path(__file__).parents[1] / "benchmarks" / "recorded.py"
RIGHT = ("mse", "mae", "sqdist_avg")  # however coordinates are paired
WRONG = ("r2", "dist_avg", "dist_r2", "sqdist_r2")
FLOAT32 = 1e-6  # metrics of 2020 were sums in float32
NETS = r"metrics(1|3|5|5b)-|rcn6b-"  # files of rows made on the nets' split
MODELS = ["Lasso", "Ridge Feats2", "Lasso Feats2"]  # exact ones; LR on center has no single solution


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """benchmarks/recorded.py, which is no package."""
    spec = importlib.util.spec_from_file_location("benchmarks_recorded", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def row_of(model: str, target: str, split: str) -> pd.Series:
    table = recorded()
    rows = table[(table["model"] == model) & (table["target"] == target) & (table["split"] == split)]
    assert len(rows) == 1
    return rows.iloc[0]


def half_widths(px: Array) -> Array:
    return px / PX - 1


def scrambled(points: Array) -> Array:
    """What `TensorPoint.create([xs, ys])` made of points: (x0, x1), (x2, x3), ... instead of (x0, y0)."""
    return np.ascontiguousarray(points.T).reshape(-1, 2)


def scores(actual: Array, predicted: Array) -> dict[str, float]:
    return metrics.score(half_widths(actual), half_widths(predicted), ["x", "y"], points=(("x", "y"),))


def differences(model: str, target: str, split: str, actual: Array, predicted: Array) -> dict[str, float]:
    """How far scrambled figures are from the recorded ones."""
    found, row = scores(scrambled(actual), scrambled(predicted)), row_of(model, target, split)
    return {name: abs(found[name] - row[name]) for name in (*RIGHT, *WRONG)}


# -- the table itself ----------------------------------------------------------------------------------------


def test_166_rows_with_their_faults_marked() -> None:
    table = recorded()
    assert len(table) == 166
    assert list(table.columns[-3:]) == ["source", "swapped", "scrambled"]
    assert (table["swapped"] == (table["target"] == "center")).all()
    learned = table["model"].str.match("Lasso|Ridge|LR|RF")
    assert (table["scrambled"] == learned).all()
    assert table["scrambled"].sum() == 32
    assert not table.duplicated(["model", "details", "target", "split"]).any()


def test_the_table_handed_out_is_a_copy() -> None:
    table = recorded()
    table["r2"] = 0.0
    assert recorded()["r2"].max() == 1.0


def test_every_pair_finds_its_row() -> None:
    table = recorded()
    for learner, model, details in PAIRS:
        rows = table[(table["model"] == model) & (table["details"] == details) & (table["split"] == "valid")]
        assert len(rows), f"no row of 2020 is called {model}, {details}"
        for target in ("topleft", "center"):
            row = find(f"pnist/{target}", learner)
            assert (row is None) == (target not in set(rows["target"]))
            if row is not None:
                assert (row["model"], row["details"], row["target"]) == (model, details, target)
    assert find("pnist/center", "net3", "train")["split"] == "train"


@pytest.mark.parametrize("learner", ["knn", "linear", "lasso@pts", "mean"])
def test_a_learner_that_2020_did_not_have(learner: str) -> None:
    assert find("pnist/topleft", learner) is None


@pytest.mark.parametrize("task", ["pnist/corner", "pnist/topleft?digits=all", "qnist/topleft", "own"])
def test_a_task_that_2020_did_not_have(task: str) -> None:
    assert find(task, "lasso") is None
    assert find("pnist/topleft", "lasso", "test") is None


@pytest.mark.parametrize(
    ("learner", "model", "columns"),
    [
        ("linear@pts", LinearRegression(), "pts"),
        ("ridge@pts?alpha=784", Ridge(alpha=1.0), "pts"),
        ("lasso@pts?alpha=28", Lasso(alpha=1.0), "pts"),
        ("lasso@pts?alpha=2.8", Lasso(alpha=0.1), "pts"),  # the pair above is a constant, which shows nothing
        ("lasso", Lasso(alpha=1.0), "pixels"),
    ],
)
def test_pairs_are_the_models_of_2020(script: ModuleType, learner: str, model: Lasso, columns: str) -> None:
    """Penalties grow with the columns: 2020 had points divided by 28, and pixels 0..255."""
    data, rows = get_task("pnist/center").data(), np.arange(0, 709, 2)
    X, y = script.columns(columns).to_numpy()[rows], data.y.to_numpy()[rows]
    ours = get_learner(learner).fit(data.X[rows], y).predict(data.X[rows])
    assert np.abs(ours - clone(model).fit(X, y).predict(X)).max() < (1e-6 if columns == "pts" else 1e-4)


# -- scrambled -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("split", ["train", "valid"])
def test_scrambling_explains_topleft(script: ModuleType, model: str, split: str) -> None:
    actual, predicted = script.refit(model, "topleft")[split]
    assert max(differences(model, "topleft", split, actual, predicted).values()) < 1e-5
    rightly, row = scores(actual, predicted), row_of(model, "topleft", split)
    for name in RIGHT:
        assert rightly[name] == pytest.approx(row[name], abs=1e-6)
    for name in WRONG:
        assert abs(rightly[name] - row[name]) > 1e-4, name


@pytest.mark.parametrize(
    ("model", "target", "split", "right"),
    [
        ("Lasso", "topleft", "valid", (0.6620, 0.1454, 0.3506, 0.4987)),
        ("Lasso", "topleft", "train", (0.8856, 0.0801, 0.6575, 0.8593)),
        ("Lasso", "center", "valid", (0.6485, 0.0538, 0.4857, 0.6986)),
        ("Lasso", "center", "train", (0.8057, 0.0376, 0.6365, 0.8454)),
        ("LR Feats2", "center", "valid", (0.9781, 0.0115, 0.8904, 0.9819)),
        ("Ridge Feats2", "topleft", "valid", (0.9882, 0.0118, 0.9475, 0.9966)),
        ("Ridge Feats2", "center", "valid", (0.9603, 0.0177, 0.8311, 0.9661)),
        ("Lasso Feats2", "topleft", "valid", (-0.0002, 0.2238, 0.0004, -0.0001)),
        ("Lasso Feats2", "center", "valid", (-0.0003, 0.1046, 0.0000, -0.0004)),
    ],
)
def test_the_right_figures(script: ModuleType, model: str, target: str, split: str, right: tuple) -> None:
    found = scores(*script.refit(model, target)[split])
    assert [found[name] for name in WRONG] == pytest.approx(right, abs=1.01e-4)


def test_the_features_got_no_weight_in_the_lasso_on_all(script: ModuleType) -> None:
    """'Lasso Feats' of 2020 is the Lasso on pixels again, to the last digit."""
    table = recorded()
    values = [table[table["model"] == model].iloc[:, 4:11].to_numpy() for model in ("Lasso", "Lasso Feats")]
    assert (np.abs(values[0] - values[1]) < 1e-12).all()
    both = [script.refit(model, "topleft")["valid"][1] for model in ("Lasso", "Lasso Feats")]
    assert np.abs(both[0] - both[1]).max() < 1e-6


# -- swapped -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_the_data_decide_that_center_was_swapped(script: ModuleType, model: str) -> None:
    """531 rows are odd: scrambling pairs the last of one coordinate with the first of the other, and that one
    distance tells which came first: the row. 178 rows have no such pair, and both orders fit what was recorded."""
    actual, predicted = script.refit(model, "center")["train"]
    assert len(actual) == 531
    swapped = differences(model, "center", "train", actual[:, ::-1], predicted[:, ::-1])
    unswapped = differences(model, "center", "train", actual, predicted)
    assert max(swapped.values()) < FLOAT32
    assert unswapped["dist_avg"] > 100 * swapped["dist_avg"]
    assert unswapped["dist_avg"] > 5e-6
    actual, predicted = script.refit(model, "center")["valid"]
    for order in (slice(None), slice(None, None, -1)):
        off = differences(model, "center", "valid", actual[:, order], predicted[:, order])
        assert max(off.values()) < FLOAT32


@pytest.mark.parametrize("model", MODELS)
def test_topleft_was_not_swapped(script: ModuleType, model: str) -> None:
    actual, predicted = script.refit(model, "topleft")["train"]
    right = differences(model, "topleft", "train", actual, predicted)
    swapped = differences(model, "topleft", "train", actual[:, ::-1], predicted[:, ::-1])
    assert max(right.values()) < FLOAT32
    assert swapped["dist_avg"] > 100 * right["dist_avg"]


def test_the_two_printed_rows_of_2020() -> None:
    """7.png and 7030.png, the first two threes: center was (row, column) there, topleft (column, row)."""
    images = get_task("pnist/center").data().X[:2]
    assert np.rint(images * 255).sum(axis=(1, 2, 3)).tolist() == [35867, 29717]
    center = get_task("pnist/center").data().y.to_numpy()[:2]
    assert center.tolist() == [[14, 15], [13, 14]]
    assert center[:, ::-1].tolist() == [[15, 14], [14, 13]]  # as printed
    assert get_task("pnist/topleft").data().y.to_numpy()[:2].tolist() == [[11, 5], [9, 4]]


# -- the nets' split -----------------------------------------------------------------------------------------


def test_the_split_of_the_nets() -> None:
    """sqdist_avg / (1 - sqdist_r2) is the variance of the rows that were scored: it gives the split away."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        valid = torch.randperm(709)[:141].numpy()
    assert valid[:5].tolist() == [316, 580, 16, 103, 137]
    rows = {"valid": valid, "train": np.setdiff1d(np.arange(709), valid)}
    table = recorded()
    table = table[table["source"].str.match(NETS)]
    assert len(table) == 36
    for _, row in table.iterrows():
        y = half_widths(get_task(f"pnist/{row['target']}").data().y.to_numpy()[rows[row["split"]]])
        implied = row["sqdist_avg"] / (1 - row["sqdist_r2"])
        assert implied == pytest.approx(y.var(axis=0).sum(), rel=1e-4), (row["model"], row["details"])


def test_training_in_pixels_is_training_in_half_widths() -> None:
    """2020 had px / 14 - 1. With a sigmoid to the same ends Adam makes the same net of it, its eps apart."""
    data, rows = get_task("pnist/center").data(), np.arange(200)
    px = get_learner("net3?y_range=0x28&epochs=3").set_params(random_state=0)
    net, back = clone(px).set_params(y_range=(-1, 1)), lambda unit: (unit + 1) * PX
    unit = TransformedTargetRegressor(net, func=half_widths, inverse_func=back)
    X, y = data.X[rows], data.y.to_numpy()[rows]
    ours, theirs = px.fit(X, y).predict(X), unit.fit(X, y).predict(X)
    assert np.abs(ours - theirs).max() < 0.01
    assert np.abs(ours - ours.mean(axis=0)).max() > 0.1  # it has learned something to compare


# -- benchmarks/recorded.py ----------------------------------------------------------------------------------


def test_every_recorded_row_is_rerun_once(script: ModuleType) -> None:
    rows = pd.concat([script.rows_of(rerun) for rerun in script.reruns()])
    assert sorted(rows.index) == list(range(166))
    for rerun in script.reruns():
        assert rerun.group in script.GROUPS
        assert hasattr(rerun.learner or get_learner(rerun.name), "fit")


def test_the_columns_of_2020(script: ModuleType) -> None:
    assert [script.columns(name).shape[1] for name in ("pixels", "pts", "all", "restrict")] == [
        784,
        72,
        856,
        6,
    ]
    answer = get_task("pnist/topleft").data().y.to_numpy()
    six = script.columns("restrict").to_numpy() * 28
    assert np.abs(six - answer[:, [0, 0, 0, 1, 1, 1]]).max() < 1e-9
    task = script.task_of("restrict", "center")
    assert task.split(1).hash() == get_task("pnist/center").split(1).hash()
    assert task.data().points == (("center_x", "center_y"),)


def test_a_line_shows_both_and_what_failed(script: ModuleType) -> None:
    lasso = script.reruns(["sklearn"])[:1]
    score = {"r2": 0.5, "dist_avg": 2.0, "mse": 4.0}
    good = Run("pnist/topleft", "lasso", status="ok", metrics={"valid": score})
    better = Run("pnist/topleft", "lasso", status="ok", metrics={"valid": score | {"r2": 0.7}})
    runs = {
        ("", "topleft", "lasso"): [good, better, Run("pnist/topleft", "lasso")],
        ("", "center", "lasso"): [good],
    }
    table = script.lines(lasso, runs)
    assert table["split"].tolist() == ["valid", "valid"]
    line = table.iloc[0]
    assert (line["r2 2020"], line["r2 now"]) == ("0.6924", "0.6000 ± 0.1414 (1 failed)")
    assert line["rmse now"] == "2.000 ± 0.000 (1 failed)"
    assert line["remark"] == "scrambled, rightly r2 0.6620, dist 2.036"
    assert table.iloc[1]["dist now"] == "2.000"
    assert len({len(text) for text in script.markdown(table).splitlines()}) == 1


def test_the_script_runs(script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.main(["--only", "net3", "--quick", "--jobs", "1", "--markdown", str(tmp_path / "out.md")])
    printed = capsys.readouterr().out
    written = (tmp_path / "out.md").read_text(encoding="utf-8")
    assert printed.count("Net3") == 2
    assert printed in written + "\n"
    assert f"spoton {spoton.__version__}" in written
    with pytest.raises(SystemExit):
        script.arguments(["--only", "nets"])
    assert "no group is called nets" in capsys.readouterr().err
    assert script.arguments(["--quick"]).seeds == 1
    assert "resnet" not in script.arguments([]).groups
