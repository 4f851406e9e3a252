"""The linear part of `SpotTable`: what the sparse descent found, and least squares where that is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spoton.data import Array
from spoton.learners._sparse_path import relevant, sparse_path

SHARES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)  # a column counts from this share of the largest weight on
DAMPINGS = (0.0, 1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 3.0)
WIDEST = 2000  # least squares on all columns up to so many
DESCENT = "sparse descent"
BETTER = 0.99  # least squares replaces the descent where the error falls below this share of its


@dataclass(frozen=True)
class LinearPart:
    """Weights on standardised columns.

    Attributes:
        weights: (D, K), from all rows.
        fold_weights: (F, D, K), from the rows outside of each fold.
        held_out: (n, K) answers for each row by the weights that did not see it.
        score: mean squared error of these.
        how: what was chosen, in words.
        passes: the descent's passes over the rows.
        scores: of the descent, pass by pass.
    """

    weights: Array
    fold_weights: Array
    held_out: Array
    score: float
    how: str
    passes: int
    scores: tuple[float, ...]

    @property
    def support(self) -> Array:
        """(D,) which columns are used: the descent leaves all others tiny, least squares leaves them out."""
        found: Array = relevant(self.weights) if self.how == DESCENT else (self.weights != 0).any(axis=1)
        return found

    def predict(self, X: Array) -> Array:
        """(n, K) answers by the weights from all rows."""
        found: Array = X @ self.weights
        return found

    def fold_answers(self, X: Array) -> Array:
        """(F, n, K) answers by each fold's weights."""
        found: Array = X @ self.fold_weights
        return found

    def strength(self, X: Array) -> Array:
        """(D,) the largest weight of each column."""
        found: Array = np.abs(self.weights).max(axis=1)
        return found


def fit_linear(
    X: Array,
    Y: Array,
    fold: Array,
    *,
    epochs: int,
    polish: bool,
    random_state: np.random.RandomState,
    on_pass: Callable[[int, Array], None] | None = None,
) -> LinearPart:
    """The sparse descent; with `polish` also least squares, on the columns that it found and damped on all of them.

    Which one is kept is decided by the rows that each did not see. The columns are found without them too.

    Args:
        X: (n, D), Y: (n, K), standardised. fold: (n,) of 0..F-1.
        epochs: of the descent.
        polish: try least squares.
        random_state: of the descent.
        on_pass: is told the number of each pass and the error of each output, (K,).
    """
    path = sparse_path(X, Y, fold, epochs, random_state, on_pass)
    best = LinearPart(
        path.weights,
        path.fold_weights,
        path.held_out,
        float(((path.held_out - Y) ** 2).mean()),
        DESCENT,
        path.passes,
        path.scores,
    )
    if not polish:
        return best
    parts = [np.ones(len(X), dtype=bool), *(fold != f for f in range(len(path.fold_weights)))]
    given = [path.weights, *path.fold_weights]
    tried: dict[str, list[Array]] = {}
    for share in SHARES:
        supports = [relevant(weights, share) for weights in given]
        if all(2 * support.sum() <= part.sum() for support, part in zip(supports, parts, strict=True)):
            name = f"least squares on {int(supports[0].sum())} columns"
            tried[name] = [_on(X[part], Y[part], support) for support, part in zip(supports, parts, strict=True)]
    if X.shape[1] <= WIDEST:
        solved = [damped(X[part], Y[part], DAMPINGS) for part in parts]
        for i, damping in enumerate(DAMPINGS):
            name = f"least squares on all columns{f', damped by {damping:g}' if damping else ''}"
            tried[name] = [weights[i] for weights in solved]
    for name, (weights, *others) in tried.items():
        held_out = np.zeros_like(Y)
        for f, one in enumerate(others):
            held_out[fold == f] = X[fold == f] @ one
        score = float(((held_out - Y) ** 2).mean())
        if score < best.score * BETTER:
            best = LinearPart(weights, np.stack(others), held_out, score, name, path.passes, path.scores)
    return best


def _on(X: Array, Y: Array, support: Array) -> Array:
    """Least squares on some columns; equal columns share their weight."""
    weights = np.zeros((X.shape[1], Y.shape[1]))
    if support.any():
        weights[support] = np.linalg.lstsq(X[:, support], Y, rcond=1e-13)[0]
    return weights


def damped(X: Array, Y: Array, dampings: tuple[float, ...]) -> list[Array]:
    """Ridge regression with several penalties, from one singular value decomposition.

    Args:
        X: (n, D). Y: (n, K).
        dampings: penalties as shares of the largest squared singular value; directions below 1e-13 of the largest
            singular value are left out.

    Returns:
        Weights (D, K), one for each penalty.
    """
    left, size, right = np.linalg.svd(X, full_matrices=False)
    kept = size > 1e-13 * size[:1]
    left, size, right = left[:, kept], size[kept], right[kept]
    turned = left.T @ Y
    return [right.T @ ((size / (size**2 + damping * size[:1] ** 2))[:, None] * turned) for damping in dampings]
