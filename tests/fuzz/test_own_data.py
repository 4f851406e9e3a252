"""Folders of images with a CSV of points, tables, npz: nothing in them gets past the readers."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import codings, damaged, encoded, inputs, numbers, plain_numbers, survives, texts
from hypothesis import given
from hypothesis import strategies as st
from made_arrays import arrays, npz
from PIL import Image

from spoton.tasks import Task
from spoton.tasks._own import from_npz

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def _use(task: Task | None) -> None:
    """What is taken has to be of use: finite, of one length, and with a hash."""
    if task is None:
        return
    data = task.data()
    assert len(data.X) == len(data.y) >= 2
    assert np.isfinite(np.asarray(data.X)).all()
    assert np.isfinite(data.y.to_numpy()).all()
    assert len(task.data_hash) == 16
    task.split(0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`given/images`, and beside it what must not be read."""
    base = tmp_path_factory.mktemp("fuzz")
    images = base / "given" / "images"
    (images / "sub").mkdir(parents=True)
    (base / "elsewhere").mkdir()
    for file in ("a.png", "b.png", "sub/c.png", "../outside.png", "../../elsewhere/secret.png"):
        Image.fromarray(GREY).save(images / file)
    (images / "rgb.png").write_bytes(_picture("PNG", "RGB"))
    (images / "cut.png").write_bytes(_picture("PNG")[:60])
    (images / "link.png").symlink_to(base / "elsewhere" / "secret.png")
    (images / "inner.png").symlink_to("a.png")
    (images / "loop.png").symlink_to("loop.png")
    (images / "nowhere.png").symlink_to("nothing.png")
    (images / "linked").symlink_to(base / "elsewhere")
    (images / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(images / "pipe.png")
    return base / "given"


def _picture(kind: str, mode: str = "L", **more: Any) -> bytes:
    held = io.BytesIO()
    Image.fromarray(GREY).convert(mode).save(held, kind, **more)
    return held.getvalue()


FILES = (
    *("a.png", "b.png", "sub/c.png", "rgb.png", "inner.png", "./a.png", "cut.png", "link.png", "linked/secret.png"),
    *("loop.png", "nowhere.png", "zero.png", "pipe.png", "sub", "../outside.png", "../images/a.png", "sub/../b.png"),
    *("/etc/passwd", "/dev/zero", "/proc/self/environ", "../../elsewhere/secret.png", "A.PNG", "a.png/", "a.png/x"),
)
HEADERS = (
    *("file,tip_x,tip_y",) * 8,
    *(
        "tip_x,file,tip_y",
        "file,left,top,right,bottom",
        "file,a_x,a_y,b_x,b_y",
        "file,tip_x",
        "file",
        "tip_x,tip_y",
        "x,y",
    ),
    *(
        "file,x,y",
        "file,x,y,x",
        "file,file,x,y",
        "FILE,x,y",
        " file , x , y ",
        "file;x;y",
        ",file,x,y",
        "file,_x,_y",
        "",
    ),
)


@st.composite
def points_files(draw: st.DrawFn) -> bytes:
    good = draw(st.booleans())
    lines = [HEADERS[0] if good else draw(st.sampled_from(HEADERS))]
    width = lines[0].count(",") + 1
    names = st.sampled_from(FILES[:5]) if good else st.sampled_from(FILES) | texts
    for file in draw(st.lists(names, min_size=2 if good else 0, max_size=4, unique=good)):
        more = 0 if good else draw(st.sampled_from([0] * 9 + [1, -1]))
        cells = [file] + [draw(plain_numbers if good else numbers) for _ in range(width - 1 + more)]
        lines.append(",".join(f'"{cell}"' if draw(st.booleans()) and '"' not in cell else cell for cell in cells))
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n"]))
    return draw(damaged(encoded(end.join([*lines, ""]), draw(codings)), [b",", b'"', b"\0", b"\n", b"../", b"\xff"]))


@inputs(50)
@given(raw=points_files())
def test_csv_of_points(place: Path, raw: bytes) -> None:
    (place / "points.csv").write_bytes(raw)
    _use(survives("points CSV", lambda: Task.from_folder(place / "images", place / "points.csv"), place))


PICTURES = (
    *(_picture("PNG"), _picture("PNG", "RGBA"), _picture("PNG", "P"), _picture("JPEG"), _picture("JPEG", "CMYK")),
    *(_picture("GIF"), _picture("BMP"), _picture("TIFF"), _picture("TIFF", compression="tiff_lzw"), _picture("WEBP")),
    *(
        _picture("PPM"),
        _picture("TIFF", "F"),
        _picture("TIFF", "I"),
        _picture("ICO"),
        _picture("TGA"),
        _picture("EPS", "L"),
    ),
)


def test_usual_images_are_taken(place: Path) -> None:
    (place / "points.csv").write_text("file,x,y\nfuzzed.png,1,2\na.png,3,4\n")
    for raw in PICTURES[:13]:
        (place / "images" / "fuzzed.png").write_bytes(raw)
        assert len(Task.from_folder(place / "images", place / "points.csv").data()) == 2


@inputs(50)
@given(raw=st.sampled_from(PICTURES).flatmap(lambda whole: damaged(whole)))
def test_images(place: Path, raw: bytes) -> None:
    (place / "images" / "fuzzed.png").write_bytes(raw)
    (place / "points.csv").write_text("file,x,y\nfuzzed.png,1,2\na.png,3,4\n")
    _use(survives("images", lambda: Task.from_folder(place / "images", place / "points.csv"), place))


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    good = draw(st.booleans())
    any_names = st.lists(st.sampled_from(["a", "b", "y", "z", "Unnamed: 0"]) | texts, max_size=5)
    names = ["a", "b", "y", "z"] if good else draw(any_names)
    lines = [",".join(names)]
    for _ in range(draw(st.integers(3 if good else 0, 5))):
        cells = plain_numbers if good else numbers | plain_numbers | texts
        lines.append(",".join(draw(cells) for _ in names))
    return draw(damaged(encoded("\n".join(lines), draw(codings)), [b",", b'"', b"\0", b"\n", b"y", b"\xff"]))


targets = st.sampled_from(["y", "y", "y", "a,y", "a,b,y,z", "", ",", "y,y"]) | texts


@inputs(50)
@given(raw=tables(), target=targets)
def test_csv_tables(place: Path, raw: bytes, target: str) -> None:
    (place / "table.csv").write_bytes(raw)
    _use(survives("table CSV", lambda: Task.from_table(place / "table.csv", target), place))


def _parquet(columns: dict[str, Any], **options: Any) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held, **options)
    return held.getvalue()


