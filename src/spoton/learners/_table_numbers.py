"""Standardisation of a block of numbers: stable, wide, with gaps; and the search for columns that say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from spoton.data import Array
from spoton.errors import DataError

FLAT = 1e-8  # a column whose sd is at most this share of its largest absolute value carries rounding, not information
SAME = 1e-9  # standardised columns that differ by no more than this are one column
FLOOR = 0.1  # the sd that 0/1 columns made here are divided by is at least this: a rare level then stays below 10
_CACHED = 2**17  # numbers handled at a time, so that the passes over them stay in the processor's cache
_ODD = 2.0**400  # squares of larger numbers, and of smaller ones than its inverse, leave float64


class Numbers:
    """Mean and sd of the columns of a block, and what follows from them.

    Two passes: the columns are shifted by their first value, which is exact where digits are at stake (1e9 plus a
    little), and the shift is kept apart from the mean of the rest. Columns of very large or very small numbers are
    first brought near 1 by a power of two, which is exact as well.

    Attributes (of the m columns of the block):
        kept: (d,) indices of the columns that vary.
        flat: index -> why that column is left out.
        gaps: (m,) whether some of the training rows lacked a value, and others had one.
        limits: (2, d) smallest and largest standardised training value of the kept columns.
        marks: (d,) one number a kept column, equal for equal columns; see `twins_of`.
    """

    def __init__(self, block: Array, names: Sequence[str], floor: Array | float = 0.0) -> None:
        """Learn from a block.

        Args:
            block: (n, m) of any real dtype, NaN where a value is missing.
            names: of the m columns, for messages.
            floor: (m,) or one number: the sd to divide by is at least this much.

        Raises:
            DataError: an infinite value.
        """
        n, m = block.shape
        self.names = list(names)
        self.gaps = np.zeros(m, dtype=bool)
        self.shift, self.mean, self.scale = np.zeros(m), np.zeros(m), np.ones(m)
        self.exponent = np.zeros(m, dtype=np.int64)
        self.flat: dict[int, str] = {}
        floors: Array = np.zeros(m) + floor
        ends, marks = np.zeros((2, m)), np.zeros(m)
        weights = np.random.RandomState(0).standard_normal((n,))
        for part in _parts(n, m):
            ends[:, part], marks[part] = self._learn(block[:, part].astype(np.float64), part, floors, weights)
        self.kept = np.setdiff1d(np.arange(m), np.fromiter(self.flat, dtype=np.int64))
        self.limits, self.marks = ends[:, self.kept], marks[self.kept]

    def _learn(self, x: Array, part: slice, floors: Array, weights: Array) -> tuple[Array, Array]:
        """The ends and the mark of each of the columns x, which is changed in place."""
        missing = None
        count: Array | int = len(x)
        if not np.isfinite(x).all():
            self._refuse_infinite(x, np.arange(part.start, part.stop))
            missing = np.isnan(x)
            count = np.maximum(len(x) - missing.sum(axis=0), 1)
            self.gaps[part] = missing.any(axis=0) & ~missing.all(axis=0)
            first = np.nan_to_num(x[missing.argmin(axis=0), np.arange(x.shape[1])])
            x = np.where(missing, first, x)
        low, high = x.min(axis=0), x.max(axis=0)
        size = np.maximum(np.abs(low), np.abs(high))
        odd = (size > _ODD) | ((size > 0) & (size < 1 / _ODD))
        exponent = np.where(odd, np.frexp(size)[1], 0)
        if odd.any():
            x, low, high = (np.ldexp(v, -exponent) for v in (x, low, high))
        shift = x[0].copy() if missing is None else np.ldexp(first, -exponent)
        x -= shift
        mean = x.sum(axis=0) / count
        x -= mean
        if missing is not None:
            x[missing] = 0
        rest = x.sum(axis=0) / count  # what rounding left of the mean
        sd = np.sqrt(np.maximum(np.einsum("nm,nm->m", x, x) / count - rest**2, 0))
        mean += rest
        flat = sd <= FLAT * np.ldexp(size, -exponent)
        scale = np.where(flat, 1.0, np.maximum(sd, floors[part]))
        self.shift[part], self.mean[part], self.scale[part], self.exponent[part] = shift, mean, scale, exponent
        for i in np.flatnonzero(flat):
            empty = missing is not None and missing[:, i].all()
            self.flat[part.start + int(i)] = _why_flat(low[i], high[i], sd[i], int(exponent[i]), empty=bool(empty))
        return np.stack([low - shift - mean, high - shift - mean]) / scale, (weights @ x) / scale

    def into(self, out: Array, block: Array, clip: float | None = None) -> None:
        """Write the standardised kept columns (n, d) of a block (n, m) into `out`; missing values become 0, the mean.

        Args:
            out: (n, d) float64.
            block: (n, m) of any real dtype.
            clip: how far values may leave the limits of training, in sds; None: any distance.

        Raises:
            DataError: an infinite value.
        """
        for part in _parts(len(block), len(self.kept)):
            kept = self.kept[part]
            solid = kept[-1] - kept[0] == len(kept) - 1
            raw = block[:, kept[0] : kept[-1] + 1] if solid else block[:, kept]
            out[:, part] = self._standardised(raw, kept)
            if clip is not None:
                low, high = self.limits[:, part]
                np.clip(out[:, part], low - clip, high + clip, out=out[:, part])

    def units(self) -> tuple[Array, Array]:
        """(d,) and (d,): the mean and the divisor of the kept columns, in their own units."""
        exponent = self.exponent[self.kept]
        mean = self.shift[self.kept] + self.mean[self.kept]
        return np.ldexp(mean, exponent), np.ldexp(self.scale[self.kept], exponent)

    def column(self, block: Array, i: int) -> Array:
        """(n,) the standardised values of the i-th kept column."""
        kept = self.kept[i : i + 1]
        return self._standardised(block[:, kept], kept)[:, 0]

    def _standardised(self, raw: Array, kept: Array) -> Array:
        z: Array = raw.astype(np.float64)
        with np.errstate(over="ignore"):  # a new value may lie 1e308 sds away
            if self.exponent[kept].any():
                z = np.ldexp(z, -self.exponent[kept])
            z -= self.shift[kept]
            z -= self.mean[kept]
            z /= self.scale[kept]
        if not np.isfinite(z).all():
            self._refuse_infinite(raw, kept)
            np.nan_to_num(z, copy=False, nan=0.0)  # and what overflowed becomes the largest number
        return z

    def _refuse_infinite(self, x: Array, columns: Array) -> None:
        found = np.argwhere(np.isinf(x))
        if len(found):
            row, i = found[0]
            raise DataError(
                f"column '{self.names[columns[i]]}' is infinite in row {row} (counted from 0); "
                "give finite numbers, or NaN where a value is missing"
            )


def _parts(n: int, m: int) -> Iterator[slice]:
    """Slices of m columns, each some `_CACHED` numbers; never less than 8 columns, a line of the cache."""
    width = max(8, _CACHED // max(n, 1))
    for start in range(0, m, width):
        yield slice(start, min(start + width, m))


def _why_flat(low: float, high: float, sd: float, exponent: int, *, empty: bool) -> str:
    if empty:
        return "all training rows lack a value"
    low, high, sd = (float(np.ldexp(v, exponent)) for v in (low, high, sd))
    if low == high:
        return f"constant: every training row that has a value has {low:.12g}"
    return f"nearly constant: its sd of {sd:.1g} is at most {FLAT:g} of its largest absolute value"


def twins_of(marks: Array, rows: int, column: Callable[[int], Array]) -> dict[int, int]:
    """Columns that repeat an earlier one.

    Args:
        marks: (d,) the same random combination of the rows for each column: equal columns have equal marks, so that
            only neighbours in the order of marks need a comparison.
        rows: number of training rows.
        column: index -> (rows,) standardised values.

    Returns:
        The index of each column that repeats another -> the first one that it repeats.
    """
    order = np.argsort(marks, kind="stable")
    starts = np.flatnonzero(np.diff(marks[order]) > SAME * rows) + 1
    ends = np.append(starts, len(order))
    starts = np.insert(starts, 0, 0)
    twins: dict[int, int] = {}
    for k in np.flatnonzero(ends - starts > 1):
        firsts: list[tuple[int, Array]] = []
        for i in sorted(order[starts[k] : ends[k]].tolist()):
            values = column(i)
            twin = next((j for j, other in firsts if np.abs(values - other).max() <= SAME), None)
            if twin is None:
                firsts.append((i, values))
            else:
                twins[i] = twin
    return dict(sorted(twins.items()))
