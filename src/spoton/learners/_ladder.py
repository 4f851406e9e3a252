"""`SpotTableLadder`: several models of a table, from a straight line up, joined by what held-out rows say."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array
from spoton.errors import UsageError
from spoton.learners._screening import losses_without
from spoton.learners._table_inputs import Encoded
from spoton.learners._table_regressor import TableRegressor, check_lr

if TYPE_CHECKING:
    from spoton.learners._rungs import Part, Rung

RUNGS = ("linear", "basis", "members", "members on basis")
EXACT = 1e-12  # share of the variance below which a rung has said it all
MOST_ROWS = 2000  # on which a column's importance is measured


class SpotTableLadder(TableRegressor):
    """`SpotTable` for the last digit: its parts, a greedy basis, and the best mixture of them all.

    ==================  ==============================================================================================
    rung                what
    ==================  ==============================================================================================
    linear              the sparse descent, and least squares where held-out rows prefer it
    basis               sums and products of steps, hinges and columns, chosen one at a time and exchanged: MARS
                        (Friedman 1991), widened by steps and swaps
    members             MLPs on what the linear path leaves: with "linear", this is `SpotTable`
    members on basis    MLPs on what the greedy basis leaves
    ==================  ==============================================================================================

    Each rung answers for rows that it did not see, in the same folds, and by these answers non-negative weights are
    found; a rung that does not help by more than a standard error stays out. One that is exact is taken alone, and
    nothing above it is tried.

    Args:
        epochs: passes over the rows of one rung: the linear path's until it has settled, and its members' after it.
        linear_epochs: of these, at most so many for the linear path.
        terms: of the greedy basis, at most.
        members: number of MLPs of a rung; as of `SpotTable`.
        folds: number of folds.
        lr: the members' highest learning rate.
        width: of their two hidden layers.
        rungs: those to try; "linear" always is, and "members on basis" fits a basis too.
        random_state: seeds folds, weights and the order of the rows.

    Attributes:
        rungs_: a frame: rung, how (in words), held_out (mean squared error in sds of the answers), weight, seconds.
        formula_: where the greedy basis is used alone, the answer as text in the units of the table, or a list of K;
            else None.
        inputs_: the `TableInputs`.
        dropped_: column -> why it is left out.
        support_: (n_features_in_,) whether a column is used.
        feature_importances_: (n_features_in_,) how much the squared error grows when a column's values are permuted, as
            a share of the answers' variance.
        n_parameters_: learned numbers of the rungs that are used.
        n_epochs_: passes over the rows that were made.
        history_: one dict a pass: epoch, path (linear, members, members on basis), held_out (mean squared error in the
            units of the answers).

    Raises:
        DataError: fewer than 4 rows, answers that are no numbers, or columns that were not there in the fit.
        UsageError: parameters out of range.
    """

    def __init__(
        self,
        epochs: int = 190,
        linear_epochs: int = 40,
        terms: int = 30,
        members: int = 10,
        folds: int = 5,
        lr: float = 1e-2,
        width: int = 96,
        rungs: tuple[str, ...] = RUNGS,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.epochs = epochs
        self.linear_epochs = linear_epochs
        self.terms = terms
        self.members = members
        self.folds = folds
        self.lr = lr
        self.width = width
        self.rungs = rungs
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SpotTableLadder:
        """Train.

        Args:
            X: a table (n, D): see `TableInputs`.
            y: (n,) or (n, K).
        """
        from spoton.learners._stacking import stack

        if min(self.epochs, self.linear_epochs, self.width, self.terms, self.members) < 1 or self.folds < 2:
            raise UsageError("epochs, linear_epochs, terms, members and width are 1 or more, folds 2 or more")
        check_lr(self.lr)
        if unknown := set(self.rungs) - set(RUNGS):
            raise UsageError(f"there are the rungs {', '.join(RUNGS)}, and no '{min(unknown)}'")
        rng = check_random_state(self.random_state)
        encoded, targets, fold = self._begin(X, y, rng)
        built = self._build(encoded, targets, fold, rng)
        exact = [rung.exact for rung in built]
        if any(exact):
            self.inputs_.set_params(clip=None)  # such a law holds outside of the training rows' range as well
        weights = np.array(exact, dtype=float) if any(exact) else stack([rung.held_out for rung in built], targets)
        self._describe(built, weights, targets)
        self._explain(encoded, targets, rng)
        return self

    def _build(self, encoded: Encoded, targets: Array, fold: Array, rng: np.random.RandomState) -> list[Rung]:
        """The rungs, up to the first one that is exact."""
        from spoton.learners._greedy_basis import fit_basis
        from spoton.learners._rungs import Rung, columns_to_look_at

        start = perf_counter()
        enough = EXACT * float((targets**2).mean())
        linear = self._descend(encoded, targets, fold, True, rng)
        exact = linear.score <= enough
        built = [Rung("linear", linear.how, linear, None, linear.held_out, exact, perf_counter() - start)]
        parts: list[tuple[str, Part]] = [("members", linear)]
        if not exact and {"basis", "members on basis"} & set(self.rungs):
            start = perf_counter()
            columns = columns_to_look_at(encoded.numbers, targets, fold, linear, rng)
            basis = fit_basis(encoded.numbers, targets, fold, columns, most=self.terms, random_state=rng)
            parts.append(("members on basis", basis))
            if "basis" in self.rungs:
                built.append(Rung("basis", basis.how, basis, None, basis.held_out, basis.exact, perf_counter() - start))
        if not any(rung.exact for rung in built):
            known = None
            for name, part in parts:
                if name in self.rungs:
                    made = self._members(name, part, encoded, targets, fold, linear.passes, rng, known)
                    built += made
                    known = made[0].net.chosen.numpy() if made else None
        return built

    def _members(
        self,
        name: str,
        part: Part,
        encoded: Encoded,
        targets: Array,
        fold: Array,
        passes: int,
        rng: np.random.RandomState,
        known: Array | None,
    ) -> list[Rung]:
        """The rung of members on a part, if they are better than nothing."""
        from spoton.learners._rungs import Rung

        start = perf_counter()
        members = self._curve(name, encoded, targets, fold, part, passes, rng, known)
        if not members.useful:
            return []
        how = f"{members.net.members} MLPs on {len(members.net.chosen)} columns, on what this leaves: {part.how}"
        members.net.linear.double()  # it gets the columns in double precision
        held_out = part.held_out + members.held_out
        return [Rung(name, how, part, members.net.eval(), held_out, False, perf_counter() - start)]

    def _describe(self, built: list[Rung], weights: Array, targets: Array) -> None:
        """What was made, in words and numbers."""
        import pandas as pd

        from spoton.learners._greedy_basis import GreedyBasis

        self._used = [(rung, float(weight)) for rung, weight in zip(built, weights, strict=True) if weight > 0]
        self.rungs_ = pd.DataFrame(
            {
                "rung": [rung.name for rung in built],
                "how": [rung.how for rung in built],
                "held_out": [float(((rung.held_out - targets) ** 2).mean()) for rung in built],
                "weight": weights,
                "seconds": [rung.seconds for rung in built],
            }
        )
        self.n_parameters_ = sum(rung.size for rung, _ in self._used) + targets.shape[1]
        self.n_epochs_ = max(entry["epoch"] for entry in self.history_)
        self.formula_: str | list[str] | None = None
        part = self._used[0][0].part
        if len(self._used) == 1 and self._used[0][0].name == "basis" and isinstance(part, GreedyBasis):
            inputs, y = self.inputs_, self.targets_
            found = part.formula(inputs.names_, inputs.centres_, inputs.scales_, y.mean, y.scale)
            self.formula_ = found[0] if y.ndim == 1 else list(found)

    def _explain(self, encoded: Encoded, targets: Array, rng: np.random.RandomState) -> None:
        """What is made of each column."""
        from spoton.learners._linear_part import LinearPart

        slopes: Array = np.zeros((encoded.numbers.shape[1], targets.shape[1]))
        used, coded = np.zeros(len(slopes), dtype=bool), False
        for rung, weight in self._used:
            slopes += weight * rung.slopes
            used[rung.curved] = True
            coded |= rung.net is not None and len(rung.net.levels) > 0
        curved, rows = np.flatnonzero(used), slice(MOST_ROWS)
        for rung, _ in self._used:
            if isinstance(rung.part, LinearPart):
                used |= rung.part.support
        # in a linear path a permutation costs twice the squared weight: the columns have variance 1
        importances = 2 * (slopes**2).mean(axis=1)
        codes = encoded.codes[rows]
        importances[curved] = losses_without(
            lambda x: self._standardised(Encoded(x, codes)), encoded.numbers[rows], targets[rows], curved, rng
        )[0]
        self.feature_importances_ = self.inputs_.importances(np.maximum(importances, 0.0))
        self.support_ = self.inputs_.importances(used.astype(float)) > 0
        if coded:
            self.support_[self.inputs_.code_origin_] = True

    def predict(self, X: Any) -> Array:
        """Answers in the shape and the units of the training answers."""
        check_is_fitted(self, "rungs_")
        return self.targets_.in_units(self._standardised(self.inputs_.transform(X)))

    def _standardised(self, encoded: Encoded) -> Array:
        found: Array = sum((weight * rung.predict(encoded) for rung, weight in self._used), np.zeros(1))
        return found