PLAIN: dict[str, Any] = {"a": [1.0, 2.0, 4.0], "b": [1, 2, 3], "y": [0.5, 0.25, 3.0]}
ODD: tuple[dict[str, Any], ...] = (
    {"a": ["x", None, "z"]},
    {"a": [None, None, None]},
    {"a": [[1], [], None]},
    {"a": [{"k": 1}, None, {"k": 2}]},
    {"a": [b"\0", b"\xff", None]},
    {"a": pd.to_datetime(["2020-01-01", None, "2262-04-11"])},
    {"a": pa.array([1, 2, None], pa.decimal128(38, 10))},
    {"a": pa.array(["u", "v", "u"]).dictionary_encode()},
    {"a": pa.array([1, 2, 3], pa.uint64())},
    {"a": pa.array([1, 2, 3], pa.time64("ns"))},
    {"a": pa.array([1, 2, 3], pa.duration("s"))},
    {"a": pa.array([True, None, False])},
    {"a": pa.array([1.0, float("nan"), 2.0], pa.float16())},
)


@inputs(50)
@given(data=st.data())
def test_parquet(place: Path, data: st.DataObject) -> None:
    columns = data.draw(st.sampled_from([PLAIN] * 6 + [PLAIN | odd for odd in ODD]))
    compression = data.draw(st.sampled_from(["snappy", "none", "gzip", "zstd", "brotli", "lz4"]))
    whole = _parquet(columns, compression=compression, use_dictionary=data.draw(st.booleans()))
    (place / "table.parquet").write_bytes(data.draw(damaged(whole)))
    _use(survives("Parquet", lambda: Task.from_table(place / "table.parquet", "y"), place))


@inputs(60)
@given(data=st.data())
def test_npz(place: Path, data: st.DataObject) -> None:
    members = {
        f"{name}.npy": data.draw(arrays()) for name in data.draw(st.sampled_from(["Xy", "Xy", "Xy", "X", "y", ""]))
    }
    if data.draw(st.integers(0, 3)) == 0:
        members["labels.npy"] = data.draw(arrays())
    if data.draw(st.integers(0, 9)) == 0:
        members[data.draw(st.sampled_from(["X", "../X.npy", "/etc/X.npy", "labels", "X.npy/"]))] = data.draw(arrays())
    raw = npz(members, data.draw(st.sampled_from([0, 8, 12, 14])))
    (place / "own.npz").write_bytes(data.draw(damaged(raw)) if data.draw(st.booleans()) else raw)
    _use(survives("npz", lambda: from_npz(place / "own.npz"), place))
