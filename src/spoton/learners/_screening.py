"""Which columns a net should see: by what their bins say about the answers, and by what is lost without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from spoton.data import Array

BINS = 8
DRAWS = 5  # permutations of the answers that say what chance alone can do
CHANCE = 0.9  # columns are kept from this share of chance's best on: losing one costs more than one too many
FEWEST = 8
BLOCK = 2048  # columns at a time


def binned_relevance(X: Array, Y: Array) -> Array:
    """The share of the answers' variance that lies between eight bins of a column: Pearson's correlation ratio.

    Unlike a correlation it sees curves: (x - 1/2)^2 and sines have it too. A law of products alone, with no trace in
    any column by itself, has none.

    Args:
        X: (n, D). Y: (n, K).

    Returns:
        (D,) between 0 and 1, the mean over answers.
    """
    found: Array = _relevances(X, [Y])[0]
    return found


def _relevances(X: Array, answers: Sequence[Array]) -> Array:
    """(R, D) of R times answers (n, K); the columns are sorted once for all of them."""
    rows, columns = X.shape
    outputs = answers[0].shape[1]
    centred = np.stack([Y - Y.mean(axis=0) for Y in answers])
    scaled = centred / np.sqrt(np.maximum((centred**2).sum(axis=1, keepdims=True), 1e-300))
    found = np.zeros((len(answers), columns))
    for start in range(0, columns, BLOCK):
        block = X[:, start : start + BLOCK]
        order = block.argsort(axis=0, kind="stable")
        values = np.take_along_axis(block, order, axis=0)
        edges = np.linspace(0, rows, BINS + 1).astype(int)
        # equal values stay together: each bin begins where its first value does
        cuts = [np.zeros(block.shape[1], dtype=int)]
        for edge in edges[1:-1]:
            cuts.append((values < values[min(edge, rows - 1)]).sum(axis=0))
        cuts.append(np.full(block.shape[1], rows))
        for r, k in product(range(len(answers)), range(outputs)):
            sums = np.concatenate([np.zeros((1, block.shape[1])), scaled[r, :, k][order].cumsum(axis=0)])
            at = [sums[cut, np.arange(block.shape[1])] for cut in cuts]
            for i in range(BINS):
                gain = (at[i + 1] - at[i]) ** 2 / np.maximum(cuts[i + 1] - cuts[i], 1)
                found[r, start : start + BLOCK] += gain / outputs
    return found


def screen(X: Array, Y: Array, most: int, random_state: np.random.RandomState) -> Array:
    """Indices of the columns that say more about the answers than chance would, the best ones first.

    Chance is measured: the answers are permuted, and the best column of all is taken. Where fewer than eight columns
    pass, the eight best are given.

    Args:
        X: (n, D). Y: (n, K).
        most: so many columns at most.
        random_state: for the permutations.
    """
    found, *by_chance = _relevances(X, [Y, *(Y[random_state.permutation(len(Y))] for _ in range(DRAWS))])
    best = np.argsort(-found, kind="stable")
    passing = int((found > CHANCE * np.max(by_chance, initial=0.0)).sum())
    return best[: min(most, max(passing, FEWEST))]


def losses_without(
    predict: Callable[[Array], Array], X: Array, Y: Array, columns: Array, random_state: np.random.RandomState
) -> tuple[Array, Array]:
    """How much the squared error grows when a column's values are permuted (Breiman, "Random forests", 2001).

    Args:
        predict: (n, D) -> (n, K).
        X, Y: rows that the model was not trained on, where that can be had.
        columns: the columns to try.
        random_state: for the permutations.

    Returns:
        Mean growth of the squared error for each of them, and its standard error over rows.
    """
    before = ((predict(X) - Y) ** 2).mean(axis=1)
    growth, error = np.zeros(len(columns)), np.zeros(len(columns))
    for i, column in enumerate(columns):
        shuffled = X.copy()
        shuffled[:, column] = X[random_state.permutation(len(X)), column]
        more = ((predict(shuffled) - Y) ** 2).mean(axis=1) - before
        growth[i], error[i] = more.mean(), more.std() / np.sqrt(len(X))
    return growth, error
