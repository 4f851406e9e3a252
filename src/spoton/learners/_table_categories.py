"""A column of text or categories as codes and 0/1 numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spoton.data import Array

from ._table_numbers import FLOOR

AT_LEAST = 2  # training rows that have to hold a value before it gets a number of its own
AT_MOST = 128  # values of a column that get a number of their own: the most frequent ones


class Category:
    """One column of categories.

    Levels are the values of the training rows, sorted: in the order of an ordered pandas category, else by size, else
    as text where they do not compare.

    Attributes:
        names, floors: of the 0/1 columns that `numbers` gives: what they are called, their smallest sd.
        cardinality: number of codes, 0 included; 0 where the column has no code (two values, or left out).
        dropped: why the column's values are left out, or None.
        text: whether every level is text.
    """

    def __init__(self, series: pd.Series[Any], name: str) -> None:
        """Learn the levels.

        Args:
            series: training rows.
            name: of the column.
        """
        tally = dict(series[series.notna()].astype(object).value_counts())
        levels = _sorted(list(tally), series)
        counts = np.array([tally[level] for level in levels], dtype=np.int64)
        self._levels = pd.Index(levels, dtype=object)
        self._gaps = bool(series.isna().any())
        self.text = all(isinstance(level, str) for level in self._levels)
        self.dropped = _why_dropped(counts, self._levels)
        self._coded = self.dropped is None and len(self._levels) > 2
        self.cardinality = len(self._levels) + 1 if self._coded else 0
        self._shown = self._choose(counts)
        self.names = [f"{name}={self._levels[code - 1]}" for code in self._shown]
        if self._gaps:
            self.names.append(f"{name} is missing")
        self.floors = [FLOOR] * len(self.names)

    def _choose(self, counts: Array) -> Array:
        """The codes of the levels that get a number."""
        if self.dropped is not None:
            return np.zeros(0, dtype=np.int64)
        if not self._coded:
            return np.array([2])  # one of two says it all
        frequent = np.argsort(-counts, kind="stable")[:AT_MOST]
        return np.sort(frequent[counts[frequent] >= AT_LEAST]) + 1

    def codes(self, series: pd.Series[Any]) -> Array:
        """(n,) int64: 0 where missing or never seen in training, else 1 and up in the order of the levels."""
        codes: Array = self._levels.get_indexer(pd.Index(series.astype(object), dtype=object)).astype(np.int64) + 1
        codes[series.isna().to_numpy()] = 0
        return codes

    def numbers(self, series: pd.Series[Any]) -> Array:
        """(n, names) float64 of 0 and 1; NaN in the one column of two values, where it is neither."""
        codes = self.codes(series)[:, None]
        columns: Array = (codes == self._shown).astype(np.float64)
        if not self._coded:
            columns[(codes == 0).ravel()] = np.nan
        if self._gaps:
            columns = np.column_stack([columns, series.isna().to_numpy()])
        return columns


def _sorted(levels: list[Any], series: pd.Series[Any]) -> list[Any]:
    if isinstance(series.dtype, pd.CategoricalDtype) and series.dtype.ordered:
        seen = set(levels)
        return [level for level in series.dtype.categories if level in seen]
    try:
        return sorted(levels)
    except TypeError:
        return sorted(levels, key=str)


def _why_dropped(counts: Array, levels: pd.Index[Any]) -> str | None:
    if len(levels) == 0:
        return "all training rows lack a value"
    if len(levels) == 1:
        return f"constant: every training row that has a value has '{levels[0]}'"
    once = int((counts == 1).sum())
    if len(levels) > 2 and 2 * once > counts.sum():
        return f"{once} of the {counts.sum()} values occur once, as in an identifier; they say nothing of new rows"
    return None
