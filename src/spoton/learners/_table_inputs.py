"""`TableInputs`: any table as standardised numbers and codes of categories, ready for a net."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array
from spoton.errors import DataError, UsageError

from ._features import check_columns, remember_columns
from ._table_categories import Category
from ._table_columns import (
    CATEGORY,
    DATE,
    EMPTY,
    NUMBER,
    SPAN,
    Table,
    as_table,
    column_of,
    kinds_of,
    names_of,
    numbers_of,
)
from ._table_dates import Dates
from ._table_numbers import FLOOR, Numbers, twins_of


@dataclass(frozen=True, eq=False)
class Encoded:
    """A table, encoded.

    Attributes:
        numbers: (n, d) float64, standardised, without NaN.
        codes: (n, c) int64; 0 where a category is missing or was never seen, else 1, 2, ...
    """

    numbers: Array
    codes: Array


class TableInputs(TransformerMixin, BaseEstimator):
    """Learns from the training rows how to turn a table into standardised numbers and codes of categories.

    Tables are NumPy arrays, pandas frames, or frames with a method `to_pandas` such as those of polars. What a column
    becomes depends on what it holds:

    ==================  ==============================================================================================
    column              becomes
    ==================  ==============================================================================================
    number, bool        one number
    timedelta, time     one number, in seconds
    datetime, date      `when: seconds` since the first training moment, and of hour, weekday and day of the year those
                        that vary, each as the pair `when: hour (sin)`, `when: hour (cos)`; hours are those of its clock
    two values of text  one number, `column=second value`, 0 or 1
    text, category      a code, and a number 0 or 1 for each of the 128 most frequent values that occur twice or more,
                        `column=value`
    ==================  ==============================================================================================

    A number is standardised by mean and sd of the training rows that have it. The 0/1 numbers made of categories and of
    gaps are divided by at least 0.1, so that rare ones do not explode. A missing value (NaN, None, NA, NaT) becomes the
    mean, and where training rows had gaps a number `column is missing` says so. A category that is missing is 0 in each
    of its numbers, and so is one that was never seen; text of two values is the mean then.

    Left out, with a reason in `dropped_`: columns without any value, constant ones, those whose sd is at most 1e-8 of
    their largest absolute value, and text where most rows have a value of their own. Columns equal to an earlier one
    after standardising (so also in other units) stay, and are listed in `duplicates_`.

    Args:
        clip: how far, in sds, a standardised value may leave the smallest and largest one of training before it is cut
            off; None: any distance. A pixel that was dark but once in training can otherwise stand a thousand sds out.

    Attributes:
        names_: list of the d names of the numbers: first the columns of numbers and times in their order, then what
            dates, text and categories became, then which numbers are missing.
        origin_: (d,) index of the user's column that each number came from.
        centres_, scales_: (d,) a number is (value - centre) / scale.
        limits_: (2, d) smallest and largest standardised training value of each.
        code_names_, code_origin_: names and origin of the c codes.
        cardinalities_: list of c: how many codes there are, 0 included, so `nn.Embedding(cardinality, ...)` fits.
        dropped_: name -> reason.
        duplicates_: name of a number -> name of the first one that it repeats.
        n_features_in_, feature_names_in_: as in scikit-learn.
    """

    def __init__(self, *, clip: float | None = None) -> None:
        self.clip = clip

    def fit(self, X: Any, y: Any = None) -> TableInputs:
        """Learn means, sds, levels and what to leave out.

        Args:
            X: (n, m) table.
            y: not used.

        Raises:
            DataError: no rows or columns, infinite values, columns of lists or the like.
            UsageError: a clip below 0.
        """
        if self.clip is not None and not self.clip >= 0:
            raise UsageError(f"clip is a number of sds from 0 up, or None; this one is {self.clip!r}")
        table = as_table(X)
        remember_columns(self, table)
        self.n_features_in_ = table.shape[1]
        self._columns, kinds = names_of(table), kinds_of(table)
        block, made = self._fit_columns(table, kinds)
        self._describe()
        split = len(self._plain.kept)
        twins = twins_of(
            np.append(self._plain.marks, self._made.marks),
            len(table),
            lambda i: self._plain.column(block, i) if i < split else self._made.column(made, i - split),
        )
        self.duplicates_ = {self.names_[i]: self.names_[j] for i, j in twins.items()}
        return self

    def _fit_columns(self, table: Table, kinds: list[str]) -> tuple[Array, Array]:
        columns = self._columns
        self.dropped_ = {columns[i]: "all training rows lack a value" for i, kind in enumerate(kinds) if kind == EMPTY}

        self._plain_at = [i for i, kind in enumerate(kinds) if kind in (NUMBER, SPAN)]
        block = numbers_of(table, self._plain_at)
        self._plain = Numbers(block, [columns[i] for i in self._plain_at])
        self._gaps_at = np.flatnonzero(self._plain.gaps)
        self.dropped_ |= {columns[self._plain_at[i]]: why for i, why in self._plain.flat.items()}

        make: dict[str, type[Dates] | type[Category]] = {DATE: Dates, CATEGORY: Category}
        self._readers = {i: make[kind](column_of(table, i), columns[i]) for i, kind in enumerate(kinds) if kind in make}
        categories = {i: reader for i, reader in self._readers.items() if isinstance(reader, Category)}
        self._coded = {i: reader for i, reader in categories.items() if reader.cardinality}
        self.dropped_ |= {columns[i]: reader.dropped for i, reader in self._readers.items() if reader.dropped}
        # numbers may stand where numbers were levels: a pandas category of them loses its dtype easily
        self._kinds = [EMPTY if i in categories and not categories[i].text else kind for i, kind in enumerate(kinds)]

        names = [name for reader in self._readers.values() for name in reader.names]
        floors = [floor for reader in self._readers.values() for floor in reader.floors]
        names += [f"{columns[self._plain_at[i]]} is missing" for i in self._gaps_at]
        floors += [FLOOR] * len(self._gaps_at)
        made = self._make(table, block)
        self._made = Numbers(made, names, np.array(floors))
        self.dropped_ |= {names[i]: why for i, why in self._made.flat.items()}
        return block, made

    def _describe(self) -> None:
        """Names and origins of what comes out."""
        plain_at = np.array(self._plain_at, dtype=np.int64)
        origin = [i for i, reader in self._readers.items() for _ in reader.names]
        made_at = np.append(np.array(origin, dtype=np.int64), plain_at[self._gaps_at])
        self.origin_ = np.append(plain_at[self._plain.kept], made_at[self._made.kept])
        self.names_ = [block.names[i] for block in (self._plain, self._made) for i in block.kept]
        self.limits_ = np.concatenate([self._plain.limits, self._made.limits], axis=1)
        parts = [block.units() for block in (self._plain, self._made)]
        self.centres_, self.scales_ = (np.concatenate(part) for part in zip(*parts, strict=True))
        self.code_origin_ = np.array(list(self._coded), dtype=np.int64)
        self.code_names_ = [self._columns[i] for i in self._coded]
        self.cardinalities_ = [reader.cardinality for reader in self._coded.values()]

    def _make(self, table: Table, block: Array) -> Array:
        """The columns made of dates, categories and gaps, not yet standardised."""
        parts = [reader.numbers(column_of(table, i)) for i, reader in self._readers.items()]
        parts.append(np.isnan(block[:, self._gaps_at]))
        made: Array = np.concatenate(parts, axis=1, dtype=np.float64)
        return made

    def transform(self, X: Any) -> Encoded:
        """Encode a table that has the columns of the fit.

        Args:
            X: (n, m) table.

        Raises:
            DataError: other columns than in the fit, columns of another kind, infinite values.
        """
        check_is_fitted(self)
        table = as_table(X)
        self._check(table)
        block = numbers_of(table, self._plain_at)
        numbers = np.empty((len(table), len(self.names_)))
        split = len(self._plain.kept)
        self._plain.into(numbers[:, :split], block, self.clip)
        self._made.into(numbers[:, split:], self._make(table, block), self.clip)
        codes = np.zeros((len(table), len(self._coded)), dtype=np.int64)
        for k, (i, reader) in enumerate(self._coded.items()):
            codes[:, k] = reader.codes(column_of(table, i))
        return Encoded(numbers, codes)

    def importances(self, per_column: Any, per_code: Any = None) -> Array:
        """Add up importances by the user's columns.

        Args:
            per_column: (d,) of the numbers.
            per_code: (c,) of the codes, or None.

        Returns:
            (n_features_in_,) float64; 0 for what was left out.

        Raises:
            UsageError: another number of values.
        """
        check_is_fitted(self)
        total: Array = np.zeros(self.n_features_in_)
        pairs = [("numbers", per_column, self.origin_)]
        pairs += [] if per_code is None else [("codes", per_code, self.code_origin_)]
        for what, given, origin in pairs:
            values = np.asarray(given, dtype=np.float64)
            if values.shape != origin.shape:
                raise UsageError(f"importances of {len(origin)} {what} are expected, these have shape {values.shape}")
            np.add.at(total, origin, values)
        return total

    def _check(self, table: Table) -> None:
        check_columns(self, table)
        if table.shape[1] != self.n_features_in_:
            raise DataError(
                f"X has {table.shape[1]} columns where the fit had {self.n_features_in_}; give the columns of the fit"
            )
        for i, (known, came) in enumerate(zip(self._kinds, kinds_of(table), strict=True)):
            if came != known and EMPTY not in (came, known) and column_of(table, i).notna().any():
                name = self._columns[i]
                raise DataError(f"column '{name}' holds {came}, in the fit it held {known}; give it as in the fit")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "duplicates_")
