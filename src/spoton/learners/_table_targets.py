"""The answers of a table's learner: numbers, checked and standardised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from spoton.data import Array
from spoton.errors import DataError


@dataclass(frozen=True, eq=False)
class Targets:
    """Answers.

    Attributes:
        values: (n, K), standardised.
        mean, scale: (K,) of the given ones; scale 1 where they are constant.
        ndim: of the given ones, 1 or 2.
    """

    values: Array
    mean: Array
    scale: Array
    ndim: int

    def in_units(self, values: Array) -> Array:
        """Standardised answers (n, K) in the shape and the units of the given ones."""
        found: Array = values * self.scale + self.mean
        return found.ravel() if self.ndim == 1 else found


def standardised_targets(y: Any, rows: int) -> Targets:
    """Check and standardise.

    Args:
        y: (n,) or (n, K).
        rows: of the table.

    Raises:
        DataError: none, no numbers, not finite, fewer than 4 rows, or not one for each row.
    """
    if y is None:
        raise DataError("a regressor needs answers, and y is None; give one number a row")
    if _has_times(y):
        raise DataError("answers have to be numbers, these are dates or times; turn them into seconds or days")
    try:
        given = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"answers have to be numbers ({error})") from error
    ndim = given.ndim
    given = given.reshape(len(given), -1)
    if len(given) != rows or rows < 4:
        raise DataError(f"4 rows or more with one answer each are needed, these are {rows} and {len(given)}")
    if not np.isfinite(given).all():
        raise DataError(f"answers have to be finite; row {int(np.argmin(np.isfinite(given).all(axis=1)))} is not")
    mean = given.mean(axis=0)
    spread = (given - mean).std(axis=0)
    scale = np.where(spread > 1e-14 * np.abs(given).max(axis=0), spread, 1.0)
    return Targets((given - mean) / scale, mean, scale, ndim)


def _has_times(y: Any) -> bool:
    """Whether some of the answers are dates or times, which float64 would take for nanoseconds since 1970."""
    if hasattr(y, "to_pandas"):  # of polars and others
        y = y.to_pandas()
    columns = [y.iloc[:, i] for i in range(y.shape[1])] if isinstance(y, pd.DataFrame) else [y]
    return any((column if hasattr(column, "dtype") else np.asarray(column)).dtype.kind in "mM" for column in columns)
