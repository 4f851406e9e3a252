"""A fitted learner is kept whole: the same bits from the folder, and inputs that it was not made for are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spoton import evaluate, fit_model, get_task, load_model
from spoton.errors import DataError, UsageError
from spoton.models import Model


@pytest.fixture(scope="module")
def ridge() -> Model:
    return fit_model("pnist/topleft", "ridge", seed=3)


@pytest.fixture(scope="module")
def table() -> Model:
    return fit_model("friedman1", "linear", train_size=100)


def test_a_model_has_the_figures_of_the_bench(ridge: Model) -> None:
    run = evaluate("ridge", "pnist/topleft", 3)
    assert ridge.card.metrics == run.metrics
    assert ridge.card.task["data_hash"] == run.data_hash
    assert ridge.card.split == {"seed": 3, "train_size": None, "hash": run.split_hash, "rows": run.rows_of}
    assert ridge.card.answers == {
        "columns": ["topleft_x", "topleft_y"],
        "unit": "px",
        "points": [["topleft_x", "topleft_y"]],
    }
    assert ridge.card.inputs == {"kind": "images", "shape": [1, 28, 28], "columns": [], "any_size": False, "high": 1.0}
    assert "ridge on pnist/topleft" in repr(ridge)


def test_what_is_loaded_predicts_the_same_bits(ridge: Model, tmp_path: Path) -> None:
    ridge.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    X = get_task("pnist/topleft").data().X
    found = again.predict(X)
    assert found.dtype == np.float64
    assert found.shape == (709, 2)
    np.testing.assert_array_equal(found, ridge.predict(X))
    assert again.card.metrics == ridge.card.metrics
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"model.json", "estimator.skops"}


def test_images_are_taken_as_the_fit_had_them(ridge: Model) -> None:
    X = np.asarray(get_task("pnist/topleft").data().X)
    bytes_ = np.rint(255 * X).astype(np.uint8)
    np.testing.assert_allclose(ridge.predict(bytes_[:5]), ridge.predict(X[:5]), atol=1e-4)
    np.testing.assert_array_equal(ridge.predict(X[:5, 0]), ridge.predict(X[:5]))
    assert ridge.predict(X[:0]).shape == (0, 2)
    for wrong, words in (
        (X[:2, :, :20], "images of 28 x 28 px .*these are of 28 x 20 px"),
        (np.repeat(X[:2], 3, axis=1), "grey, these are of 28 x 28 px, colour"),
        (255 * X[:2], "go up to 255.*divide by 255"),
        (np.full((2, 28, 28), np.nan), "image 0 .*holds NaN"),
        (pd.DataFrame(np.zeros((2, 5))), "a table of 5 columns"),
        ("nonsense", "an array of shape"),
        ([[1, 2], [3]], "cannot be read as an array"),
    ):
        with pytest.raises(DataError, match=words):
            ridge.predict(wrong)


def test_tables_are_taken_by_their_columns(table: Model) -> None:
    X = get_task("friedman1").data().X
    expected = table.predict(X)
    np.testing.assert_array_equal(table.predict(X[X.columns[::-1]].assign(more=1.0)), expected)
    np.testing.assert_array_equal(table.predict(X.to_numpy()), expected)
    for wrong, words in (
        (X.drop(columns=X.columns[1]), f"has no column {X.columns[1]};"),
        (X.to_numpy()[:, :2], "5 columns, this has the shape"),
        (X.assign(**{X.columns[0]: np.inf}), f"row 0, column '{X.columns[0]}' .*not inf"),
        (X.assign(**{X.columns[0]: "red"}), "numbers alone"),
    ):
        with pytest.raises(DataError, match=words):
            table.predict(wrong)


def test_a_learner_that_is_told_the_class_asks_for_it() -> None:
    model = fit_model("pnist/topleft", "linear@pts+bylabel")
    data = get_task("pnist/topleft").data()
    assert model.card.learner["uses_labels"]
    assert np.abs(model.predict(data.X, data.labels) - data.y.to_numpy()).max() < 1e-9
    with pytest.raises(DataError, match="is told the class of each row"):
        model.predict(data.X)
    with pytest.raises(DataError, match="labels have to be 2 whole numbers"):
        model.predict(data.X[:2], [1.5, 2.5])


def test_what_cannot_be_fitted_or_kept_is_refused_with_its_reason() -> None:
    with pytest.raises(UsageError, match="the oracle is the rule of a task"):
        fit_model("friedman1", "oracle")
    with pytest.raises(UsageError, match="spotnet cannot learn friedman1: "):
        fit_model("friedman1", "spotnet")
    with pytest.raises(UsageError, match="not a int"):
        fit_model("friedman1", 3)
    with pytest.raises(UsageError, match=r"lassonet cannot be kept, since it holds .*LassoNetRegressor"):
        fit_model("friedman1", "lassonet")
    with pytest.raises(DataError, match="the fit of knn on friedman1 failed: ValueError"):
        fit_model("friedman1", "knn", train_size=2)


def test_a_folder_is_not_overwritten_unasked(table: Model, tmp_path: Path) -> None:
    table.save(tmp_path / "model")
    with pytest.raises(UsageError, match=r"holds a model already.*--force"):
        table.save(tmp_path / "model")
    table.save(tmp_path / "model", force=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="is no model of spoton; name another"):
        table.save(tmp_path / "other", force=True)
    with pytest.raises(UsageError, match="there is no folder"):
        table.save(tmp_path / "none" / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "other"]


def test_a_device_that_is_not_there_is_named(table: Model, tmp_path: Path) -> None:
    table.save(tmp_path / "model")
    with pytest.raises(UsageError, match="torch has no device 'abacus' here"):
        load_model(tmp_path / "model", device="abacus")
    load_model(tmp_path / "model", device="cpu")
