"""The user's own data: exact values, and one clear sentence for every mistake."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from spoton.errors import DataError, UsageError
from spoton.tasks import Task
from spoton.tasks._own import from_npz

WIDTH, HEIGHT = 6, 4
GREY = np.arange(24, dtype=np.uint8).reshape(HEIGHT, WIDTH) * 10
COLOUR = np.stack([GREY, 255 - GREY, np.full_like(GREY, 7)], axis=2)
HEAD = "file,tip_x,tip_y\n"
POINTS = HEAD + "a.png,1.5,2.25\nb.png,5,0\n"
ARRAYS = {"X": np.stack([GREY, GREY[::-1], GREY]), "y": np.array([[1.5, 2.25], [5, 0], [-0.5, 3.5]])}
TABLE = "a,b,y\n1,True,3.5\n2,False,0.1\n3,True,-1e-3\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of images, good and bad, and a good CSV beside it."""
    images = tmp_path / "digits"
    (images / "sub").mkdir(parents=True)
    Image.fromarray(GREY).save(images / "a.png")
    Image.fromarray(GREY[::-1].copy()).save(images / "b.png")
    Image.fromarray(COLOUR).save(images / "colour.png")
    Image.fromarray(GREY).save(tmp_path / "outside.png")
    Image.fromarray(GREY[:3]).save(images / "low.png")
    Image.fromarray(GREY.astype(np.int32) * 1000).save(images / "deep.tif")
    noise = np.random.RandomState(0).randint(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
    Image.fromarray(noise).save(images / "whole.png")
    (images / "cut.png").write_bytes((images / "whole.png").read_bytes()[:-30])
    (images / "text.png").write_text("this is no image")
    (tmp_path / "points.csv").write_text(POINTS)
    return tmp_path


def refused(message: str, *words: str) -> None:
    """One line that holds the words, and after a semicolon (or in a question) what to do."""
    for word in words:
        assert word in message, message
    assert "\n" not in message
    assert "; " in message, message


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


# -- mistakes: the folder ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "points", "words"),
    [
        ("nowhere", "points.csv", ["nowhere", "does not exist"]),
        ("z" * 5000, "points.csv", ["does not exist"]),
        ("\0", "points.csv", ["does not exist"]),
        ("digits", "\0.csv", ["file of points", "cannot be opened"]),
        ("points.csv", "points.csv", ["points.csv", "is a file"]),
        ("digits", "nowhere.csv", ["no file of points", "nowhere.csv"]),
        ("digits", "digits", ["digits", "is a folder"]),
    ],
)
def test_wrong_paths(home: Path, images: str, points: str, words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        Task.from_folder(home / images, home / points)
    refused(str(caught.value), *words)


FOLDER_MISTAKES: dict[str, tuple[str | bytes, list[str]]] = {
    "no bytes": ("", ["points.csv is empty"]),
    "blank": ("\n \n", ["points.csv is empty"]),
    "header only": (HEAD, ["points.csv has too few rows (0)"]),
    "one row": (HEAD + "a.png,1,2\n", ["points.csv has too few rows (1)"]),
    "no file column": ("image,tip_x,tip_y\na.png,1,2\n", ["points.csv", "'file'", "image"]),
    "no points": ("file\na.png\n", ["points.csv", "no columns of points", "tip_x,tip_y"]),
    "x without y": ("file,tip_x\na.png,1\n", ["points.csv", "'tip_x'", "no 'tip_y'"]),
    "y without x": ("file,a_x,a_y,b_y\na.png,1,2,3\n", ["points.csv", "'b_y'", "no 'b_x'"]),
    "neither": ("file,a_x,a_y,a_X\na.png,1,2,3\n", ["points.csv", "'a_X'", "neither"]),
    "header twice": ("file,a_x,a_y,a_x\na.png,1,2,3\n", ["points.csv", "'a_x'", "(2 and 4)"]),
    "nameless column": (",file,a_x,a_y\n0,a.png,1,2\n", ["column 1 of points.csv", "index=False"]),
    "semicolons": ("file;tip_x;tip_y\na.png;1;2\n", ["line 1 of points.csv", "';'", "commas"]),
    "tabs": ("file\ttip_x\ttip_y\na.png\t1\t2\n", ["line 1 of points.csv", "commas"]),
    "file twice": (POINTS + "./a.png,1,2\n", ["line 4 of points.csv", "'./a.png'", "line 2 of points.csv"]),
    "no file name": (POINTS + " ,1,2\n", ["line 4 of points.csv", "'file'", "empty"]),
    "too many": (POINTS + "c.png,1,2,3\n", ["line 4 of points.csv", "4 cells", "3"]),
    "too few": (POINTS + "c.png,1\n", ["line 4 of points.csv", "2 cells", "3"]),
    "open quote": (POINTS + '"c.png,1,2\nd.png,1,2\n', ["line 4 of points.csv", "check its quotes"]),
    "open last": (POINTS + 'colour.png,1,"2\n', ["line 4 of points.csv", "check its quotes"]),
    "broken cell": (POINTS + 'colour.png,1,"2\n3"\n', ["line 4 of points.csv", "'tip_y'", r"'2\n3'"]),
    "not UTF-8": (POINTS.encode() + b"gr\xf6\xdfe.png,1,2\n", ["line 4 of points.csv", "UTF-8"]),
    "after a long cell": (POINTS + '"a\nb.png",1,2\nc.png,z,2\n', ["line 6 of points.csv", "'tip_x'", "'z'"]),
    "missing": (POINTS + "\nB.png,1,2\n", ["line 5 of points.csv", "'B.png'", "did you mean 'b.png'?"]),
    "far away": (POINTS + "zzzzzzzzzzz,1,2\n", ["line 4 of points.csv", "'zzzzzzzzzzz'", "check the name"]),
    "long name": (POINTS + "z" * 5000 + ",1,2\n", ["line 4 of points.csv", "there is no image"]),
    "out": (POINTS + "../outside.png,1,2\n", ["line 4 of points.csv", "'../outside.png'", "leads out"]),
    "out again": (POINTS + "sub/../../outside.png,1,2\n", ["line 4 of points.csv", "leads out"]),
    "absolute": (POINTS + "/etc/hostname,1,2\n", ["line 4 of points.csv", "'/etc/hostname'", "leads out"]),
    "text": (POINTS + "text.png,1,2\n", ["line 4 of points.csv", "'text.png'", "not an image"]),
    "truncated": (POINTS + "cut.png,1,2\n", ["line 4 of points.csv", "'cut.png'", "damaged"]),
    "a folder": (POINTS + "sub,1,2\n", ["sub", "is a folder"]),
    "32 bits": (POINTS + "deep.tif,1,2\n", ["line 4 of points.csv", "'deep.tif'", "65535"]),
    "sizes": (POINTS + "low.png,1,2\n", ["line 4 of points.csv", "'low.png' is 6 x 3", "'a.png' is 6 x 4"]),
    "nan": (POINTS + "colour.png,1,nan\n", ["line 4 of points.csv", "'tip_y'", "nan"]),
    "empty cell": (POINTS + "colour.png,,1\n", ["line 4 of points.csv", "'tip_x'", "the cell is empty"]),
    "no number": (POINTS + "colour.png,1,abc\n", ["line 4 of points.csv", "'tip_y'", "'abc'"]),
    "decimal comma": (POINTS + 'colour.png,1,"1,5"\n', ["line 4 of points.csv", "'tip_y'", "'1,5'", "point"]),
    "underscore": (POINTS + "colour.png,1,0_1\n", ["line 4 of points.csv", "'tip_y'", "'0_1'"]),
    "infinite": (POINTS + "colour.png,-inf,1\n", ["line 4 of points.csv", "'tip_x'", "-inf"]),
    "left": (
        POINTS + "colour.png,-0.51,1\n",
        ["line 4 of points.csv (colour.png)", "'tip_x'", "-0.51", "whose x"],
    ),
    "below": (
        HEAD + "a.png,5,1\nb.png,5,3.51\n",
        ["line 3 of points.csv (b.png)", "'tip_y'", "3.51", "whose y"],
    ),
    "exchanged": (HEAD + "a.png,1,5\nb.png,3,4\n", ["line 2 of points.csv", "'tip_y'", "x and y exchanged"]),
    "constant": (HEAD + "a.png,1,2\nb.png,1,2\n", ["tip_x is 1.0 in all rows", "nothing to learn"]),
}


@pytest.mark.parametrize(("text", "words"), FOLDER_MISTAKES.values(), ids=FOLDER_MISTAKES)
def test_folder_mistakes(home: Path, text: str | bytes, words: list[str]) -> None:
    (home / "points.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as caught:
        Task.from_folder(home / "digits", home / "points.csv")
    refused(str(caught.value), *words)


# -- mistakes: arrays and .npz -------------------------------------------------------------------------------


def spoilt(key: str, place: Any, value: float) -> dict[str, Any]:
    """ARRAYS as floats, with one value replaced."""
    arrays = {name: held.astype(float) for name, held in ARRAYS.items()}
    arrays[key][place] = value
    return arrays


OBJECTS = np.array([[1.0, None], [2.0, 3.0], [1.0, 1.0]], dtype=object)
ARRAY_MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no X": ({"x": 1, "y": ARRAYS["y"]}, ["own.npz", "no array 'X'", "x, y"]),
    "no y": ({"X": ARRAYS["X"]}, ["own.npz", "no array 'y'"]),
    "X of objects": (ARRAYS | {"X": OBJECTS}, ["X in own.npz", "objects"]),
    "y of objects": (ARRAYS | {"y": OBJECTS}, ["y in own.npz", "objects"]),
    "X of 5 axes": (ARRAYS | {"X": np.zeros((3, 1, 1, 4, 6))}, ["X in own.npz", "(3, 1, 1, 4, 6)"]),
    "X of no axis": (ARRAYS | {"X": 1.0}, ["X in own.npz", "()"]),
    "X of text": (ARRAYS | {"X": np.full((3, 4, 6), "a")}, ["X in own.npz", "<U1"]),
    "no pixels": (ARRAYS | {"X": np.zeros((3, 0, 28))}, ["X in own.npz", "(3, 0, 28)"]),
    "channels last": (ARRAYS | {"X": np.zeros((3, 28, 40, 3))}, ["X in own.npz", "transpose(0, 3, 1, 2)"]),
    "no rows": ({"X": np.zeros((0, 4, 6)), "y": np.zeros((0, 2))}, ["X in own.npz has too few rows (0)"]),
    "one row": ({key: held[:1] for key, held in ARRAYS.items()}, ["X in own.npz has too few rows (1)"]),
    "lengths": (ARRAYS | {"y": ARRAYS["y"][:2]}, ["X in own.npz has 3 rows and y has 2"]),
    "NaN in y": (spoilt("y", (1, 1), np.nan), ["row 1 of y in own.npz (rows count from 0)", "'y'", "nan"]),
    "infinite y": (spoilt("y", (2, 0), np.inf), ["row 2 of y in own.npz", "'x'", "inf"]),
    "y of 3 axes": (ARRAYS | {"y": np.zeros((3, 2, 2))}, ["y in own.npz", "(3, 2, 2)"]),
    "y of no column": (ARRAYS | {"y": np.zeros((3, 0))}, ["y in own.npz has no columns"]),
    "y of text": (ARRAYS | {"y": np.array([["1", "2"]] * 3)}, ["row 0 of y in own.npz", "'x'", "'1'"]),
    "constant y": (ARRAYS | {"y": np.full(3, 3)}, ["the target y is 3.0 in all rows", "nothing to learn"]),
    "outside": (spoilt("y", (1, 0), 5.6), ["row 1 of y in own.npz", "'x'", "5.6", "6 x 4 px", "-0.5 to 5.5"]),
    "NaN in images": (spoilt("X", (1, 0, 0), np.nan), ["row 1 of X in own.npz", "NaN"]),
    "beyond float32": (spoilt("X", (2, 0, 0), 1e300), ["row 2 of X in own.npz", "infinity"]),
    "NaN in a table": (
        {"X": OBJECTS.astype(float), "y": [1, 2, 3]},
        ["row 0 of X in own.npz", "'c1'", "nan"],
    ),
    "half labels": (ARRAYS | {"labels": [1, 2, 0.5]}, ["row 2 of labels in own.npz", "0.5"]),
    "huge label": (ARRAYS | {"labels": [1, 2, 1e30]}, ["row 2 of labels in own.npz", "1e+30"]),
    "NaN label": (ARRAYS | {"labels": [1, np.nan, 2]}, ["row 1 of labels in own.npz", "nan"]),
    "text labels": (ARRAYS | {"labels": ["a", "b", "c"]}, ["row 0 of labels in own.npz", "'a'"]),
    "two labels": (ARRAYS | {"labels": [1, 2]}, ["labels in own.npz", "(2,)", "(3,)"]),
}


@pytest.mark.parametrize(("arrays", "words"), ARRAY_MISTAKES.values(), ids=ARRAY_MISTAKES)
def test_array_mistakes(tmp_path: Path, arrays: dict[str, Any], words: list[str]) -> None:
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(DataError) as caught:
        from_npz(tmp_path / "own.npz")
    refused(str(caught.value), *words)
    if {"X", "y"} <= set(arrays) and "objects" not in words:
        # the same arrays in memory: the same sentence without the file
        with pytest.raises(DataError) as again:
            Task.from_arrays("own", **arrays)
        assert str(again.value) == str(caught.value).replace(" in own.npz", "")


def npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


def cut_zip() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **ARRAYS)
    raw = bytearray(stream.getvalue())
    raw[130:180] = b"?" * 50  # inside the first array: its checksum fails
    return bytes(raw)


