"""Small files that unpack to very much, and files that lead elsewhere or never end: each refused at once, by name."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import survives
from made_arrays import npy, npz
from PIL import Image

from spoton import _trust
from spoton._run import Run
from spoton.errors import DataError, SpotonError, UsageError
from spoton.fastai._box_coco import read_coco
from spoton.fastai._box_text import read_yolo
from spoton.fastai._box_voc import read_voc
from spoton.store import import_runs
from spoton.store._journal import read
from spoton.store._packing import unpack
from spoton.tasks import Task, _digits
from spoton.tasks._own import from_npz

MUCH = 60_000_000  # bytes, and the tests of this folder let a file unpack to 50 million


def _png(width: int, height: int) -> bytes:
    """A picture that says it has that many pixels, and holds none."""

    def part(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(b"\0")) + part(b"IEND", b"")


def _array_bomb() -> bytes:
    return npz({"X.npy": npy(np.zeros(MUCH // 8)), "y.npy": npy(np.zeros(3))})


def _lying_head() -> bytes:
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000)}"
    return npz({"X.npy": npy(np.zeros(3), head), "y.npy": npy(np.zeros(3))})


def _rows_of_nothing() -> bytes:
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4611686018427387904)}"
    return npz({"X.npy": npy(np.zeros(0), head), "y.npy": npy(np.zeros(0))})


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (_array_bomb, "would take 0.06 GB"),
        (_lying_head, "more than it holds"),
        (_rows_of_nothing, "more than it holds"),
    ],
)
def test_npz(tmp_path: Path, made: Callable[[], bytes], words: str) -> None:
    (tmp_path / "own.npz").write_bytes(made())
    assert (tmp_path / "own.npz").stat().st_size < 1_000_000
    with pytest.raises(DataError, match=words):
        from_npz(tmp_path / "own.npz")


def test_parquet_of_one_value(tmp_path: Path) -> None:
    rows = pa.array(np.zeros(MUCH // 8))
    pq.write_table(pa.table({"a": rows, "y": rows}), tmp_path / "own.parquet")
    assert (tmp_path / "own.parquet").stat().st_size < 1_000_000
    with pytest.raises(DataError, match=r"own.parquet would take 0.12 GB, and 0.05 GB is the most that is unpacked"):
        Task.from_table(tmp_path / "own.parquet", "y")


def test_parquet_of_one_long_text(tmp_path: Path) -> None:
    """100,000 times the same text of 100 KB, which the file holds once: its first cell alone is read."""
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, np.int32)), ["x" * 100_000])
    pq.write_table(pa.table({"a": text, "y": np.arange(100_000)}), tmp_path / "own.parquet")
    with pytest.raises(DataError, match=r"row 0 of own.parquet .* column 'a'.* is no number"):
        Task.from_table(tmp_path / "own.parquet", "y")


def test_gzip_of_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTON_DATA", str(tmp_path))
    for part, sizes in {"train-images": (3, 28, 28), "train-labels": (3,)}.items():
        head = bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
        whole = head + bytes(MUCH) if part == "train-images" else head + bytes(3)
        (tmp_path / f"{part}-idx{len(sizes)}-ubyte.gz").write_bytes(gzip.compress(whole, 1))
    with pytest.raises(DataError, match="no complete IDX file"):
        _digits.full("mnist")
    head = bytes([0, 0, 8, 3]) + (60_000).to_bytes(4, "big") * 3
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(head))
    with pytest.raises(DataError, match="GB is the most that is unpacked"):
        _digits.full("mnist")


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (10_000, 10_000), (4000, 4000), (2**31 - 1, 1)])
def test_images(tmp_path: Path, width: int, height: int) -> None:
    (tmp_path / "images").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "images" / name).write_bytes(_png(width, height))
    (tmp_path / "points.csv").write_text("file,x,y\na.png,1,2\nb.png,2,1\n")
    with pytest.raises(
        DataError, match=r"line 2 of points.csv: 'a.png' .*(most that is unpacked|more pixels than are unpacked)"
    ):
        Task.from_folder(tmp_path / "images", tmp_path / "points.csv")


def test_many_images(tmp_path: Path) -> None:
    """Each is small, and all together are not."""
    (tmp_path / "images").mkdir()
    Image.new("1", (400, 400)).save(tmp_path / "images" / "0.png")
    for i in range(1, 100):
        os.link(tmp_path / "images" / "0.png", tmp_path / "images" / f"{i}.png")
    lines = [f"{i}.png,{i},2" for i in range(100)]
    (tmp_path / "points.csv").write_text("\n".join(["file,x,y", *lines]))
    with pytest.raises(DataError, match=r"100 images of 400 x 400 px, as '0.png', would take 0.064 GB"):
        Task.from_folder(tmp_path / "images", tmp_path / "points.csv")


def test_postscript_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    held = io.BytesIO()
    Image.new("L", (8, 6)).save(held, "EPS")
    for name in ("a.png", "b.png"):
        (tmp_path / "images" / name).write_bytes(held.getvalue())
    (tmp_path / "points.csv").write_text("file,x,y\na.png,1,2\nb.png,2,1\n")
    with pytest.raises(DataError, match=r"'a.png' is damaged or not an image"):
        Task.from_folder(tmp_path / "images", tmp_path / "points.csv")


def test_predictions() -> None:
    bomb = zlib.compress(npy(np.zeros(MUCH // 8)), 1)
    assert len(bomb) < 1_000_000
    with pytest.raises(DataError, match=r"an array of predictions would take"):
        unpack(bomb)


def test_a_journal_of_bombs(tmp_path: Path) -> None:
    held = json.loads(Run("pnist/top", "mean", status="ok").to_json())
    held["packed_predictions"] = {"valid": base64.b64encode(zlib.compress(npy(np.zeros(MUCH // 8)), 1)).decode()}
    (tmp_path / "runs.json").write_text(json.dumps([held]))
    with pytest.raises(SpotonError, match=r"would take"):
        import_runs(tmp_path / "runs.json")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 100_000, "[" + "{}," * 100_000 + "{}]"])
def test_json(tmp_path: Path, text: str) -> None:
    for name in ("runs.json", "runs.jsonl", "coco.json"):
        (tmp_path / name).write_text(f"{text}\n{text}")
        if name == "coco.json":
            survives("bombs", lambda: read_coco(tmp_path / "coco.json", tmp_path), tmp_path)
        else:
            survives("bombs", lambda name=name: import_runs(tmp_path / name), tmp_path)  # type: ignore[misc]  # its default


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE annotation [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE annotation [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE annotation SYSTEM "http://localhost:9/x.dtd">',
    ],
)
def test_entities(tmp_path: Path, doctype: str) -> None:
    (tmp_path / "a.xml").write_text(f"{doctype}<annotation><filename>&l9;</filename></annotation>")
    with pytest.raises(DataError, match=r"a.xml: it has a DOCTYPE"):
        read_voc(tmp_path, tmp_path)


def test_deep_xml(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<annotation>" + "<a>" * 200_000 + "</a>" * 200_000 + "</annotation>")
    assert survives("bombs", lambda: read_voc(tmp_path, tmp_path), tmp_path) is None


def test_links_that_lead_out(tmp_path: Path) -> None:
    """A link in the folder is followed inside of it, and refused where it leads out."""
    images = tmp_path / "images"
    (images / "sub").mkdir(parents=True)
    for path in (images / "a.png", tmp_path / "secret.png"):
        Image.new("L", (8, 6)).save(path)
    (images / "sub" / "b.png").symlink_to("../a.png")
    (images / "out.png").symlink_to("../secret.png")
    (images / "up").symlink_to("..")
    (tmp_path / "points.csv").write_text("file,x,y\na.png,1,2\nsub/b.png,2,1\n")
    assert len(Task.from_folder(images, tmp_path / "points.csv").data()) == 2
    for name in ("out.png", "up/secret.png", "../secret.png", str(tmp_path / "secret.png")):
        (tmp_path / "points.csv").write_text(f"file,x,y\n{name},1,2\na.png,2,1\n")
        with pytest.raises(DataError, match="leads out of"):
            Task.from_folder(images, tmp_path / "points.csv")
    (tmp_path / "lines").mkdir()
    with pytest.raises(DataError, match=r"out.png is a link that leads out of its folder"):
        read_yolo(tmp_path / "lines", images, ["a"])


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    for name in ("x.csv", "x.npz", "x.jsonl", "x.parquet"):
        os.mkfifo(tmp_path / name)
    for reader in (
        lambda: Task.from_table(tmp_path / "x.csv", "y"),
        lambda: Task.from_table(tmp_path / "x.parquet", "y"),
        lambda: from_npz(tmp_path / "x.npz"),
        lambda: read(tmp_path / "x.jsonl"),
        lambda: Task.from_folder(tmp_path, tmp_path / "x.csv"),
    ):
        with pytest.raises(DataError, match="no regular file"):
            reader()


def test_the_limit_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_trust.VARIABLE, "2.5")
    assert _trust.most() == 2.5e9
    _trust.check_bytes(2.4e9, "X")
    with pytest.raises(DataError, match=r"X would take 2.6 GB, and 2.5 GB is the most .* set SPOTON_MOST_GB higher"):
        _trust.check_bytes(2.6e9, "X")
    monkeypatch.setenv(_trust.VARIABLE, "much")
    with pytest.raises(UsageError, match="SPOTON_MOST_GB is a number of gigabytes above 0, not 'much'"):
        _trust.most()
    monkeypatch.delenv(_trust.VARIABLE)
    assert _trust.most() == 4e9


def test_messages_move_no_cursor() -> None:
    error = DataError("no task is called 'a\x1b[2J\nb\u202e\udcff'")
    assert str(error) == r"no task is called 'a\x1b[2J\nb\u202e\udcff'"
    assert str(DataError("é ± 数")) == "é ± 数"
    assert len(str(DataError("x" * 10**6))) < 2000
