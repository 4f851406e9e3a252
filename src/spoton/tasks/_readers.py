"""The user's files: CSV, Parquet, NPZ. Mistakes are named by file, row and column."""

from __future__ import annotations

import csv
import difflib
import io
import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from spoton import _trust
from spoton._trust import check_bytes, check_regular, told
from spoton.data import Array
from spoton.errors import DataError

Record = tuple[int, list[str]]  # the line where it begins, its cells

BOOLS = {"true": 1.0, "false": 0.0}
FIX_NUMBER = "write a number with a decimal point, or leave that row or column out"


@dataclass(frozen=True)
class Rows:
    """Says where a row stands, in the words of whoever looks for it: an editor's line, or an index from 0."""

    name: str  # of the file or array
    lines: Sequence[int] | None = None
    tags: Sequence[str] | None = None  # one more word a row: the image's file

    def __call__(self, row: int) -> str:
        if self.lines is None:
            return f"row {row} of {self.name} (rows count from 0)"
        tag = f" ({self.tags[row]})" if self.tags else ""
        return f"line {self.lines[row]} of {self.name}{tag}"


@dataclass(frozen=True)
class Sheet:
    """A table whose columns are known and whose numbers are read later: a wrong target is told first."""

    name: str
    columns: list[str]
    read: Callable[[], tuple[Array, Rows]]


@contextmanager
def opened(path: Path, what: str) -> Iterator[IO[bytes]]:
    """The file's bytes, or a sentence on why there are none."""
    check_regular(path, what)
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise DataError(f"there is no {what} '{path}'; check the path") from None
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path
        raise DataError(f"the {what} '{path}' cannot be opened ({exc}); check it") from exc
    with stream:
        yield stream


def check_columns(columns: Sequence[str], name: str) -> None:
    """Every column has a name of its own."""
    if not columns:
        raise DataError(f"{name} has no columns; give one or more")
    seen: dict[str, int] = {}
    for number, column in enumerate(columns, start=1):
        if not column:
            raise DataError(f"column {number} of {name} has no name; name it, or write it with index=False")
        if column in seen:
            raise DataError(f"{name} has two columns '{column}' ({seen[column]} and {number}); rename one")
        seen[column] = number


# -- CSV -----------------------------------------------------------------------------------------------------


def read_csv(path: Path, what: str) -> tuple[list[str], Iterator[Record]]:
    """The header, and the records with their lines; by hand: pandas renames, pads and guesses in silence."""
    with opened(path, what) as stream:
        check_bytes(os.fstat(stream.fileno()).st_size, path.name)
        raw = stream.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        raise DataError(f"line {line} of {path.name} is not UTF-8; save it as UTF-8") from None
    records = _records(text, path.name)
    _, header = next(records, (0, []))
    if not header:
        raise DataError(f"{path.name} is empty; a CSV with a header line is expected")
    if len(header) == 1 and (other := next((c for c in ";\t" if c in header[0]), "")):
        raise DataError(f"line 1 of {path.name} has {other!r} and no comma; save it with commas")
    columns = [column.strip() for column in header]
    check_columns(columns, path.name)
    return columns, _even(records, len(columns), path.name)


