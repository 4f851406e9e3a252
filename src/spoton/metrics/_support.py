"""Which columns a learner uses, against those that decide, and its coefficients against least squares on these.

Columns of the training rows that are copies of a deciding one, up to unit, sign and offset, count as that one: nothing
in the rows tells them apart. Coefficients are taken times the sd of their column, so that units do not count; where the
deciding columns are copies of each other, only what the rows determine is compared (the sum, of equal columns).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spoton.data import Array
from spoton.metrics._metric import Metric

SAME = 1e-9  # standardised columns that are no farther apart are copies
RANK = 1e-10  # a direction in which the deciding columns spread less, against the widest, is not determined


@dataclass(frozen=True)
class Selection:
    """What a fitted learner tells of its columns.

    Attributes:
        chosen: (D,) bool, the columns that it uses.
        coef: (D, k) its coefficients in original units of X and y; None where it has none.
    """

    chosen: Array
    coef: Array | None = None


def facts(
    selection: Selection, support: Sequence[str], X: pd.DataFrame, y: pd.DataFrame
) -> dict[str, tuple[Array, Array]]:
    """(actual, predicted) for metrics that need `support`, and for those that need `coef` where it has coefficients."""
    true = np.isin(np.asarray(X.columns, dtype=object), np.array(list(support), dtype=object))
    z = _numbers(X)
    if z is None:
        return {"support": (_column(true), _column(selection.chosen))}
    answers = y.to_numpy(dtype=np.float64)
    largest = np.maximum(np.abs(z.max(axis=0)), np.abs(z.min(axis=0)))
    z -= z.mean(axis=0)
    sd = z.std(axis=0)
    sd[sd <= 1e-13 * largest] = 0  # a constant column has no more spread than its mean has rounding
    z /= np.where(sd > 0, sd, np.inf)
    of, sign = _originals(z, true)
    kept = of == np.arange(len(of))
    chosen = np.zeros(len(of), dtype=bool)
    np.logical_or.at(chosen, of, selection.chosen)
    found = {"support": (_column(true[kept]), _column(chosen[kept]))}
    if selection.coef is not None:
        weights = np.zeros((len(of), answers.shape[1]))
        np.add.at(weights, of, selection.coef * (sd * sign)[:, None])
        best, determined = _least_squares(z[:, true], answers - answers.mean(axis=0))
        weights[true] = determined @ weights[true]
        actual = np.zeros_like(weights)
        actual[true] = best
        found["coef"] = (actual[kept], weights[kept])
    return found


def _numbers(X: pd.DataFrame) -> Array | None:
    """A copy of the table in float64; None where it has words, dates or gaps."""
    if not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes) or X.isna().to_numpy().any():
        return None
    table = np.array(X, dtype=np.float64)
    return table if np.isfinite(table).all() else None


def _column(mask: Array) -> Array:
    return mask.astype(np.float64)[:, None]


def _originals(z: Array, true: Array) -> tuple[Array, Array]:
    """For each column the deciding one that it is a copy of, or itself, and 1 or -1 for a copy that is turned round."""
    of, sign = np.arange(z.shape[1]), np.ones(z.shape[1])
    places = np.flatnonzero(true)
    if not len(places):
        return of, sign
    alike = z[:, true].T @ z / len(z)
    nearest = np.abs(alike).argmax(axis=0)
    for j in np.flatnonzero(~true & (np.abs(alike).max(axis=0) > 1 - SAME)):
        turned = 1.0 if alike[nearest[j], j] > 0 else -1.0
        if np.abs(z[:, j] - turned * z[:, places[nearest[j]]]).max() < SAME:
            of[j], sign[j] = places[nearest[j]], turned
    return of, sign


def _least_squares(z: Array, answers: Array) -> tuple[Array, Array]:
    """The shortest solution (S, k), and the projection (S, S) on what the rows determine."""
    left, spread, right = np.linalg.svd(z, full_matrices=False)
    held = spread > RANK * max(spread.max(initial=0.0), np.finfo(np.float64).tiny)
    left, spread, right = left[:, held], spread[held], right[held]
    return right.T @ ((left.T @ answers) / spread[:, None]), right.T @ right


def _precision(actual: Array, predicted: Array) -> float:
    """0 where no column is used, as scikit-learn has it."""
    used = predicted != 0
    return float((actual[used] != 0).mean()) if used.any() else 0.0


def _recall(actual: Array, predicted: Array) -> float:
    decide = actual != 0
    return float((predicted[decide] != 0).mean()) if decide.any() else float("nan")


def _coef_error(actual: Array, predicted: Array) -> float:
    size, error = float(np.linalg.norm(actual)), float(np.linalg.norm(predicted - actual))
    return error / size if size > 0 else 0.0 if error == 0 else float("nan")


SUPPORT_PRECISION = Metric(
    "support_precision", _precision, "1", True, "share of the columns a learner uses that decide the answer", "support"
)
SUPPORT_RECALL = Metric(
    "support_recall", _recall, "1", True, "share of the columns that decide the answer that it uses", "support"
)
COEF_ERROR = Metric(
    "coef_error", _coef_error, "1", False, "distance from least squares' coefficients, relative to their size", "coef"
)