@pytest.mark.parametrize("raw", [b"", b"hello", pickle.dumps([1]), npy(), cut_zip(), cut_zip()[:200]])
def test_no_npz(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "own.npz").write_bytes(raw)
    with pytest.raises(DataError) as caught:
        from_npz(tmp_path / "own.npz")
    refused(str(caught.value), "own.npz is damaged or not an .npz")


def test_npz_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no npz file '.*own\.npz'; check"):
        from_npz(tmp_path / "own.npz")


def test_what_is_no_plain_array() -> None:
    with pytest.raises(DataError, match="X cannot be read as an array"):
        Task.from_arrays("own", [[1, 2], [3]], [1, 2])
    with pytest.raises(DataError, match="y has fields or masked values; give"):
        Task.from_arrays("own", np.eye(3), np.zeros(3, dtype=[("a", int)]))
    with pytest.raises(DataError, match="X has fields or masked values; give"):
        Task.from_arrays("own", np.ma.masked_array(np.eye(3), np.eye(3)), [1, 2, 3])


@pytest.mark.parametrize("name", ["", "  ", "a?b=1", 3])
def test_names(name: Any) -> None:
    with pytest.raises(UsageError) as caught:
        Task.from_arrays(name, **ARRAYS)
    refused(str(caught.value), "name", repr(name))


