"""The answers of a table's learner: numbers, checked and standardised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

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
        DataError: no numbers, not finite, fewer than 4 rows, or not one for each row.
    """
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
