"""What the columns of a table hold, whichever library the table came from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from spoton.data import Array, as_input
from spoton.errors import DataError

Table: TypeAlias = Array | pd.DataFrame

NUMBER, SPAN, DATE, CATEGORY, EMPTY = "numbers", "times", "dates", "categories", "nothing"
_INFERRED = {
    **dict.fromkeys(("boolean", "integer", "floating", "mixed-integer-float", "decimal"), NUMBER),
    **dict.fromkeys(("timedelta", "timedelta64", "time"), SPAN),
    **dict.fromkeys(("datetime", "datetime64", "date", "period"), DATE),
    **dict.fromkeys(("string", "bytes", "categorical", "interval"), CATEGORY),
}


def as_table(X: Any) -> Table:
    """A table as an (n, m) array of numbers or as a pandas frame.

    Frames of other libraries, polars and pyarrow among them, are asked for `to_pandas()`.

    Raises:
        DataError: no table, no row or no column.
    """
    if hasattr(X, "collect") and hasattr(X, "collect_schema"):
        raise DataError(f"a table of values is expected, this {type(X).__name__} is a plan for one; give X.collect()")
    if not isinstance(X, pd.DataFrame) and hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if isinstance(X, pd.Series):
        X = X.to_frame()
    if hasattr(X, "toarray"):
        raise DataError("a dense table is expected, this one is sparse; give X.toarray()")
    if not isinstance(X, pd.DataFrame):
        array = _as_array(X)
        if array.ndim not in (1, 2):
            raise DataError(f"a table (n, columns) is expected, this {type(X).__name__} has shape {array.shape}")
        X = as_input(array)
        if X.dtype.kind not in "iufb":
            X = pd.DataFrame(X if X.dtype.kind in "Mm" else X.astype(object), columns=names_of(X))
    table: Table = X
    if 0 in table.shape:
        raise DataError(f"a table needs a row and a column or more, this one has shape {table.shape}")
    return table


def _as_array(X: Any) -> Array:
    if isinstance(X, np.ma.MaskedArray):
        filled: Array = np.ma.filled(X.astype(np.float64), np.nan)
        return filled
    try:
        array: Array = np.asarray(X)
    except ValueError as error:
        raise DataError(f"a table has rows of one length ({error})") from error
    # NumPy turns numbers next to text into text; a list of rows knows better
    return array if isinstance(X, np.ndarray) or array.dtype.kind not in "US" else np.asarray(X, dtype=object)


def names_of(table: Table) -> list[str]:
    """Names of the columns as text; those of an array are x0, x1, ... as in scikit-learn."""
    if isinstance(table, pd.DataFrame):
        return [str(name) for name in table.columns]
    return [f"x{i}" for i in range(table.shape[1])]


def column_of(table: Table, i: int) -> pd.Series[Any]:
    """The i-th column, by position: names may repeat."""
    return table.iloc[:, i] if isinstance(table, pd.DataFrame) else pd.Series(table[:, i])


def kinds_of(table: Table) -> list[str]:
    """What each column holds: one of `NUMBER`, `SPAN`, `DATE`, `CATEGORY`, `EMPTY`.

    Raises:
        DataError: a column of something else.
    """
    if not isinstance(table, pd.DataFrame):
        return [NUMBER] * table.shape[1]
    return [
        NUMBER if dtype.kind in "iufb" else _kind_of(column_of(table, i), str(table.columns[i]))
        for i, dtype in enumerate(table.dtypes)
    ]


def _kind_of(series: pd.Series[Any], name: str) -> str:
    if not series.notna().any():
        return EMPTY
    dtype = series.dtype
    if isinstance(dtype, (pd.CategoricalDtype, pd.StringDtype, pd.IntervalDtype)):
        return CATEGORY
    if isinstance(dtype, pd.PeriodDtype):
        return DATE
    if dtype.kind in "Mm":
        return DATE if dtype.kind == "M" else SPAN
    values = series.dropna().astype(object)
    kind = _INFERRED.get(pd.api.types.infer_dtype(values))
    if kind is not None:
        return kind
    if all(isinstance(value, (Real, Decimal, np.bool_)) for value in values):
        return NUMBER
    strange = next((value for value in values if isinstance(value, complex) or not _hashable(value)), None)
    if strange is not None:
        raise DataError(
            f"column '{name}' holds {type(strange).__name__}; numbers, text, dates or categories are expected: "
            "make columns of them, or leave it out"
        )
    return CATEGORY


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return isinstance(value, Hashable)


def numbers_of(table: Table, where: Sequence[int]) -> Array:
    """The columns `where`, of numbers and times (in seconds), as (n, len(where)), NaN where a value is missing.

    It is the user's own memory where that can be, so do not change it.

    Raises:
        DataError: integers beyond float64.
    """
    everything = len(where) == table.shape[1]
    if not isinstance(table, pd.DataFrame):
        return table if everything else table[:, list(where)]
    part = table if everything else table.iloc[:, list(where)]
    plain = np.array([isinstance(d, np.dtype) and d.kind in "iufb" for d in part.dtypes], dtype=bool)
    if plain.all():
        return _plain(part)
    out = np.empty(part.shape, order="F")
    out[:, plain] = _plain(part.iloc[:, np.flatnonzero(plain)])
    for i in np.flatnonzero(~plain):
        out[:, i] = _column(column_of(part, int(i)))
    return out


def _plain(frame: pd.DataFrame) -> Array:
    one_dtype = frame.shape[1] > 0 and (frame.dtypes == frame.dtypes.iloc[0]).all()
    return frame.to_numpy() if one_dtype else frame.to_numpy(dtype=np.float64)


def _column(series: pd.Series[Any]) -> Array:
    dtype = series.dtype
    if dtype.kind in "iufb":
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    out = np.full(len(series), np.nan)
    present = series.notna().to_numpy()
    values = series[present]
    if dtype.kind != "m":
        values = values.astype(object)
        kind = pd.api.types.infer_dtype(values)
        if kind == "time":
            values = values.astype(str)
        elif _INFERRED.get(kind) != SPAN:
            try:
                out[present] = np.asarray(values, dtype=np.float64)
            except OverflowError as error:
                raise DataError(f"column '{series.name}' holds a number beyond float64; scale it down") from error
            return out
    out[present] = pd.to_timedelta(values).dt.total_seconds()
    return out
