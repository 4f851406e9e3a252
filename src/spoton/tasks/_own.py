"""The user's own data as a task: arrays, a folder of images with a CSV of points, a table, an `.npz`.

All is read and checked at once, and kept in memory: a task that could be built can be trained on.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spoton import frames
from spoton.data import Array, PointData, as_input
from spoton.errors import DataError, UsageError
from spoton.tasks import _readers as readers
from spoton.tasks._read_images import read_images
from spoton.tasks._task import Loaded, Task

Pairs = tuple[tuple[str, str], ...]
Names = str | Sequence[str]

POINT, BOX = ["x", "y"], ["left", "top", "right", "bottom"]
BOX_POINTS: Pairs = (("left", "top"), ("right", "bottom"))


def from_arrays(name: str, X: Any, y: Any, labels: Any = None, *, inside: str = "") -> Task:
    """See `Task.from_arrays`; `inside` follows the arrays' names in messages."""
    name = _task_name(name)
    inputs = _inputs(X, f"X{inside}")
    answers = _answers(y, f"y{inside}", images=not isinstance(inputs, pd.DataFrame))
    if len(inputs) != (n := len(answers)):
        raise DataError(f"X{inside} has {len(inputs)} rows and y has {n}; give the same examples to both")
    return _finish(name, inputs, answers, _labels(labels, n, f"labels{inside}"), readers.Rows(f"y{inside}"))


def from_npz(path: str | Path, name: str | None = None) -> Task:
    """A task from an `.npz` with the arrays `X`, `y` and, if you like, `labels`, as in `from_arrays`.

    Args:
        path: the file, as written by `numpy.savez(path, X=X, y=y)`; arrays of Python objects are refused.
        name: the task's name; the file's stem by default.

    Raises:
        DataError: a missing or broken file or array, and all that `from_arrays` refuses.
    """
    path = Path(path)
    held = readers.read_npz(path)
    return from_arrays(path.stem if name is None else name, **held, inside=f" in {path.name}")


def from_folder(images: str | Path, points: str | Path, name: str | None = None) -> Task:
    """See `Task.from_folder`. Grey images give one channel; if one is stored in colour, all have three."""
    folder, points = Path(images), Path(points)
    name = _task_name(os.path.basename(os.path.abspath(folder)) if name is None else name)
    if not os.path.isdir(folder):  # os.path, as pathlib raises on names that no system can hold
        came = "is a file; give the folder around it" if os.path.exists(folder) else "does not exist; check the path"
        raise DataError(f"the images have to be in a folder and '{folder}' {came}")
    columns, records = readers.read_csv(points, "file of points")
    _check_points_header(columns, points.name)
    listed, at = list(records), columns.index("file")
    files = [cells.pop(at).strip() for _, cells in listed]
    columns.pop(at)
    values, rows = readers.csv_numbers(columns, listed, points.name)
    _check_files(files, rows)
    y = _checked(pd.DataFrame(values, columns=columns), rows)
    X = read_images(folder, files, rows)
    return _finish(name, X, y, None, readers.Rows(rows.name, rows.lines, files))


def from_table(table: str | Path | pd.DataFrame, target: Names, name: str | None = None) -> Task:
    """See `Task.from_table`. Truth values become 0 and 1; all columns become float64."""
    if isinstance(table, pd.DataFrame):
        own, sheet = "table", readers.frame_sheet(table, "the table")
    elif isinstance(table, str | Path):
        own, sheet = Path(table).stem, readers.read_sheet(Path(table))
    else:
        raise UsageError(f"a table is a path or a DataFrame, this is {type(table).__name__}; give either")
    name = _task_name(own if name is None else name)
    targets = _targets(target, sheet.columns, sheet.name)
    values, rows = sheet.read()
    frame = _checked(pd.DataFrame(values, columns=sheet.columns), rows)
    return _finish(name, frame.drop(columns=targets), frame[targets], None, rows)


# -- names ---------------------------------------------------------------------------------------------------


def _task_name(name: str) -> str:
    if not isinstance(name, str) or not name.strip() or "?" in name:
        raise UsageError(f"a task's name is text without '?', not empty; {name!r} is not, give another")
    return name.strip().encode("utf-8", "backslashreplace").decode("utf-8")  # a file's name may be no UTF-8


def _partner(column: str) -> str | None:
    """`tip_x` -> `tip_y` and back; None where the column is part of no point."""
    if column in POINT or column.endswith(("_x", "_y")):
        return column[:-1] + ("y" if column[-1] == "x" else "x")
    return None


