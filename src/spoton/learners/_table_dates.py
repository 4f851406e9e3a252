"""A column of dates as numbers: seconds, and the hour, weekday and day of the year on their circles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spoton.data import Array
from spoton.errors import DataError

from ._table_numbers import FLOOR

PERIODS = {"hour": 24.0, "weekday": 7.0, "day of year": 365.25}


class Dates:
    """One column of dates.

    Attributes:
        names, floors: of the columns that `numbers` gives: what they are called, the smallest sd to divide by.
        dropped: why the column's values are left out, or None.
    """

    def __init__(self, series: pd.Series[Any], name: str) -> None:
        """Learn the first moment and which parts vary.

        Args:
            series: training rows.
            name: of the column.
        """
        self._name = name
        moments = self._moments(series)
        self._first, self._zone = moments.min(), moments.tz
        self._gaps = bool(moments.isna().any())
        self.dropped: str | None = None
        if self._first == moments.max():
            self.dropped = f"constant: every training row that has a value has {self._first}"
        parts = _parts(moments)
        self._varying = [part for part, values in parts.items() if np.nanmax(values) > np.nanmin(values)]
        self.names = [] if self.dropped else [f"{name}: seconds"]
        self.names += [f"{name}: {part} ({wave})" for part in self._varying for wave in ("sin", "cos")]
        self.floors = [0.0] * len(self.names)
        if self._gaps:
            self.names.append(f"{name} is missing")
            self.floors.append(FLOOR)

    def numbers(self, series: pd.Series[Any]) -> Array:
        """(n, names) float64, NaN where a date is missing.

        Raises:
            DataError: dates with a time zone where the training rows had none, or the other way round; dates that lie
                too far from the first one.
        """
        moments = self._moments(series)
        present = moments.notna()
        if not present.any():
            moments = pd.DatetimeIndex([pd.NaT] * len(moments), tz=self._zone)
        elif (moments.tz is None) != (self._zone is None):
            have = [
                f"with the time zone {zone}" if zone else "without a time zone" for zone in (moments.tz, self._zone)
            ]
            raise DataError(
                f"the dates of column '{self._name}' are {have[0]}, in the fit {have[1]}; give the same kind"
            )
        elif self._zone is not None:
            moments = moments.tz_convert(self._zone)
        columns: list[Array] = []
        if not self.dropped:
            try:
                columns.append((moments - self._first).total_seconds().to_numpy(dtype=np.float64))
            except (OverflowError, ValueError) as error:
                raise DataError(f"a date of column '{self._name}' is too far from the first one ({error})") from error
        parts = _parts(moments)
        for part in self._varying:
            angle = 2 * np.pi * parts[part] / PERIODS[part]
            # rounded, or the sine of noon and midnight would be noise that looks like a column
            columns += [np.round(np.sin(angle), 12), np.round(np.cos(angle), 12)]
        if self._gaps:
            columns.append(np.asarray(moments.isna(), dtype=np.float64))
        return np.column_stack(columns) if columns else np.zeros((len(moments), 0))

    def _moments(self, series: pd.Series[Any]) -> pd.DatetimeIndex:
        if isinstance(series.dtype, pd.PeriodDtype):
            series = series.dt.to_timestamp()
        try:
            return pd.DatetimeIndex(series)
        except (TypeError, ValueError) as error:
            raise DataError(f"column '{self._name}' cannot be read as dates ({error}); give one time zone") from error


def _parts(moments: pd.DatetimeIndex) -> dict[str, Array]:
    """Hours of the clock with their fraction, weekdays from Monday 0, days of the year from 0; NaN where missing."""
    hour = moments.hour + moments.minute / 60 + moments.second / 3600
    parts = zip(PERIODS, (hour, moments.day_of_week, moments.day_of_year - 1), strict=True)
    return {name: np.asarray(values, dtype=np.float64) for name, values in parts}
