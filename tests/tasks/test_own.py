"""The user's own data: exact values."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_data import ARRAYS, COLOUR, GREY, HEAD, HEIGHT, POINTS, TABLE, WIDTH
from PIL import Image

from spoton.tasks import Task
from spoton.tasks._own import from_npz

# -- exact values --------------------------------------------------------------------------------------------


def test_folder_of_grey_images(home: Path) -> None:
    Image.fromarray(np.full((HEIGHT, WIDTH), 255, np.uint8)).save(home / "digits" / "b.png")
    task = Task.from_folder(home / "digits", home / "points.csv")
    data = task.data()
    assert (task.name, task.kind, task.whole, task.oracle(), task.test()) == (
        "digits",
        "point",
        True,
        None,
        None,
    )
    assert data.X.shape == (2, 1, HEIGHT, WIDTH)
    assert data.X.dtype == np.float32
    assert (data.X[1] == 1.0).all()
    assert data.X[0, 0, 1, 2] == np.float32(80) / np.float32(255)
    assert data.points == (("tip_x", "tip_y"),)
    pd.testing.assert_frame_equal(data.y, pd.DataFrame({"tip_x": [1.5, 5.0], "tip_y": [2.25, 0.0]}))


def test_one_colour_image_makes_all_rgb(home: Path) -> None:
    (home / "points.csv").write_text("tip_x,file,tip_y\n1,a.png,2\n5,./colour.png,0\n")
    data = Task.from_folder(str(home / "digits"), str(home / "points.csv"), " my digits ").data()
    assert data.X.shape == (2, 3, HEIGHT, WIDTH)
    assert np.array_equal(data.X[0], np.stack([GREY / np.float32(255)] * 3).astype(np.float32))
    assert np.array_equal(data.X[1], (COLOUR.transpose(2, 0, 1) / np.float32(255)).astype(np.float32))


@pytest.mark.parametrize(
    ("image", "channels", "value"),
    [
        (Image.fromarray(np.full((4, 6), 65535, np.uint16)), 1, 1.0),
        (Image.fromarray(np.full((4, 6), 13107, np.uint16)), 1, 0.2),
        (Image.fromarray(np.full((4, 6), 200, np.uint8)).convert("P"), 1, 200 / 255),
        (Image.fromarray(np.full((4, 6), True)), 1, 1.0),
        (Image.new("LA", (6, 4), (0, 0)), 1, 1.0),  # seen through: white
        (Image.new("RGBA", (6, 4), (51, 51, 51, 255)), 3, 0.2),
        (Image.new("RGBA", (6, 4), (51, 51, 51, 0)), 3, 1.0),
    ],
    ids=["16 bits white", "16 bits", "grey palette", "1 bit", "clear grey", "opaque", "clear colour"],
)
def test_kinds_of_png(home: Path, image: Image.Image, channels: int, value: float) -> None:
    for name in ("a.png", "b.png"):
        image.save(home / "digits" / name)
    X = Task.from_folder(home / "digits", home / "points.csv").data().X
    assert X.shape == (2, channels, 4, 6)
    assert np.unique(X).tolist() == [np.float32(value)]


def test_a_turned_photo_is_upright(home: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the viewer turns it by 90 degrees
    for name in ("a.png", "b.png"):
        Image.fromarray(GREY).save(home / "digits" / name, exif=exif)
    (home / "points.csv").write_text(HEAD + "a.png,3,5\nb.png,0,0\n")
    X = Task.from_folder(home / "digits", home / "points.csv").data().X
    assert np.array_equal(X[0, 0], np.rot90(GREY, -1) / np.float32(255))


def test_byte_order_mark_blank_lines_and_names_beyond_ascii(home: Path) -> None:
    (home / "digits" / "a.png").rename(home / "digits" / "sub" / "größe, 数字.png")
    text = HEAD + '\r\n"sub/größe, 数字.png", 1 ,2\n\nb.png,3,1\n\n'
    (home / "points.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert Task.from_folder(home / "digits", home / "points.csv").data().y["tip_x"].tolist() == [1.0, 3.0]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_points_come_back_exactly(data: st.DataObject) -> None:
    import tempfile

    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    x, y = (st.floats(-0.5, size - 0.5) for size in (width, height))
    points = data.draw(st.lists(st.tuples(x, y), min_size=2, max_size=5, unique=True))
    with tempfile.TemporaryDirectory() as folder:
        for i in range(len(points)):
            Image.new("L", (width, height)).save(Path(folder) / f"{i}.png")
        frame = pd.DataFrame(points, columns=["p_x", "p_y"])
        if (frame.min() == frame.max()).all():  # 0.0 and -0.0
            return
        frame.assign(file=[f"{i}.png" for i in frame.index]).to_csv(Path(folder) / "p.csv", index=False)
        task = Task.from_folder(folder, Path(folder) / "p.csv")
    assert task.data().y.to_numpy().tobytes() == frame.to_numpy().tobytes()


def test_npz_of_points_and_of_boxes(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **ARRAYS, labels=np.array([3, 7, 3], np.uint8))
    task = from_npz(tmp_path / "own.npz")
    assert (task.name, task.kind, task.whole) == ("own", "point", True)
    assert task.data().points == (("x", "y"),)
    assert task.data().y.to_numpy().tolist() == ARRAYS["y"].tolist()
    assert task.data().labels.tolist() == [3, 7, 3]
    boxes = np.array([[0, 1, 4, 2], [1, 1, 5, 3], [0, 0, 0, 0]])
    np.savez(tmp_path / "box.npz", X=ARRAYS["X"][:, None], y=boxes)
    data = from_npz(str(tmp_path / "box.npz"), "boxes").data()
    assert data.X.shape == (3, 1, HEIGHT, WIDTH)
    assert data.points == (("left", "top"), ("right", "bottom"))
    assert data.y["right"].tolist() == [4.0, 5.0, 0.0]


@pytest.mark.parametrize(
    ("X", "y", "columns", "points"),
    [
        (ARRAYS["X"], [1, 2, 3], ["y"], ()),
        (ARRAYS["X"], np.arange(9).reshape(3, 3), ["y0", "y1", "y2"], ()),
        (ARRAYS["X"], pd.Series([1, 2, 3], name="n"), ["n"], ()),
        (ARRAYS["X"], pd.DataFrame({"a_y": [0, 1, 2], "a_x": [3, 2, 1]}), ["a_y", "a_x"], (("a_x", "a_y"),)),
        (ARRAYS["X"], pd.DataFrame({"a_y": [0, 1, 2], "n": [3, 2, 1]}), ["a_y", "n"], ()),
        (ARRAYS["X"].astype(float), ARRAYS["y"], ["x", "y"], (("x", "y"),)),  # 0..255 as they are
        (np.eye(3), ARRAYS["y"], ["y0", "y1"], ()),
    ],
)
def test_arrays(X: Any, y: Any, columns: list[str], points: tuple[tuple[str, str], ...]) -> None:
    task = Task.from_arrays("own", X, y)
    data = task.data()
    assert list(data.y.columns) == columns
    assert data.points == points
    assert (task.kind, task.whole) == (("point", True) if points else ("number", False))
    if X.ndim == 2:
        assert list(data.X.columns) == ["c0", "c1", "c2"]
    elif X.dtype == float:
        assert data.X.max() == 230.0


def test_a_task_keeps_its_own_copy() -> None:
    X, y = ARRAYS["X"].astype(np.float32), ARRAYS["y"].copy()
    task = Task.from_arrays("own", X, y, labels=[1.0, 2.0, 3.0])
    X[:], y[:] = 0, 0
    assert task.data().X.max() == 230.0
    assert task.data().y["x"].tolist() == [1.5, 5.0, -0.5]


def test_pickle_and_hash(home: Path) -> None:
    first, second = (Task.from_folder(home / "digits", home / "points.csv") for _ in range(2))
    assert first.data_hash == second.data_hash
    (home / "points.csv").write_text(POINTS.replace("2.25", "2.250000001"))
    assert Task.from_folder(home / "digits", home / "points.csv").data_hash != first.data_hash
    back = pickle.loads(pickle.dumps(second))
    assert "_loaded" not in vars(back)
    assert back.data().hash() == first.data_hash


def test_a_table_is_the_same_in_all_forms(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [True, False, True], "y": [3.5, 0.1, -1e-3]})
    (tmp_path / "cars.csv").write_text(TABLE)
    frame.to_parquet(tmp_path / "cars.parquet")
    tasks = [Task.from_table(tmp_path / f"cars.{ending}", "y") for ending in ("csv", "parquet")]
    tasks += [Task.from_table(frame.astype({"b": "boolean", "a": "Int64"}), ["y"], "cars")]
    tasks += [Task.from_arrays("cars", frame[["a", "b"]], frame["y"])]
    for task in tasks:
        assert (task.name, task.kind, task.whole, task.data().points) == ("cars", "number", False, ())
        pd.testing.assert_frame_equal(task.data().X, pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 0, 1]}))
        assert task.data().y.to_numpy().tolist() == [[3.5], [0.1], [-1e-3]]
        assert task.data_hash == tasks[0].data_hash
    assert list(Task.from_table(frame, "y, a").data().y.columns) == ["y", "a"]
    assert Task.from_table(frame, "y").name == "table"
    assert list(Task.from_table(frame.rename(columns={"y": "y,a"}), "y,a").data().y.columns) == ["y,a"]
