"""The greedy basis of `SpotTableLadder`: steps, hinges, products; how many of them, held-out rows decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spoton.data import Array
from spoton.learners._basis_search import Search
from spoton.learners._basis_terms import LINE, STEP, Term, centred, formula, values_of

MOST_ROWS = 2000  # the search looks at so many rows; the weights come from all
PARENTS = 10
PATIENCE = 6  # additions without a better score
BETTER = 0.999  # share of the error under which a larger basis is better
DONE = 1e-24  # mean squared error at which nothing is left
SURE, ROWS_A_TERM, SOUND = 1e-16, 10, 0.1  # a basis is exact: error on its own rows, how few terms, held-out error
MENDS = 4  # rounds in which the hinges' thresholds are moved


@dataclass(frozen=True)
class Basis:
    """A sum of terms.

    Attributes:
        terms: products of factors, see `Term`. weights: (M, K).
        limits: (2, D) smallest and largest training values, at which columns are cut off; infinite for no cut.
    """

    terms: tuple[Term, ...]
    weights: Array
    limits: Array

    def predict(self, X: Array) -> Array:
        """(n, K) answers for standardised columns (n, D)."""
        found: Array = values_of(self.terms, X.clip(*self.limits)) @ self.weights
        return found


@dataclass(frozen=True)
class GreedyBasis:
    """A basis from all rows, and one from the rows outside of each fold.

    Attributes:
        full, fold_models: the bases.
        held_out: (n, K) answers for each row by the basis that did not see it.
        score: mean squared error of these.
        exact: whether the basis from all rows meets all answers, with so few terms that this is no chance. Held-out
            rows would not say so: a step lies anywhere between two values.
        how: what it is, in words.
    """

    full: Basis
    fold_models: tuple[Basis, ...]
    held_out: Array
    score: float
    exact: bool
    how: str

    def predict(self, X: Array) -> Array:
        """(n, K) answers of the basis from all rows."""
        return self.full.predict(X)

    def fold_answers(self, X: Array) -> Array:
        """(F, n, K) answers of each fold's basis."""
        return np.stack([model.predict(X) for model in self.fold_models])

    def strength(self, X: Array) -> Array:
        """(D,) how much the terms with a column vary, at most over outputs, as sds of the answers."""
        found = np.zeros(X.shape[1])
        size = values_of(self.full.terms, X).std(axis=0) * np.abs(self.full.weights).max(axis=1)
        for term, one in zip(self.full.terms, size, strict=True):
            for factor in term:
                found[factor.column] = max(found[factor.column], one)
        return found

    def formula(
        self, names: Sequence[str], means: Array, scales: Array, y_means: Array, y_scales: Array
    ) -> tuple[str, ...]:
        """Each answer as text, in the units of the table; where a step lies between two values, it is at their middle.

        Args:
            names, means, scales: of the columns. y_means, y_scales: (K,) of the answers.
        """
        return tuple(
            formula(self.full.terms, weights, names, means, scales, float(mean), float(scale))
            for weights, mean, scale in zip(self.full.weights.T, y_means, y_scales, strict=True)
        )


def fit_basis(
    X: Array,
    Y: Array,
    fold: Array,
    columns: Sequence[Array],
    *,
    most: int,
    random_state: np.random.RandomState,
    on_size: Callable[[int, float], None] | None = None,
) -> GreedyBasis:
    """Grow one basis for each fold, all by one term at a time, until held-out rows say that it is enough.

    Whether columns are cut off at the training rows' limits, beyond which products and hinges run away, is decided by
    the same rows: a law that holds everywhere is better without.

    Args:
        X: (n, D), Y: (n, K), standardised. fold: (n,) of 0..F-1.
        columns: (F + 1) indices of the columns to look at, for each fold found on the rows outside of it; the last ones
            are for all rows.
        most: terms at most, besides the constant.
        random_state: chooses rows where there are too many.
        on_size: is told the number of terms and the score.
    """
    parts = [fold != f for f in range(int(fold.max()) + 1)]
    grown = [_Grown(X, Y, part, which, random_state) for part, which in zip(parts, columns, strict=False)]
    best_score, best_size, since = np.inf, 0, 0
    best: tuple[tuple[Basis, ...], Array, bool] = (), np.zeros_like(Y), False
    for size in range(most + 1):
        more = [one.grow() for one in grown] if size else [True]
        if not any(more):
            break
        models = [one.fitted() for one in grown]
        for cut in (False, True):
            tried = [_limited(model, X[part], cut) for model, part in zip(models, parts, strict=True)]
            held_out = _held_out(tried, X, fold, Y.shape[1])
            score = float(((held_out - Y) ** 2).mean())
            if score < BETTER * best_score and best_score > DONE:
                best_score, best_size, best, since = score, size, (tuple(tried), held_out, cut), -1
        since += 1
        if on_size is not None:
            on_size(size, best_score)
        if since >= PATIENCE or best_score < DONE:
            break
    everything = np.ones(len(X), dtype=bool)
    full = _Grown(X, Y, everything, columns[-1], random_state)
    for _ in range(best_size):
        full.grow()
    fold_models, held_out, cut = best
    model = _limited(full.fitted(), X, cut)
    error = float(((model.predict(X) - Y) ** 2).mean())
    exact = error < SURE and best_score < SOUND and ROWS_A_TERM * len(model.terms) <= len(X)
    return GreedyBasis(model, fold_models, held_out, best_score, exact, _how(model.terms))