# -- mistakes: tables ----------------------------------------------------------------------------------------

TABLE_MISTAKES: dict[str, tuple[str, Any, type[Exception], list[str]]] = {
    "target": (TABLE, "yy", DataError, ["cars.csv", "'yy'", "did you mean y?"]),
    "no such target": (TABLE, "price", DataError, ["cars.csv", "'price'", "it has: a, b, y"]),
    "target twice": (TABLE, "y,a,y", UsageError, ["'y'", "twice"]),
    "no target": (TABLE, [], UsageError, ["target", "[]"]),
    "half a target": (TABLE, "y,", UsageError, ["target", "'y,'"]),
    "a number": (TABLE, 2, UsageError, ["target", "2"]),
    "only target": ("y\n1\n2\n", "y", DataError, ["cars.csv", "besides the target y"]),
    "text": (TABLE + "4,red,5\n", "y", DataError, ["line 5 of cars.csv", "'b'", "'red'"]),
    "text in target": (TABLE + "4,1,many\n", "y", DataError, ["line 5 of cars.csv", "'y'", "'many'"]),
    "date": (TABLE + "2020-01-31,1,2\n", "y", DataError, ["line 5 of cars.csv", "'a'", "'2020-01-31'"]),
    "empty cell": (TABLE + "4,,5\n", "y", DataError, ["line 5 of cars.csv", "'b'", "empty"]),
    "nan": (TABLE + "4,NaN,5\n", "y", DataError, ["line 5 of cars.csv", "'b'", "nan"]),
    "inf": (TABLE + "4,5,1e999\n", "y", DataError, ["line 5 of cars.csv", "'y'", "inf"]),
    "constant": ("a,y\n1,3\n2,3\n", "y", DataError, ["the target y is 3.0 in all rows: there is nothing to"]),
    "twice": ("a,y,a\n1,2,3\n", "y", DataError, ["cars.csv", "'a'", "(1 and 3)"]),
    "one row": ("a,y\n1,3\n", "y", DataError, ["cars.csv has too few rows (1)"]),
    "header only": ("a,y\n", "y", DataError, ["cars.csv has too few rows (0)"]),
    "empty": ("", "y", DataError, ["cars.csv is empty"]),
    "ragged": (TABLE + "4,5,6,7\n", "y", DataError, ["line 5 of cars.csv", "4 cells", "3"]),
    "semicolons": ("a;y\n1;2\n", "y", DataError, ["line 1 of cars.csv", "commas"]),
}