def _pairs(columns: Sequence[str]) -> Pairs:
    """The points among the columns; none unless every column is part of one."""
    if list(columns) == BOX:
        return BOX_POINTS
    if not set(map(_partner, columns)) <= set(columns):
        return ()
    return tuple((column, column[:-1] + "y") for column in columns if column[-1] == "x")


def _check_points_header(columns: list[str], name: str) -> None:
    """A column `file` and points, and no more, so that no typing error is passed over."""
    if "file" not in columns:
        raise DataError(f"{name} has no column 'file' (it has: {', '.join(columns)}); add the images' names")
    others = [column for column in columns if column != "file"]
    if not any(map(_partner, others)):
        raise DataError(f"{name} has no columns of points; add pairs such as tip_x,tip_y, in pixels")
    there = set(columns)
    for column in others:
        partner = _partner(column)
        if partner is None:
            raise DataError(f"{name}: column '{column}' is neither 'file' nor NAME_x or NAME_y; remove it")
        if partner not in there:
            raise DataError(f"{name} has a column '{column}' and no '{partner}'; a point has both, add it")


def _check_files(files: list[str], rows: readers.Rows) -> None:
    seen: dict[Path, int] = {}
    for row, file in enumerate(files):
        if not file:
            raise DataError(f"{rows(row)}, column 'file': the cell is empty; name an image")
        first = seen.setdefault(Path(file), row)  # a Path: ./a.png is a.png
        if first != row:
            raise DataError(f"{rows(row)}, column 'file': '{file}' is in {rows(first)} too; keep one")


def _targets(target: Names, columns: list[str], name: str) -> list[str]:
    """The columns to learn."""
    if isinstance(target, str):
        # a name that holds a comma is still a name
        targets = [target] if target in columns else [part.strip() for part in target.split(",")]
    else:
        targets = [str(part) for part in target] if isinstance(target, Sequence) else []
    if not targets or not all(targets):
        raise UsageError(f"a target is the name of a column, or several; {target!r} is not, give one")
    for column in targets:
        if targets.count(column) > 1:
            raise UsageError(f"the target '{column}' is given twice; give it once")
        if column not in columns:
            near = difflib.get_close_matches(column, columns, n=3, cutoff=0.5)
            listed = ", ".join(columns[:8]) + (", ..." if len(columns) > 8 else "")
            hint = f"did you mean {' or '.join(near)}?" if near else f"it has: {listed}"
            raise DataError(f"{name} has no column '{column}' to learn; {hint}")
    if len(targets) == len(columns):
        raise DataError(f"{name} has no column besides the target {', '.join(targets)}; add inputs")
    return targets


# -- arrays --------------------------------------------------------------------------------------------------


def _array(values: Any, what: str) -> Array:
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as exc:  # rows of unequal lengths; a torch tensor on a GPU
        raise DataError(f"{what} cannot be read as an array ({exc}); give a NumPy array") from exc
    if array.dtype.names or np.ma.is_masked(values):
        raise DataError(f"{what} has fields or masked values; give a plain array, or a DataFrame")
    return array


def _inputs(X: Any, what: str) -> Array | pd.DataFrame:
    """Images as float32 (n, C, H, W), else a table of float64; a copy, so that X may change."""
    if isinstance(X, pd.DataFrame):
        return _table(X, what)
    X = _array(X, what)
    if X.ndim in (1, 2):
        return _table(pd.DataFrame(X).rename(columns="c{}".format), what)
    if X.ndim not in (3, 4) or 0 in X.shape[1:] or X.dtype.kind not in "fiub":
        raise DataError(f"{what} is {X.dtype} {X.shape}; give numbers (n, H, W), (n, C, H, W) or (n, D)")
    if X.ndim == 4 and X.shape[3] in (1, 3, 4) and min(X.shape[1:3]) > 8:
        raise DataError(f"{what} has shape {X.shape}, not (n, C, H, W); try X.transpose(0, 3, 1, 2)")
    _check_size(len(X), what)
    with np.errstate(over="ignore"):  # what float32 cannot hold is told in a moment
        images = np.asarray(as_input(X.copy() if X.dtype == np.float32 else X))
    for row, image in enumerate(images):
        if not np.isfinite(image).all():
            raise DataError(f"{readers.Rows(what)(row)}: the image holds NaN or infinity; mend it or leave it out")
    return images