def _held_out(models: Sequence[Basis], X: Array, fold: Array, outputs: int) -> Array:
    found = np.empty((len(X), outputs))
    for f, model in enumerate(models):
        found[fold == f] = model.predict(X[fold == f])
    return found


class _Grown:
    """A search on some rows and columns, and its basis on all columns."""

    def __init__(self, X: Array, Y: Array, part: Array, columns: Array, random_state: np.random.RandomState) -> None:
        self.X, self.Y, self.columns = X[part], Y[part], columns
        rows = np.arange(len(self.X))
        if len(rows) > MOST_ROWS:
            rows = np.sort(random_state.choice(rows, MOST_ROWS, replace=False))
        self.search = Search(self.X[np.ix_(rows, columns)], self.Y[rows], PARENTS)

    def grow(self) -> bool:
        return self.search.grow()

    def fitted(self) -> Basis:
        terms = [
            tuple(replace(factor, column=int(self.columns[factor.column])) for factor in term)
            for term in self.search.terms
        ]
        return Basis(*mended(centred(terms, self.X), self.X, self.Y), limits=_no_limits(self.X))


def _no_limits(X: Array) -> Array:
    return np.array([[-np.inf], [np.inf]]).repeat(X.shape[1], axis=1)


def _limited(model: Basis, X: Array, cut: bool) -> Basis:
    return replace(model, limits=np.stack([X.min(axis=0), X.max(axis=0)])) if cut else model


def mended(terms: Sequence[Term], X: Array, Y: Array) -> tuple[tuple[Term, ...], Array]:
    """Least squares; and the hinges' thresholds moved to where the error is least (Gauss-Newton).

    Args:
        terms: M of them. X: (n, D). Y: (n, K).

    Returns:
        The terms with their thresholds, and weights (M, K).
    """
    terms = list(terms)
    weights = _solve(values_of(terms, X), Y)
    bent = [(m, i) for m, term in enumerate(terms) for i, f in enumerate(term) if f.kind not in (LINE, STEP)]
    error = float(((values_of(terms, X) @ weights - Y) ** 2).sum())
    for _ in range(MENDS if bent and error > DONE * Y.size else 0):
        slopes = [values_of([terms[m][:i] + terms[m][i + 1 :]], X)[:, 0] * terms[m][i].slope(X) for m, i in bent]
        both = _solve(np.column_stack([values_of(terms, X), *slopes]), Y)
        moved = list(terms)
        for (m, i), slope in zip(bent, both[len(terms) :], strict=True):
            # w f(t + d) = w f(t) + d w f'(t)
            factor, weight = moved[m][i], both[m]
            by = float((slope * weight).sum() / max((weight**2).sum(), 1e-300))
            column = X[:, factor.column]
            at = float(np.clip(factor.at + by, column.min(), column.max()))
            moved[m] = (*moved[m][:i], replace(factor, at=at), *moved[m][i + 1 :])
        values = values_of(moved, X)
        fresh = _solve(values, Y)
        less = float(((values @ fresh - Y) ** 2).sum())
        if not less < error:
            break
        terms, weights, error = moved, fresh, less
    return tuple(terms), weights


def _solve(B: Array, Y: Array) -> Array:
    found: Array = np.linalg.lstsq(B, Y, rcond=1e-12)[0]
    return found


def _how(terms: Sequence[Term]) -> str:
    count = len(terms) - 1
    deep = sum(len(term) > 1 for term in terms)
    return f"greedy basis of {count} terms" + (f", {deep} of them products" if deep else "")
