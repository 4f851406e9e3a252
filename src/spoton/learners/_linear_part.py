"""The linear part of `SpotTable`: what the sparse descent found, and least squares where that is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spoton.data import Array
from spoton.learners._sparse_path import relevant, sparse_path

SHARES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)  # a column counts from this share of the largest weight on
DAMPINGS = (0.0, 1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 3.0)
WIDEST = 2000  # least squares on all columns up to so many
DESCENT = "sparse descent"
BETTER = 0.99  # least squares replaces the descent where the error falls below this share of its
REACH = 5.0  # sds beyond the range of the training rows, from which on a value is cut off
SURE = 2.0  # standard errors by which held-out rows have to be predicted better without the cut
EXACT = 1e-7  # share of the variance below which a law holds beyond the training rows as well


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
        reach: sds beyond the range of the training rows at which new values have to be cut off; None: nowhere.
        ends: (F, 2, D) where each fold's weights cut off values, or None where they do not.
    """

    weights: Array
    fold_weights: Array
    held_out: Array
    score: float
    how: str
    passes: int
    scores: tuple[float, ...]
    reach: float | None = None
    ends: Array | None = None

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
        if self.ends is None:
            found: Array = X @ self.fold_weights
            return found
        return np.stack([X.clip(*ends) @ weights for ends, weights in zip(self.ends, self.fold_weights, strict=True)])

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

    Which one is kept is decided by the rows that each did not see. The columns are found without them too. So is what
    becomes of values far outside of the training rows' range: a pixel that was dark but once stands a thousand sds out
    when it is bright. Where the law is not exact they are cut off, unless these rows are clearly better off without.

    Args:
        X: (n, D), Y: (n, K), standardised. fold: (n,) of 0..F-1.
        epochs: of the descent.
        polish: try least squares.
        random_state: of the descent.
        on_pass: is told the number of each pass and the error of each output, (K,).
    """
    path = sparse_path(X, Y, fold, epochs, random_state, on_pass)
    parts = [np.ones(len(X), dtype=bool), *(fold != f for f in range(len(path.fold_weights)))]
    tried = {DESCENT: [path.weights, *path.fold_weights]}
    if polish:
        tried |= _least_squares(X, Y, parts, tried[DESCENT])

    def choose(held_out: Array, rows: Array) -> LinearPart:
        """The best of all by the rows that its weights did not see; `held_out` is what the descent says of them."""
        score = float(((held_out - Y) ** 2).mean())
        best = LinearPart(path.weights, path.fold_weights, held_out, score, DESCENT, path.passes, path.scores)
        for name, (weights, *others) in list(tried.items())[1:]:
            held_out = _unseen(rows, others, fold)
            score = float(((held_out - Y) ** 2).mean())
            if score < best.score * BETTER:
                best = LinearPart(weights, np.stack(others), held_out, score, name, path.passes, path.scores)
        return best

    best = choose(path.held_out, X)
    if best.score <= EXACT:
        return best
    ends = _ends(X, fold)
    near = X.copy()
    for f, (low, high) in enumerate(ends):
        near[fold == f] = near[fold == f].clip(low, high)
    if np.array_equal(near, X):
        best = replace(best, reach=REACH)
    else:
        cut = choose(_unseen(near, path.fold_weights, fold), near)
        gain = ((cut.held_out - Y) ** 2 - (best.held_out - Y) ** 2).mean(axis=1)
        if gain.mean() <= SURE * gain.std() / np.sqrt(len(gain)):
            best = replace(cut, reach=REACH, ends=ends)
    return replace(best, weights=measured(best, X))


def _unseen(X: Array, fold_weights: Sequence[Array] | Array, fold: Array) -> Array:
    """(n, K) what each row is given by the weights that did not see it."""
    found: Array = np.zeros((len(X), fold_weights[0].shape[1]))
    for f, weights in enumerate(fold_weights):
        found[fold == f] = X[fold == f] @ weights
    return found


def _ends(X: Array, fold: Array) -> Array:
    """(F, 2, D) how far values may go, by the rows outside of each fold."""
    folds = range(int(fold.max()) + 1)
    low, high = (np.stack([end(X[fold == f], axis=0) for f in folds]) for end in (np.min, np.max))
    rest = [[g for g in folds if g != f] for f in folds]
    return np.stack([[low[others].min(axis=0) - REACH, high[others].max(axis=0) + REACH] for others in rest])


def measured(part: LinearPart, X: Array) -> Array:
    """The weights to answer with: those from all rows, or the folds' mean where they are not like the folds'.

    Nobody has measured the weights from all rows. The error of a mean is at most the mean error (Jensen's inequality),
    and that one was measured; so where those from all rows answer otherwise than the mean, by more than the folds'
    weights do among themselves, the mean is safer. They do where the rows are about as many as the columns.
    """
    mean: Array = part.fold_weights.mean(axis=0)
    away = ((X @ (part.weights - mean)) ** 2).mean()
    spread = ((X @ (part.fold_weights - mean)) ** 2).mean()
    return mean if away > spread else part.weights


def _least_squares(X: Array, Y: Array, parts: list[Array], given: list[Array]) -> dict[str, list[Array]]:
    """Name -> weights of each part of the rows: on the columns whose given weights are large, and damped on all."""
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
    return tried


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