@pytest.mark.parametrize(("text", "target", "kind", "words"), TABLE_MISTAKES.values(), ids=TABLE_MISTAKES)
def test_csv_mistakes(tmp_path: Path, text: str, target: Any, kind: type[Exception], words: list[str]) -> None:
    (tmp_path / "cars.csv").write_text(text)
    with pytest.raises(kind) as caught:
        Task.from_table(tmp_path / "cars.csv", target)
    refused(str(caught.value), *words)


DATES = pd.to_datetime(["2020-01-31", "2020-02-01"])
FRAME_MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "text": ({"a": [1.0, "red"]}, ["row 1 of", "(rows count from 0)", "'a'", "'red'"]),
    "text column": ({"a": ["1", "2"]}, ["row 0 of", "'a'", "'1'"]),
    "dates": ({"a": DATES}, ["'a'", "dates or times"]),
    "dates in zones": ({"a": DATES.tz_localize("UTC")}, ["'a'", "dates or times"]),
    "spans": ({"a": DATES - DATES[0]}, ["'a'", "dates or times"]),
    "NaN": ({"a": [1, np.nan]}, ["row 1 of", "'a'", "nan"]),
    "missing": ({"a": pd.array([None, 1], dtype="Int64")}, ["row 0 of", "'a'", "nan"]),
    "missing truth": ({"a": pd.array([True, None], dtype="boolean")}, ["row 1 of", "'a'", "nan"]),
    "None": ({"a": pd.Series([True, None], dtype=object)}, ["row 1 of", "'a'", "nan"]),
    "infinite target": ({"a": [1, 2], "y": [np.inf, 1]}, ["row 0 of", "'y'", "inf"]),
    "one row": ({"a": [1], "y": [1]}, ["has too few rows (1)"]),
    "no rows": ({"a": [], "y": []}, ["has too few rows (0)"]),
}


