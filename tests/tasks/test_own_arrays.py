"""The user's own data: one clear sentence for every mistake in arrays and .npz files."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_data import ARRAYS, refused

from spoton.errors import DataError, UsageError
from spoton.tasks import Task
from spoton.tasks._own import from_npz


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
