"""`spoton export`: kept models to files, on the task's own held-out rows or on what is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from spoton import Task, fit_model, get_task
from spoton.cli import app
from spoton.data import Array
from spoton.export._check import by_torch
from spoton.models import Model


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["export", *(str(word) for word in words)])


@pytest.fixture(scope="module")
def digits() -> Array:
    return np.rint(255 * np.asarray(get_task("pnist/topleft").data().X)[:12]).astype(np.uint8)


@pytest.fixture(scope="module")
def own(digits: Array, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fitted on images that only its owner has."""
    y = get_task("pnist/topleft").data().y.to_numpy()[:12]
    folder = tmp_path_factory.mktemp("own") / "model"
    fit_model(Task.from_arrays("mine", digits, y), "linear@pts").save(folder)
    return folder


def test_held_out_rows_are_what_it_is_checked_on(tmp_path: Path) -> None:
    model: Model = fit_model("pnist/topleft", "linear@pts+ynorm", train_size=100)
    model.save(tmp_path / "model")
    found = run(tmp_path / "model", "--torch", tmp_path / "m.pt2", "--json", "-")
    assert found.exit_code == 0, found.output
    (told,) = json.loads(found.stdout)["files"]
    assert (told["path"], told["rows"], told["pixels"]) == (str(tmp_path / "m.pt2"), 142, 0)
    X = get_task("pnist/topleft").data().X[:3]
    assert np.abs(by_torch(tmp_path / "m.pt2")(X) - model.predict(X)).max() < 1e-5


def test_named_files_are_what_it_is_checked_on(own: Path, digits: Array, tmp_path: Path) -> None:
    found = run(own, "--torch", tmp_path / "m.pt2")
    assert "fitted on own data (mine), which it does not hold; name inputs" in str(found.exception)
    for i in range(3):
        Image.fromarray(digits[i, 0]).save(tmp_path / f"{i}.png")
    found = run(own, tmp_path, "--torch", tmp_path / "m.pt2")
    assert found.exit_code == 0, found.exception
    assert "m.pt2: checked on 3 inputs: the answers" in found.stdout
    assert run(own, tmp_path / "0.png", "--torch", tmp_path / "m.pt2", "--quiet").stdout == ""
    Image.fromarray(digits[0, 0, :20]).save(tmp_path / "small.png")
    assert "is 28 x 20 px, and the model" in str(run(own, tmp_path, "--torch", tmp_path / "m.pt2").exception)


def test_tables_of_the_user(tmp_path: Path) -> None:
    frame = get_task("friedman1").data().X.iloc[:50].copy()
    frame["price"] = frame.sum(axis=1)
    frame.to_csv(tmp_path / "table.csv", index=False)
    fit_model(Task.from_table(tmp_path / "table.csv", "price"), "linear").save(tmp_path / "model")
    found = run(tmp_path / "model", tmp_path / "table.csv", "--torch", tmp_path / "m.pt2")
    assert found.exit_code == 0, found.exception
    columns = [name for name in frame.columns if name != "price"]
    answers = by_torch(tmp_path / "m.pt2")(frame[columns].to_numpy())
    assert np.abs(answers[:, 0] - frame["price"].to_numpy()).max() < 1e-12
    found = run(tmp_path / "model", tmp_path / "table.csv", tmp_path / "table.csv", "--torch", tmp_path / "m.pt2")
    assert "(.csv or .parquet) alone, these are 2 files; name one" in str(found.exception)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "nothing is asked for; say --onnx FILE.onnx, --torch FILE.pt2, or both"),
        (["--onnx", "m.pt2"], "--onnx writes a file that ends in .onnx, not 'm.pt2'; name it so"),
        (["--torch", "m.onnx"], "--torch writes a file that ends in .pt2, not 'm.onnx'; name it so"),
        (["--torch", "m.pt2", "--module", "nothing"], "--module takes FILE.py:NAME"),
    ],
)
def test_what_is_asked_for_has_to_be_clear(words: list[str], sentence: str, own: Path) -> None:
    assert sentence in str(run(own, *words).exception)
