"""Inner products of vectors with all steps, hinges and columns of a table at once, by cumulative sums."""

from __future__ import annotations

import numpy as np
import torch

from spoton.data import Array
from spoton.learners._basis_terms import DOWN, LINE, STEP, TINY, UP, Factor, Term

KNOTS = 64  # hinges a column, at most: their thresholds are mended later
SIDE = 5  # rows on each side of a threshold, or a tenth of all where that is less


class Candidates:
    """The functions that a parent b may be multiplied by: for each column and each gap between neighbouring values a
    step, at some of them two hinges, the column itself, and for the constant parent products of two columns.

    All C of them are in one row: steps (D columns x T gaps), hinges up, hinges down (D x H), lines (D), pairs.

    Args:
        X: (n, D), standardised.
    """

    def __init__(self, X: Array) -> None:
        self.X = X
        rows, self.columns = X.shape
        self.side = min(SIDE, rows // 10)
        self.order = X.argsort(axis=0, kind="stable")
        self.sorted = np.take_along_axis(X, self.order, axis=0)
        low, high = self.sorted[:-1], self.sorted[1:]
        middle = (low + high) / 2
        # between floats without a number in between the middle is the upper one, where `>` would lose it
        self.at = np.where(middle < high, middle, low)
        self.gap = low < high
        self.knots = np.unique(np.linspace(0, rows - 2, min(KNOTS, rows - 1)).astype(int))  # of the gaps
        self.first, self.second = np.triu_indices(self.columns)
        self.pairs = X[:, self.first] * X[:, self.second]
        # (D, n): sums run along the last axis
        self.turned, self.turned_values = (np.ascontiguousarray(part.T) for part in (self.order, self.sorted))
        self.begins = np.append(0, self.knots + 1)

    def inner(self, V: Array, pairs: bool) -> Array:
        """(m, C) inner products of vectors V (m, n) with each function; with a parent b, give b * v.

        The suffix sums of v and of x v, both in the order of x, hold all of them.
        """
        sorted_v = V.take(self.turned, axis=1)
        s0 = _suffix(sorted_v)
        s1 = self._at_knots(sorted_v * self.turned_values)
        at, total0, total1 = self.at.T[:, self.knots], V.sum(axis=1)[:, None, None], (V @ self.X)
        up = s1 - at * s0[..., self.knots]
        down = at * total0 - total1[..., None] + up  # (t - x)+ = t - x + (x - t)+
        return self._row(s0, up, down, total1, V @ self.pairs if pairs else None)

    def squares(self, b: Array, pairs: bool) -> Array:
        """(C,) squared lengths of the functions times b."""
        v = (b * b)[None]
        sorted_v, x = v.take(self.turned, axis=1), self.turned_values
        steps = _suffix(sorted_v)
        s0, s1, s2 = steps[..., self.knots], self._at_knots(sorted_v * x), self._at_knots(sorted_v * x * x)
        at = self.at.T[:, self.knots]
        total = [v.sum(axis=1)[:, None, None], (v @ self.X)[..., None], (v @ self.X**2)[..., None]]
        up = s2 - 2 * at * s1 + at * at * s0
        down = (total[2] - s2) - 2 * at * (total[1] - s1) + at * at * (total[0] - s0)
        found: Array = self._row(steps, up, down, total[2][..., 0], v @ self.pairs**2 if pairs else None)[0]
        return found

    def allowed(self, b: Array, pairs: bool) -> Array:
        """(C,) whether a threshold lies between values, with enough rows on either side where b is not 0."""
        there = (np.abs(b) > TINY * np.abs(b).max()).astype(np.float64)[None]
        above = _suffix(there.take(self.turned, axis=1))
        fine = self.gap.T & (above >= self.side) & (there.sum() - above >= self.side)
        free = np.ones((1, self.columns), dtype=bool)
        more = np.ones((1, len(self.first)), dtype=bool) if pairs else None
        found: Array = self._row(fine, fine[..., self.knots], fine[..., self.knots], free, more)[0]
        return found

    def term(self, parent: Term, index: int) -> Term:
        """The parent times function `index`."""
        size = self.columns * len(self.at)
        if index < size:
            column, gap = divmod(index, len(self.at))
            width = float(self.sorted[gap + 1, column] - self.sorted[gap, column])
            return (*parent, Factor(STEP, column, float(self.at[gap, column]), width))
        index -= size
        size = self.columns * len(self.knots)
        if index < 2 * size:
            column, knot = divmod(index % size, len(self.knots))
            return (*parent, Factor((UP, DOWN)[index // size], column, float(self.at[self.knots[knot], column])))
        index -= 2 * size
        if index < self.columns:
            return (*parent, Factor(LINE, index))
        index -= self.columns
        return (*parent, Factor(LINE, int(self.first[index])), Factor(LINE, int(self.second[index])))

    def _at_knots(self, V: Array) -> Array:
        """(..., n) -> (..., H): at each knot the sum of what comes after it."""
        between = np.add.reduceat(V, self.begins, axis=-1)[..., :0:-1]
        found: Array = between.cumsum(axis=-1)[..., ::-1]
        return found

    @staticmethod
    def _row(step: Array, up: Array, down: Array, line: Array, pairs: Array | None) -> Array:
        parts = [part.reshape(len(part), -1) for part in (step, up, down, line)]
        return np.concatenate(parts if pairs is None else [*parts, pairs], axis=1)


def _suffix(V: Array) -> Array:
    """(..., n) -> (..., n - 1): at i the sum of what comes after i."""
    sums = torch.from_numpy(V).cumsum(-1).numpy()  # in a third of NumPy's time
    found: Array = sums[..., -1:] - sums[..., :-1]
    return found