@pytest.mark.parametrize(("columns", "words"), FRAME_MISTAKES.values(), ids=FRAME_MISTAKES)
def test_frame_mistakes(tmp_path: Path, columns: dict[str, Any], words: list[str]) -> None:
    frame = pd.DataFrame({"y": [1, 2]} | columns if "y" not in columns else columns)
    with pytest.raises(DataError) as caught:
        Task.from_table(frame, "y")
    refused(str(caught.value), *words)
    if words[-1] != "'red'":  # Parquet holds no mixed columns
        frame.to_parquet(tmp_path / "cars.parquet")
        with pytest.raises(DataError) as again:
            Task.from_table(tmp_path / "cars.parquet", "y")
        assert str(again.value) == str(caught.value).replace("the table", "cars.parquet")


def test_frames_beyond_parquet() -> None:
    with pytest.raises(DataError, match=r"the table has two columns '0' \(1 and 2\)"):
        Task.from_table(pd.DataFrame([[1, 2, 3]] * 3, columns=[0, "0", "y"]), "y")
    with pytest.raises(DataError, match=r"row 0 of the table .*, column 'a': 0j is no number"):
        Task.from_table(pd.DataFrame({"a": [0, 1 + 2j], "y": [1, 2]}).astype({"a": object}), "y")
    with pytest.raises(UsageError, match="a table is a path or a DataFrame, this is list; give either"):
        Task.from_table([1, 2], "y")  # type: ignore[arg-type]  # that is the mistake


def test_table_files(tmp_path: Path) -> None:
    pq.write_table(pa.table([[1, 2], [3, 4]], names=["a", "a"]), tmp_path / "twice.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no more")
    (tmp_path / "none.parquet").write_bytes(b"")
    (tmp_path / "cars.xlsx").write_bytes(b"")
    (tmp_path / "folder.csv").mkdir()
    for name, words in {
        "gone.csv": ["there is no table", "gone.csv"],
        "gone.parquet": ["there is no table", "gone.parquet"],
        "twice.parquet": ["twice.parquet", "'a'", "(1 and 2)"],
        "bad.parquet": ["bad.parquet is damaged"],
        "none.parquet": ["none.parquet is damaged"],
        "cars.xlsx": [".csv or .parquet", "cars.xlsx"],
        "folder.csv": ["folder.csv", "is a folder"],
    }.items():
        with pytest.raises(DataError) as caught:
            Task.from_table(tmp_path / name, "y")
        refused(str(caught.value), *words)
