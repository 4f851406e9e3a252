"""fit, predict and verify as a user has them, on images and tables of their own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from spoton import get_task, load_model
from spoton.cli import app
from spoton.errors import DataError, SpotonError, UsageError
from spoton.learners._own_net import load


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def error(*words: object) -> SpotonError:
    result = run(*words)
    assert isinstance(result.exception, SpotonError), (result.exception, result.output)
    return result.exception


OWN = ("--images", "pics", "--points", "points.csv")


@pytest.fixture
def pictures() -> pd.DataFrame:
    """Grey images of 28 x 24 px, half of them in a folder within, and the CSV of their points."""
    rng = np.random.RandomState(0)
    Path("pics/more").mkdir(parents=True)
    rows = []
    for i in range(40):
        pixels = rng.randint(0, 40, (24, 28)).astype(np.uint8)
        x, y = rng.randint(2, 26), rng.randint(2, 22)
        pixels[y, x] = 255
        name = f"more/{i}.png" if i % 2 else f"{i}.png"
        Image.fromarray(pixels).save(Path("pics") / name)
        rows.append((name, x, y))
    frame = pd.DataFrame(rows, columns=["file", "tip_x", "tip_y"])
    frame.to_csv("points.csv", index=False)
    return frame


def test_own_images_from_fit_to_points_that_are_trained_on_again(pictures: pd.DataFrame) -> None:
    result = run("fit", *OWN, "--learner", "ridge", "-o", "model")
    assert result.exit_code == 0, result.output
    for words in ("ridge on pics, seed 0: 32 train, 8 valid; fitted in", "dist_avg", "mean (valid)", "model: model"):
        assert words in result.output
    assert "spoton predict model IMAGES -o points.csv" in result.output
    assert "spoton verify model --images pics --points points.csv" in result.output
    result = run("predict", "model", "pics", "-o", "found.csv", "--overlay", "drawn")
    assert result.exit_code == 0, result.output
    found = pd.read_csv("found.csv").set_index("file")
    assert list(found.columns) == ["tip_x", "tip_y"]
    assert set(found.index) == set(pictures["file"])
    X = np.stack([np.asarray(Image.open(Path("pics") / name)) for name in found.index])
    np.testing.assert_array_equal(found.to_numpy(), load_model("model").predict(X))
    assert run("fit", "--images", "pics", "--points", "found.csv", "-l", "mean", "-o", "again").exit_code == 0
    # the marker's ring is around the predicted point, (0, 0) being the centre of the first pixel
    with Image.open("drawn/more/1.png") as drawn:
        assert drawn.size == (28 * 16, 24 * 16)
        blue = (np.asarray(drawn) == [76, 201, 240]).all(axis=2)
        where = np.argwhere(blue).mean(axis=0)[::-1] / 16 - 0.5
    np.testing.assert_allclose(where, found.loc["more/1.png"], atol=0.1)


def test_single_images_go_to_standard_output_and_nothing_else_does(pictures: pd.DataFrame) -> None:
    assert run("fit", *OWN, "-l", "mean", "-o", "model", "-q").exit_code == 0
    result = run("predict", "model", "pics/more/3.png", "pics/2.png")
    lines = result.stdout.splitlines()
    assert lines[0] == "file,tip_x,tip_y"
    assert [line.split(",")[0] for line in lines[1:]] == ["more/3.png", "2.png"]
    told = json.loads(run("predict", "model", "pics", "--json", "-").stdout)
    assert {row["file"] for row in told} == set(pictures["file"])


def test_images_that_do_not_fit_are_named(pictures: pd.DataFrame) -> None:
    assert run("fit", *OWN, "-l", "ridge", "-o", "model").exit_code == 0
    Image.new("L", (30, 24)).save("wide.png")
    Image.new("RGB", (28, 24), "red").save("red.png")
    Image.new("RGB", (28, 24), "white").save("white.png")
    Path("broken.png").write_bytes(b"\x89PNG")
    Path("none").mkdir()
    Path("t.csv").write_text("a\n1\n")
    np.savez("a.npz", X=np.zeros((3, 9, 9)))
    assert run("predict", "model", "white.png").exit_code == 0
    for words, kind, said in (
        (("wide.png",), DataError, r"'wide.png' is 30 x 24 px, and the model was fitted on images of 28 x 24 px"),
        (("red.png",), DataError, "'red.png' is in colour"),
        (("broken.png",), DataError, "'broken.png' is damaged or not an image"),
        (("none",), DataError, "the folder 'none' holds no image"),
        (("gone.png",), DataError, "there is no image or folder 'gone.png'"),
        (("t.csv",), UsageError, "this model takes images and t.csv is a table"),
        (("a.npz",), DataError, "the model takes images of 28 x 24 px .*these are of 9 x 9 px"),
        (("a.npz", "white.png"), UsageError, "an .npz alone, these are 2 files"),
        (("white.png", "-o", "none"), UsageError, "none cannot be written: it is folder"),
    ):
        found = error("predict", "model", *words)
        assert isinstance(found, kind)
        assert re.search(said, str(found)), found


def test_tables_are_taken_by_column_whatever_else_they_hold() -> None:
    data = get_task("friedman1").data()
    frame = data.X.join(data.y)[:50]
    frame.to_csv("t.csv", index=False)
    target = data.y.columns[0]
    assert run("fit", "--table", "t.csv", "--target", target, "-l", "linear", "-o", "model").exit_code == 0
    expected = load_model("model").predict(data.X[:50])
    frame[frame.columns[::-1]].assign(name="a text").to_csv("more.csv", index=False)
    frame.to_parquet("t.parquet")
    np.savez("t.npz", X=data.X[:50].to_numpy())
    for file in ("t.csv", "more.csv", "t.parquet", "t.npz"):
        result = run("predict", "model", file, "-o", "out.csv")
        assert result.exit_code == 0, result.exception
        lines = Path("out.csv").read_text().splitlines()
        assert lines[0] == f"row,{target}"
        assert [float(line.split(",")[1]) for line in lines[1:]] == expected.ravel().tolist()
    frame.drop(columns=frame.columns[0]).to_csv("less.csv", index=False)
    assert f"less.csv has no column '{frame.columns[0]}', which is needed" in str(error("predict", "model", "less.csv"))
    assert "answers none" in str(error("predict", "model", "t.csv", "--overlay", "drawn"))
    frame.assign(**{frame.columns[0]: "x"}).to_csv("text.csv", index=False)
    assert "line 2 of text.csv, column" in str(error("predict", "model", "text.csv"))


def test_verify_says_what_differs_by_its_exit_code_too(pictures: pd.DataFrame) -> None:
    assert run("fit", *OWN, "-l", "ridge", "-o", "model").exit_code == 0
    assert "give them again: --images and --points" in str(error("verify", "model"))
    result = run("verify", "model", *OWN)
    assert result.exit_code == 0, result.output
    assert "verified: the model is here what its card says" in result.output
    pictures[::-1].to_csv("points.csv", index=False)
    result = run("verify", "model", *OWN, "--json", "-")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["differs"][:1] == ["data"]
    assert "the same 40 rows in another order" in told["checks"][0]["said"]
    assert run("fit", "friedman1", "-l", "mean", "-o", "table").exit_code == 0
    assert "the model was fitted on friedman1, and these are 1 of your own" in str(error("verify", "table", *OWN))


NET = """
from torch import nn

