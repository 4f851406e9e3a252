"""How far any learner can come: what rows with equal, or nearly equal, inputs and other answers say about the noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import nnls
from scipy.spatial import cKDTree

from spoton.data import Array, PointData

NEAR = 0.1  # of the typical distance, up to which two rows are nearly the same
PAIRS = 100  # near pairs from which on there is something to measure
NEIGHBOURS = 10
MOST = 2000  # rows
COLUMNS = 20  # beyond so many, no rows are near each other but copies
DRAWS = 50  # of the bootstrap
LOWEST = 0.05  # quantile of its draws that has to be noise too
CLEAR = 0.01  # share of the answers' variance from which on noise is worth a word


def digests(data: PointData) -> list[int]:
    """One number for each row's input: equal inputs have equal ones."""
    if isinstance(data.X, pd.DataFrame):
        return [int(value) for value in pd.util.hash_pandas_object(data.X, index=False)]
    return [hash(np.ascontiguousarray(image).tobytes()) for image in data.X]


def twins(data: PointData) -> list[list[int]]:
    """Rows with equal inputs, in groups of two or more."""
    by_input: dict[int, list[int]] = {}
    for row, digest in enumerate(digests(data)):
        by_input.setdefault(digest, []).append(row)
    return [rows for rows in by_input.values() if len(rows) > 1]


def contradictions(data: PointData) -> float:
    """Share of rows whose input another row has, with another answer."""
    y: Array = data.y.to_numpy(dtype=np.float64)
    return sum(len(rows) for rows in twins(data) if (y[rows] != y[rows[0]]).any()) / len(y)


def pure_error(data: PointData) -> tuple[float, float]:
    """What equal inputs with other answers leave, as shares of the answers' variance, mean over answers.

    Returns:
        What no function of the inputs gets below on these rows; and the noise, if all rows have as much of it as those
        with a twin ("pure error" in the words of the lack-of-fit test).
    """
    y: Array = data.y.to_numpy(dtype=np.float64)
    y = y[:, y.std(axis=0) > 0]
    groups = twins(data)
    free = sum(len(rows) - 1 for rows in groups)
    if not free or not y.shape[1]:
        return 0.0, 0.0
    within = sum(((y[rows] - y[rows].mean(axis=0)) ** 2).sum(axis=0) for rows in groups)
    shares = within / y.var(axis=0)
    return float(np.mean(shares) / len(y)), float(np.mean(shares) / free)


def near_noise(X: Array, y: Array) -> tuple[float, float] | None:
    """The noise that nearly equal inputs show, by a Gamma test (Evans and Jones, 2002).

    Half the squared difference of the answers of two rows, over their distance: what remains at distance 0 is noise.
    It is fitted as s + a d + b d^2 with no negative part, so that a jump of the law (d) and a slope (d^2) are none.

    Args:
        X: (n, D). y: (n, K).

    Returns:
        The noise as a share of the answers' variance, and its lower limit by a bootstrap of the rows; None where too
        few rows are near each other, as in most tables with more than a few columns.
    """
    X, y = X[:MOST, X[:MOST].std(axis=0) > 0], y[:MOST, y[:MOST].std(axis=0) > 0]
    if not 0 < X.shape[1] <= COLUMNS or not y.shape[1] or len(X) <= NEIGHBOURS:
        return None
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    distance, other = cKDTree(X).query(X, k=NEIGHBOURS + 1)
    typical = np.sqrt(2 * X.shape[1])  # of two standardised rows, root mean square
    one = np.repeat(np.arange(len(X)), NEIGHBOURS + 1)
    d, two = distance.ravel() / typical, other.ravel()
    kept = (one < two) & (d <= NEAR)
    one, two, d = one[kept], two[kept], d[kept]
    if len(d) < PAIRS:
        return None
    half = (((y[one] - y[two]) ** 2) / (2 * y.var(axis=0))).mean(axis=1)
    basis = np.stack([np.ones_like(d), d, d**2], axis=1)
    rng = np.random.RandomState(0)
    drawn = []
    for _ in range(DRAWS):
        weight = np.sqrt(rng.poisson(1.0, len(X))[one].astype(float))
        drawn.append(nnls(basis * weight[:, None], half * weight)[0][0])
    return float(nnls(basis, half)[0][0]), float(np.quantile(drawn, LOWEST))
