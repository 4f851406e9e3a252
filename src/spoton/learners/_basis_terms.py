"""Terms of a greedy basis: products of steps, hinges and columns, and how they read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spoton.data import Array

STEP, UP, DOWN, LINE = "step", "up", "down", "line"


@dataclass(frozen=True)
class Factor:
    """A function of one column x: [x > t] (step), (x - t)+ (up), (t - x)+ (down), or x itself (line).

    Where a step lies between two neighbouring values of the training rows they cannot say. It is a ramp from one to the
    other: the mean over all places, which has the least squared error to expect.

    Attributes:
        kind: step, up, down or line.
        column: index of x.
        at: the threshold t; 0 for line.
        width: of a step's ramp, its middle at t; 0 for none.
    """

    kind: str
    column: int
    at: float = 0.0
    width: float = 0.0

    def of(self, X: Array) -> Array:
        """(n,) its values on a table (n, D)."""
        x: Array = X[:, self.column]
        if self.kind == STEP:
            if self.width:
                ramp: Array = ((x - self.at) / self.width + 0.5).clip(0.0, 1.0)
                return ramp
            return (x > self.at).astype(np.float64)
        if self.kind == UP:
            return np.maximum(x - self.at, 0.0)
        return np.maximum(self.at - x, 0.0) if self.kind == DOWN else x

    def slope(self, X: Array) -> Array:
        """(n,) the derivative with respect to the threshold, 0 for steps and lines."""
        x = X[:, self.column]
        if self.kind == UP:
            return -(x > self.at).astype(np.float64)
        found: Array = (x < self.at).astype(np.float64) if self.kind == DOWN else np.zeros(len(X))
        return found

    def words(self, name: str, mean: float, scale: float) -> tuple[str, float]:
        """The factor in the units of the table, and what it has to be multiplied by: x = (column - mean) / scale."""
        at = mean + scale * self.at
        if self.kind == STEP:
            return f"[{name} > {at:.6g}]", 1.0
        if self.kind == DOWN:
            return f"({at:.6g} - {name})+", 1 / scale
        shifted = f"{name} {'-' if at >= 0 else '+'} {abs(at):.6g}" if f"{at:.6g}" not in ("0", "-0") else name
        if self.kind == UP:
            return f"({shifted})+", 1 / scale
        return (f"({shifted})" if shifted != name else name), 1 / scale


TINY = 1e-9  # share of the largest value that is as good as 0: a ramp is not 0 to the last bit
Term = tuple[Factor, ...]  # their product; the empty one is 1


def values_of(terms: Sequence[Term], X: Array) -> Array:
    """(n, M) the values of M terms on a table (n, D)."""
    found = np.ones((len(X), len(terms)))
    for m, term in enumerate(terms):
        for factor in term:
            found[:, m] *= factor.of(X)
    return found


def centred(terms: Sequence[Term], X: Array) -> list[Term]:
    """The same terms with each step in the middle between the values that bind it.

    These are the next values of rows where a term with this step is not zero without it: in [a > 1] [b > 2] rows with a
    below 1 do not tell where the step of b is.

    Args:
        terms: M of them. X: (n, D), the rows that they were found on.
    """
    bound: dict[Factor, Array] = {}
    for term in terms:
        for i, factor in enumerate(term):
            if factor.kind == STEP:
                rest = np.abs(values_of([term[:i] + term[i + 1 :]], X)[:, 0])
                rows = rest > TINY * rest.max()
                bound[factor] = bound[factor] | rows if factor in bound else rows
    moved = {}
    for factor, rows in bound.items():
        x = X[rows, factor.column]
        low, high = x[x <= factor.at].max(initial=-np.inf), x[x > factor.at].min(initial=np.inf)
        middle, width = (low + high) / 2, high - low
        fine = np.isfinite(width) and low < middle < high
        moved[factor] = Factor(STEP, factor.column, float(middle), float(width)) if fine else factor
    return [tuple(moved.get(factor, factor) for factor in term) for term in terms]


def formula(
    terms: Sequence[Term],
    weights: Array,
    names: Sequence[str],
    means: Array,
    scales: Array,
    y_mean: float,
    y_scale: float,
) -> str:
    """One answer as text, in the units of the table, as in `0.3 + 2.1 [x3 > 0.51] - 1 (x1 - 0.2)+`.

    Args:
        terms: of standardised columns. weights: (M,), for a standardised answer.
        names: of the columns. means, scales: their standardisation. y_mean, y_scale: that of the answer.
    """
    constant, parts = y_mean, []
    for term, weight in zip(terms, weights, strict=True):
        size, words = float(weight) * y_scale, []
        for factor in term:
            text, by = factor.words(names[factor.column], float(means[factor.column]), float(scales[factor.column]))
            words.append(text)
            size *= by
        if words:
            parts.append((size, " ".join(words)))
        else:
            constant += size
    if abs(constant) > 1e-12 * (abs(y_mean) + y_scale) or not parts:  # smaller is what rounding left of 0
        parts.insert(0, (constant, ""))
    (first, text), *others = parts
    found = f"{first:.6g} {text}".rstrip()
    return found + "".join(f" {'-' if size < 0 else '+'} {abs(size):.6g} {text}" for size, text in others)