def _records(text: str, name: str) -> Iterator[Record]:
    """Records and the line where each begins (a quoted cell may hold several); blank lines do not count."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as exc:
            raise DataError(f"line {line} of {name} is not CSV ({exc}); check its quotes") from None
        if record is None:
            return
        if len(record) > 1 or (record and record[0].strip()):
            yield line, record


def _even(records: Iterator[Record], width: int, name: str) -> Iterator[Record]:
    for line, record in records:
        if len(record) != width:
            raise DataError(
                f"line {line} of {name} has {len(record)} cells and the header has {width}; "
                "give each column one cell (a text with a comma goes in quotes)"
            )
        yield line, record


def csv_numbers(columns: Sequence[str], records: Iterable[Record], name: str) -> tuple[Array, Rows]:
    """The records as float64: each number is the one nearest to its text, as Python reads it."""
    values, lines = array("d"), array("q")  # not lists of cells: a table of a million cells stays small
    for line, record in records:
        lines.append(line)
        for column, cell in zip(columns, record, strict=True):
            try:
                values.append(_number(cell))
            except ValueError:
                came = f"{cell!r} is no number" if cell.strip() else "the cell is empty"
                raise DataError(f"line {line} of {name}, column '{column}': {came}; {FIX_NUMBER}") from None
    return np.array(values, dtype=np.float64).reshape(-1, len(columns)), Rows(name, lines)


def _number(cell: str) -> float:
    if "_" in cell:  # Python reads 1_000 as 1000; nobody else does
        raise ValueError
    try:
        return float(cell)
    except ValueError:
        if (value := BOOLS.get(cell.strip().lower())) is None:
            raise
        return value


# -- pandas, Parquet, NPZ ------------------------------------------------------------------------------------


def read_sheet(path: Path, only: Sequence[str] | None = None) -> Sheet:
    """A `.csv` or `.parquet` file as a sheet; with `only`, these of its columns, whatever the others hold."""
    ending = path.suffix.lower()
    if ending == ".csv":
        columns, records = read_csv(path, "table")
        if only is not None:
            places = _places(only, columns, path.name)
            chosen = ((line, [cells[place] for place in places]) for line, cells in records)
            return Sheet(path.name, list(only), lambda: csv_numbers(only, chosen, path.name))
        return Sheet(path.name, columns, lambda: csv_numbers(columns, records, path.name))
    if ending != ".parquet":
        raise DataError(f"a table ends in .csv or .parquet and '{path}' does not; give a DataFrame")
    import pyarrow.parquet as pq

    with opened(path, "table") as stream, told(f"{path.name} is damaged or not Parquet; write it again"):
        file = pq.ParquetFile(stream)
        check_columns(file.schema_arrow.names, path.name)  # first: reading stumbles over names given twice
        _trust.check_parquet(file, path.name)
        _check_kinds(file, path.name)
        frame = file.read().to_pandas()
    if only is not None:
        frame = frame.iloc[:, _places(only, [str(column) for column in frame.columns], path.name)]
    return frame_sheet(frame, path.name)


def _places(wanted: Sequence[str], columns: Sequence[str], name: str) -> list[int]:
    for column in wanted:
        if column not in columns:
            near = difflib.get_close_matches(column, columns, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it has: {', '.join(columns[:8])}"
            raise DataError(f"{name} has no column '{column}', which is needed; {hint}")
    return [columns.index(column) for column in wanted]


def _check_kinds(file: Any, name: str) -> None:
    """Refuse the first column of other things than numbers by its first cell, before all of them are in memory."""
    from pyarrow import types

    for field in file.schema_arrow:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if types.is_primitive(kind) or types.is_null(kind) or types.is_decimal(kind):
            if types.is_temporal(kind):
                return  # told of by its dtype
            continue
        row = 0
        for batch in file.iter_batches(batch_size=1, columns=[field.name]):
            for cell in batch.column(0).to_pylist():
                if cell is not None:
                    _cell(cell, row, field.name, name)
                row += 1


def frame_sheet(frame: pd.DataFrame, name: str) -> Sheet:
    """A DataFrame as a sheet; names become text."""
    columns = [str(column) for column in frame.columns]
    check_columns(columns, name)
    return Sheet(name, columns, lambda: (frame_numbers(frame, columns, name), Rows(name)))


def frame_numbers(frame: pd.DataFrame, columns: Sequence[str], name: str) -> Array:
    """The frame as float64: truth values become 0 and 1, a missing value NaN; dates and text are refused."""
    values = np.empty(frame.shape, dtype=np.float64)
    for i, column in enumerate(columns):
        series = frame.iloc[:, i]
        kind = getattr(series.dtype, "kind", "O")
        if kind in "mM":
            raise DataError(
                f"column '{column}' of {name} holds dates or times ({series.dtype}), not numbers; "
                "turn them into numbers, such as days since the first, or leave it out"
            )
        if kind in "fiub":
            values[:, i] = series.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            with told(f"column '{column}' of {name} holds what cannot be read, not numbers; {FIX_NUMBER}"):
                cells = series.astype(object)  # pyarrow stumbles over texts that are none
            values[:, i] = [_cell(cell, row, column, name) for row, cell in enumerate(cells)]
    return values


def _cell(cell: Any, row: int, column: str, name: str) -> float:
    try:
        if isinstance(cell, str | bytes):  # float("3") is 3.0, but a column of text is a mistake to be told
            raise TypeError
        return np.nan if cell is None or cell is pd.NA else float(cell)
    except (TypeError, ValueError, OverflowError):
        where = f"{Rows(name)(row)}, column '{column}'"
        raise DataError(f"{where}: {cell!r} is no number; {FIX_NUMBER}") from None


def read_npz(path: Path, needed: Sequence[str] = ("X", "y")) -> dict[str, Any]:
    """The arrays X, y and labels (where there) of an `.npz`; nothing is ever unpickled."""
    wrong = f"{path.name} is damaged or not an .npz file; write it with numpy.savez(path, X=X, y=y)"
    with opened(path, "npz file") as stream, told(wrong):
        archive = np.load(stream, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(wrong)
        for key in needed:
            if key not in archive.files:
                held = ", ".join(archive.files) or "nothing"
                raise DataError(f"{path.name} has no array '{key}' (it holds: {held}); name it so")
        return {key: _member(archive, key, path.name) for key in ("X", "y", "labels") if key in archive.files}


def _member(archive: Any, key: str, name: str) -> Any:
    try:
        return _trust.read_npz(archive, key, f"{key} in {name}")
    except ValueError as exc:
        if "allow_pickle" not in str(exc):
            raise
        raise DataError(f"{key} in {name} holds objects, not numbers; save {key}.astype(float)") from None
