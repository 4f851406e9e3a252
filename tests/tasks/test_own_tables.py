"""The user's own data: one clear sentence for every mistake in tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from own_data import TABLE, refused

from spoton.errors import DataError, UsageError
from spoton.tasks import Task

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