class Tiny(nn.Sequential):
    def __init__(self, in_shape, n_out, width=4):
        c, h, w = in_shape
        super().__init__(nn.Conv2d(c, width, 3, padding=1), nn.Flatten(), nn.Linear(width * h * w, n_out))
"""


def test_a_net_in_a_file_is_fitted_and_given_again(pictures: pd.DataFrame) -> None:
    Path("net.py").write_text(NET)
    result = run("fit", *OWN, "--module", "net.py:Tiny?epochs=2&width=3", "-o", "model")
    assert result.exit_code == 0, result.exception
    assert "spoton verify model --module net.py:Tiny --images pics" in result.output
    assert "a net of your own, Tiny, and its code is not kept" in str(error("predict", "model", "pics"))
    assert run("predict", "model", "pics", "--module", "net.py:Tiny", "-o", "p.csv").exit_code == 0
    result = run("verify", "model", "--module", "net.py:Tiny", *OWN)
    assert result.exit_code == 0, result.output
    Path("net.py").write_text(NET + "\n# a change\n")
    assert "net.py is not the file of the fit" in run("verify", "model", "--module", "net.py:Tiny", *OWN).output
    Path("net.py").write_text(NET.replace(", padding=1", "").replace("h * w", "(h - 2) * (w - 2)"))
    with pytest.raises(DataError, match="and the net needs them"):
        load_model("model", net=load(Path("net.py"), "Tiny"))


def test_what_fit_cannot_do_it_says_before_it_begins(pictures: pd.DataFrame) -> None:
    for words, said in (
        (("friedman1", "-l", "mean"), "fit needs a folder for the model: -o model"),
        (("friedman1", "-o", "m"), "fit takes one learner: --learner"),
        (("-l", "mean", "-o", "m"), "one task, or own data, and there are 0"),
        (("friedman1", *OWN, "-l", "mean", "-o", "m"), "and there are 2"),
        (("friedman1", "-l", "meen", "-o", "m"), "meen"),
        (("friedman1", "-l", "lassonet", "-o", "m"), "lassonet cannot be kept"),
        (("friedman1", "-l", "linear@pts", "-o", "m"), "linear@pts cannot learn friedman1"),
        (("friedman1", "-l", "mean", "-o", "pics"), "is no model of spoton; name another folder"),
        (("friedman1", "-l", "mean", "-o", "no/m"), "there is no folder no"),
    ):
        assert said in str(error("fit", *words))
    assert not Path("m").exists()