def _answers(y: Any, what: str, *, images: bool) -> pd.DataFrame:
    if isinstance(y, pd.Series):
        y = y.to_frame("y" if y.name is None else y.name)
    if not isinstance(y, pd.DataFrame):
        y = _array(y, what)
        if y.ndim not in (1, 2):
            raise DataError(f"{what} has shape {y.shape}; give one row an example, (n,) or (n, k)")
        k = y.shape[1] if y.ndim == 2 else 1
        plain = ["y"] if k == 1 else [f"y{i}" for i in range(k)]
        y = pd.DataFrame(y, columns={2: POINT, 4: BOX}.get(k, plain) if images else plain)
    return _table(y, what)


def _table(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    sheet = readers.frame_sheet(frame, what)
    values, rows = sheet.read()
    return _checked(pd.DataFrame(values, columns=sheet.columns), rows)


def _labels(labels: Any, n: int, what: str) -> Array | None:
    if labels is None:
        return None
    labels = _array(labels, what)
    if labels.shape != (n,):
        raise DataError(f"{what} has shape {labels.shape}, ({n},) is expected; give one label a row")
    for row, label in enumerate(labels.tolist()):
        # NaN and infinity leave NaN; beyond 2 ** 53 a float names no single number
        if not isinstance(label, int | float) or label % 1 != 0 or abs(label) > 2**53:
            raise DataError(f"{readers.Rows(what)(row)}: a whole number is expected, not {label!r}; number them")
    return np.asarray(labels, dtype=np.int64)


# -- the checks that all share -------------------------------------------------------------------------------


def _check_size(n: int, name: str) -> None:
    if n < 2:
        raise DataError(f"{name} has too few rows ({n}); 2 or more are needed, to train and to validate")


def _checked(frame: pd.DataFrame, rows: readers.Rows) -> pd.DataFrame:
    """The frame itself, if it has two rows or more and finite numbers alone."""
    _check_size(len(frame), rows.name)
    values = frame.to_numpy()
    finite = np.isfinite(values)
    if not finite.all():
        row, i = np.argwhere(~finite)[0]
        where, value = f"{rows(row)}, column '{frame.columns[i]}'", values[row, i]
        raise DataError(f"{where}: a finite number is expected, not {value}; fill it in or leave the row out")
    return frame


def _check_inside(y: pd.DataFrame, pairs: Pairs, size: tuple[int, int], rows: readers.Rows) -> None:
    """Every point lies in the image of `size` (W, H) px, its outer edges included."""
    xy = y[[name for pair in pairs for name in pair]].to_numpy().reshape(len(y), -1, 2)  # (n, P, 2)

    def outside(sizes: tuple[int, ...]) -> Array:
        low, high = np.transpose([frames.edges_px(size) for size in sizes])
        return np.asarray((xy < low) | (xy > high))

    bad = outside(size)
    if not bad.any():
        return
    row, point, axis = np.argwhere(bad)[0]
    hint = "give pixels, (0, 0) being the centre of the top-left one"
    if not outside(size[::-1]).any():
        hint = "with x and y exchanged all points lie inside: give x as the column and y as the row"
    low, high = frames.edges_px(size[axis])
    where, value = f"{rows(row)}, column '{pairs[point][axis]}'", xy[row, point, axis]
    box = f"{size[0]} x {size[1]} px (width x height), whose {'xy'[axis]} goes from {low} to {high}"
    raise DataError(f"{where}: {value} lies outside the image of {box}; {hint}")


def _check_varies(y: pd.DataFrame, pairs: Pairs) -> None:
    """A number has to vary, and of points at least one coordinate."""
    fixed = [column for column in y.columns if y[column].min() == y[column].max()]
    if fixed and (not pairs or len(fixed) == y.shape[1]):
        came = f"{fixed[0]} is {y[fixed[0]].iloc[0]} in all rows"
        raise DataError(f"the target {came}: there is nothing to learn; choose another target")


def _finish(name: str, X: Array | pd.DataFrame, y: pd.DataFrame, labels: Array | None, rows: readers.Rows) -> Task:
    what = f"{X.shape[1]} columns"
    pairs: Pairs = ()
    if not isinstance(X, pd.DataFrame):
        _, channels, height, width = X.shape
        what = f"images of {width} x {height} px, {channels} channels"
        pairs = _pairs(list(y.columns))
        _check_inside(y, pairs, (width, height), rows)
    _check_varies(y, pairs)
    return Task(
        name=name,
        about=f"own data: {len(y)} rows, {what} -> {', '.join(y.columns)}",
        # a function of this module, so that the task can be pickled, and its data with it
        load=partial(_give, Loaded(PointData(X=X, y=y, labels=labels, points=pairs))),
        kind="point" if pairs else "number",
        whole=bool(pairs),
    )


def _give(loaded: Loaded) -> Loaded:
    return loaded
