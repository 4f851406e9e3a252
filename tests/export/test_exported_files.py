"""Exported learners: the learner's answers in a file, on batches and images of other sizes, or no file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from spoton import PointData, get_learner, get_task
from spoton.data import Array
from spoton.errors import DataError, UsageError
from spoton.export import export_learner
from spoton.export._check import by_onnxruntime, by_torch, compare
from spoton.export._graph import graph_of
from spoton.learners import SpotTable

PX: dict[str, Any] = {"columns": ["x", "y"], "points": [("x", "y")], "unit": "px"}


def sides(name: str, rows: int = 60) -> tuple[PointData, PointData]:
    task = get_task(name)
    data, split = task.data(), task.split(0)
    return data.take(split.train[:rows]), data.take(split.valid[:40])


def fitted(learner: str, train: PointData) -> Any:
    estimator = get_learner(learner)
    seeds = {key: 0 for key in estimator.get_params() if key.split("__")[-1] == "random_state"}
    y = train.y.to_numpy()
    return estimator.set_params(**seeds).fit(train.X, y.ravel() if y.shape[1] == 1 else y)


@pytest.fixture(scope="module")
def digits() -> tuple[PointData, PointData]:
    return sides("pnist/topleft")


def graph(estimator: Any, X: Any, dtype: torch.dtype = torch.float64) -> Array:
    """What the torch module answers, before any export."""
    with torch.no_grad():
        found: Array = graph_of(estimator, dtype)(torch.tensor(np.array(X))).numpy()
    return found


@pytest.mark.parametrize(
    "learner",
    [
        "mean",
        "linear@pts",
        "ridge@pix+min+max+pts6+xnorm",
        "lasso-cv@pts11+yrange=samples",
        "linear@pts12+ynorm=robust",
        "mlp@pts22?max_iter=3",
        "net3+ynorm=min-max?epochs=1",
        "featsnet@pts+pix?epochs=1",
        "spotnet?epochs=1",
        "fastai-tabular@pts+xnorm+yrange=samples?epochs=1",
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_module_answers_as_the_learner(learner: str, digits: tuple[PointData, PointData]) -> None:
    train, valid = digits
    estimator = fitted(learner, train)
    found, wanted = graph(estimator, valid.X), estimator.predict(valid.X)
    assert np.allclose(found, wanted, rtol=1e-5, atol=1e-5)
    assert len(np.unique(wanted.round(6), axis=0)) > 1 or learner == "mean"


@pytest.mark.parametrize(
    ("learner", "task"),
    [
        ("linear", "friedman1"),
        ("linear+xnorm", "friedman1"),
        ("spottable?members=2&epochs=12", "friedman1"),
        ("spottable?epochs=60", "steps"),
        ("stg?epochs=20", "friedman1"),
    ],
)
def test_tables_keep_their_digits(learner: str, task: str) -> None:
    train, valid = sides(task, 200)
    estimator = fitted(learner, train)
    assert task != "steps" or estimator[-1].net_.ramp_mix.any()
    found, wanted = graph(estimator, valid.X.to_numpy())[:, 0], estimator.predict(valid.X)
    tolerance = 1e-12 if learner.startswith("linear") else 1e-6
    assert np.allclose(found, wanted, rtol=tolerance, atol=tolerance)


def test_spottable_fills_gaps_and_cuts_off_far_values() -> None:
    train, valid = sides("friedman1", 200)
    holes = train.X.to_numpy().copy()
    holes[::7, 1] = np.nan
    estimator = SpotTable(members=2, epochs=12, random_state=0).fit(holes, train.y.to_numpy())
    rows = valid.X.to_numpy().copy()
    rows[0, 1], rows[1, 3], rows[2, 0] = np.nan, 1e9, -1e9
    assert np.allclose(graph(estimator, rows), estimator.predict(rows), rtol=1e-6, atol=1e-6)


def test_a_class_is_the_one_with_the_highest_score() -> None:
    from spoton import evaluate

    kept: list[Any] = []
    assert evaluate("ridge", "pnist/digit", 0, train_size=80, on_fitted=kept.append).status == "ok"
    _, valid = sides("pnist/digit")
    found = graph(kept[0], valid.X)
    assert set(found[:, 0]) == {3, 7}
    assert (found == kept[0].predict(valid.X).reshape(-1, 1)).all()


@pytest.mark.parametrize(
    ("learner", "why"),
    [
        ("knn", "KNeighborsRegressor has no graph"),
        ("linear@dummy", "the feature dummy is drawn from a hash"),
        ("linear+ynorm=quantile", "the scaling of answers 'quantile' is a curve"),
    ],
)
def test_what_has_no_graph_says_what_can(
    learner: str, why: str, digits: tuple[PointData, PointData], tmp_path: Path
) -> None:
    train, valid = digits
    with pytest.raises(UsageError, match=f"{why}.*nets of torch and fastai, mean, linear"):
        export_learner(fitted(learner, train), [tmp_path / "m.pt2"], valid.X, **PX)
    assert not list(tmp_path.iterdir())


def test_tables_with_text_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"size": range(40), "town": ["Ulm", "Bonn"] * 20})
    estimator = SpotTable(members=0, random_state=0).fit(frame, frame["size"])
    with pytest.raises(UsageError, match=r"spottable is exported where all columns .* dates, times or text"):
        graph_of(estimator, torch.float64)
    with pytest.raises(UsageError, match="all columns are numbers, and this one has dates or text"):
        export_learner(fitted("linear", sides("friedman1")[0]), [tmp_path / "m.pt2"], frame)


def test_files_answer_as_the_learner_for_any_batch(digits: tuple[PointData, PointData], tmp_path: Path) -> None:
    train, valid = digits
    estimator = fitted("linear@pts", train)
    paths = [tmp_path / "m.onnx", tmp_path / "m.pt2"]
    found = export_learner(estimator, paths, valid.X, facts={"task": "pnist/topleft"}, **PX)
    assert [check.path for check in found] == paths
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.onnx", "m.pt2"]
    for path, check in zip(paths, found, strict=True):
        assert (check.rows, check.pixels, check.sizes) == (40, 0, ())
        assert check.worst < 1e-5
        assert "checked on 40 inputs" in str(check)
        assert "each point is on the same pixel" in str(check)
        run = by_onnxruntime(path) if path.suffix == ".onnx" else by_torch(path)
        for rows in (1, 7, 40):
            answers = run(valid.X[:rows])
            assert answers.dtype == np.float32
            assert np.abs(answers - estimator.predict(valid.X[:rows])).max() < 1e-5


def test_an_onnx_file_says_what_it_is(digits: tuple[PointData, PointData], tmp_path: Path) -> None:
    import onnxruntime

    train, valid = digits
    export_learner(fitted("mean", train), [tmp_path / "m.onnx"], valid.X, facts={"task": "pnist/topleft"}, **PX)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.shape, taken.type) == ("images", ["batch", 1, 28, 28], "tensor(float)")
    assert (given.name, given.shape, given.type) == ("points", ["batch", 2], "tensor(float)")
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["points"]) == [["x", "y"]]
    assert (told["unit"], told["task"]) == ("px", "pnist/topleft")
    assert "centre of the top-left pixel" in told["frame"]


def test_a_file_that_fails_the_check_is_not_written(
    digits: tuple[PointData, PointData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, valid = digits
    estimator = fitted("linear@pts", train)
    honest = type(estimator).predict

    def predict(self: Any, X: Any) -> Array:
        answers: Array = honest(self, X)
        answers[3] += 0.002
        return answers

    monkeypatch.setattr(type(estimator), "predict", predict)
    (tmp_path / "m.pt2").write_text("what was there before")
    with pytest.raises(DataError, match=r"m.pt2 is not written: .* on 1 of 40 inputs \(first: 3\), by up to 0.002 px"):
        export_learner(estimator, [tmp_path / "m.pt2"], valid.X, **PX)
    assert (tmp_path / "m.pt2").read_text() == "what was there before"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_check_itself() -> None:
    path, near = Path("m.onnx"), np.array([[10.0, 20.0], [0.5, 4.4]])
    found = compare(path, [(near, near + 4e-6)], points=True, unit="px")
    assert (found.rows, found.pixels, round(found.worst, 9)) == (2, 1, 4e-6)  # 0.5 and 0.500004 are rounded apart
    for wrong in (near + 2e-3, near * np.nan, near + np.array([[0.0, 1.0], [0, 0]])):
        with pytest.raises(DataError, match=r"m\.onnx is not written: its answers differ"):
            compare(path, [(near, wrong)], points=True, unit="px")
    with pytest.raises(DataError, match=r"answers in shape \(2, 1\), the learner in \(2, 2\)"):
        compare(path, [(near, near[:, :1])], points=True, unit="px")
    # of large answers float32 has no more digits
    assert compare(path, [(near * 1e6, near * 1e6 + 1)], points=False, unit="").pixels is None


def test_where_it_cannot_be_written(digits: tuple[PointData, PointData], tmp_path: Path) -> None:
    train, valid = digits
    estimator = fitted("mean", train)
    with pytest.raises(UsageError, match=r"ends in \.onnx or \.pt2, not 'm\.txt'"):
        export_learner(estimator, [tmp_path / "m.txt"], valid.X, **PX)
    with pytest.raises(UsageError, match="cannot be written: there is no such folder"):
        export_learner(estimator, [tmp_path / "nowhere" / "m.pt2"], valid.X, **PX)
    with pytest.raises(DataError, match="1 or more, and there are none"):
        export_learner(estimator, [tmp_path / "m.pt2"], valid.X[:0], **PX)
    with pytest.raises(UsageError, match="--hard is for spotnet and gatedspot"):
        export_learner(estimator, [tmp_path / "m.pt2"], valid.X, hard=True, **PX)


@pytest.mark.parametrize("ending", ["pt2", "onnx"])
def test_a_disk_that_is_full_is_a_sentence(ending: str, digits: tuple[PointData, PointData], tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits of a process are Unix's")
    train, valid = digits
    estimator = fitted("mean", train)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))  # as a disk with so much room
    try:
        with pytest.raises(DataError, match=rf"m\.{ending} cannot be written \(File too large\); name another file"):
            export_learner(estimator, [tmp_path / f"m.{ending}"], valid.X, **PX)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert not list(tmp_path.iterdir())


# nets whose graphs have something of their own: convolutions, scans, attention, grids, heatmaps, fastai's head
NETS = (
    "coordconv?epochs=1",
    "gatedspot?epochs=1",
    "keypoint-head?epochs=1",
    "simcc?epochs=1",
    "stn?epochs=1",
    "unet-dsnt?epochs=1",
    "vit-small?epochs=1",
    "fastai-vision?epochs=1",
)


@pytest.mark.slow
@pytest.mark.parametrize("learner", NETS)
def test_every_kind_of_net_by_onnxruntime(learner: str, digits: tuple[PointData, PointData], tmp_path: Path) -> None:
    train, valid = digits
    (found,) = export_learner(fitted(learner, train), [tmp_path / "m.onnx"], valid.X, **PX)
    assert found.rows == 40


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["ordernet?epochs=1", "pointernet?epochs=1"])
def test_nets_of_lists(learner: str, tmp_path: Path) -> None:
    train, valid = sides("lists/max")
    (found,) = export_learner(fitted(learner, train), [tmp_path / "m.onnx"], valid.X)
    assert found.rows == 40


@pytest.mark.slow
@pytest.mark.parametrize("hard", [False, True])
def test_images_of_any_size(hard: bool, tmp_path: Path) -> None:
    train, valid = sides("pnist/topleft", 400)
    estimator = fitted("spotnet", train)
    paths = [tmp_path / "m.onnx", tmp_path / "m.pt2"][: 1 + hard]  # the soft graph is large, and each takes seconds
    for found in export_learner(estimator, paths, valid.X, hard=hard, **PX):
        assert (found.rows, found.sizes) == (120, ((31, 33), (28, 39)))
    canvas = np.zeros((2, 1, 50, 64), dtype=np.float32)
    canvas[:, :, 20:48, 30:58] = valid.X[:2]
    wanted = valid.y.to_numpy()[:2] + np.array([30, 20])
    for path in paths:
        run = by_onnxruntime(path) if path.suffix == ".onnx" else by_torch(path)
        assert (run(canvas) == wanted).all()
