"""The linear path of `SpotTable`: `SparseLinear`'s descent on several parts of the rows at once, kept at its best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spoton.data import Array
from spoton.layers import hypentropy_step_

PATIENCE = 5  # passes without a better score, after which the path has settled
BETTER = 0.01  # by this share of the error, or it is not better
STEPS = 400  # a pass has no more steps than about this
LARGEST_BATCH = 16


@dataclass(frozen=True)
class SparsePath:
    """Weights of the linear path.

    Attributes:
        weights: (D, K), from all rows.
        fold_weights: (F, D, K), each from the rows outside of one fold.
        held_out: (n, K) the answers for each row by the weights that did not see it.
        passes: how many passes over the rows were made.
        scores: mean squared error on held-out rows after each pass, the mean over outputs.
    """

    weights: Array
    fold_weights: Array
    held_out: Array
    passes: int
    scores: tuple[float, ...]


def batch_size_for(rows: int) -> int:
    """Small batches, as the descent likes them, and larger ones where a pass would have too many steps."""
    return max(1, min(rows // 64, LARGEST_BATCH), rows // STEPS)


def sparse_path(
    X: Array,
    Y: Array,
    fold: Array,
    epochs: int,
    random_state: np.random.RandomState,
    on_pass: Callable[[int, Array], None] | None = None,
) -> SparsePath:
    """Descend on all rows and, besides, on the rows outside of each fold; the latter say when to stop.

    After each pass the last weights and their mean over the pass are scored on the rows of the folds: the last ones are
    better on an exact law, the mean where there is noise. What scored best is kept.

    Args:
        X: (n, D), standardised. y: (n, K), standardised.
        fold: (n,) of 0..F-1.
        epochs: passes over the rows at most.
        random_state: the order of the rows.
        on_pass: is told the number of each pass and the mean squared error of each output on held-out rows, (K,).
    """
    rows, columns = X.shape
    folds, size = int(fold.max()) + 1, batch_size_for(rows)
    steps = max(1, rows // size)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    parts = [np.arange(rows), *(np.flatnonzero(fold != f) for f in range(folds))]
    weight = torch.zeros(folds + 1, Y.shape[1], columns, dtype=x.dtype)
    best, best_score, scores, since = weight.clone(), float("inf"), [], 0
    for number in range(1, epochs + 1):
        # a part with fewer rows meets some of them twice
        order = np.stack([np.resize(random_state.permutation(part), steps * size) for part in parts])
        batches = torch.from_numpy(order).reshape(len(parts), steps, size)
        average = torch.zeros_like(weight)
        for step in range(steps):
            _descend(weight, x[batches[:, step]], y[batches[:, step]])
            average += weight
        average /= steps
        errors, found = min(
            ((_errors(w, x, y, fold), w) for w in (weight, average)), key=lambda pair: float(pair[0].mean())
        )
        score = float(errors.mean())
        scores.append(score)
        since = 0 if score < best_score * (1 - BETTER) else since + 1
        if score < best_score:
            best_score, best = score, found.clone()
        if on_pass is not None:
            on_pass(number, errors)
        if since >= PATIENCE or not np.isfinite(score):
            break
    return SparsePath(
        weights=best[0].T.numpy(),
        fold_weights=best[1:].mT.numpy(),
        held_out=_held_out(best, x, fold).numpy(),
        passes=len(scores),
        scores=tuple(scores),
    )


def _descend(weight: Tensor, x: Tensor, y: Tensor) -> None:
    """One step: weight (P, K, D), x (P, B, D), y (P, B, K)."""
    error = torch.baddbmm(y, x, weight.mT, beta=-1)
    hypentropy_step_(weight, error.mT @ x / x.shape[1])


def _held_out(weight: Tensor, x: Tensor, fold: Array) -> Tensor:
    found = x.new_zeros(len(x), weight.shape[1])
    for f in range(len(weight) - 1):
        here = torch.from_numpy(np.flatnonzero(fold == f))
        found[here] = x[here] @ weight[f + 1].T
    return found


def _errors(weight: Tensor, x: Tensor, y: Tensor, fold: Array) -> Array:
    found: Array = (_held_out(weight, x, fold) - y).square().mean(0).numpy()
    return found


def make_folds(rows: int, count: int, random_state: np.random.RandomState) -> Array:
    """(rows,) the fold of each row, drawn at random, sizes equal up to one."""
    fold = np.empty(rows, dtype=np.int64)
    fold[random_state.permutation(rows)] = np.arange(rows) % max(1, min(count, rows))
    return fold


def relevant(weights: Array, share: float = 0.01) -> Array:
    """(D,) whether a column's weight is at least this share of the largest one, for any output."""
    size = np.abs(weights)
    found: Array = (size > share * np.maximum(size.max(axis=0, initial=0.0), 1e-300)).any(axis=1)
    return found
