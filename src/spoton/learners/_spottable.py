"""`SpotTable`: a net for tables that finds the columns which matter. A sparse linear path, and MLPs beside it."""

from __future__ import annotations

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
    from spoton.learners._linear_part import LinearPart
    from spoton.learners._member_choice import Members

MOST_ROWS = 2000  # on which a column's importance is measured


class SpotTable(TableRegressor):
    """A net for tables: x w + mean of several MLPs, with w found by a descent that makes most of it zero.

    Any table goes in (see `TableInputs`): numbers, categories, dates, gaps. Columns and answers are standardised
    inside; nothing has to be scaled beforehand. The rows are dealt into folds. The linear path (`SparseLinear`'s
    descent, and least squares where held-out rows prefer it) trains first, until it has settled. What it leaves is
    learned by the members of a `TableNet`, each without one fold, on which it is stopped where it is best; they see the
    columns that pass a screening, or all, whichever is better on held-out rows, and in a second round those that they
    turned out to need. Of two members that stop on the same fold one also sees ramps, which rise between neighbouring
    values of a column, or quantiles where these are many: they blur a jump less than smooth waves do. They count where
    held-out rows are clearly better met with them; else the others answer alone. On an exact linear law there is
    nothing left for any member, and all stay out.

    Args:
        epochs: passes over the rows: the linear path's until it has settled, and the members' after it.
        linear_epochs: of these, at most so many for the linear path.
        members: number of MLPs; 0 for the linear path alone; fewer than two a fold for none that sees ramps.
        folds: number of folds.
        lr: the members' highest learning rate.
        width: of their two hidden layers.
        polish: try least squares in place of the linear path's weights.
        random_state: seeds folds, weights and the order of the rows.

    Attributes:
        net_: the `TableNet`, on standardised columns and answers.
        inputs_: the `TableInputs`; unless the law is exact, its `clip` says where far values are cut off.
        dropped_: column -> why it is left out.
        support_: (n_features_in_,) whether a column is used.
        feature_importances_: (n_features_in_,) how much the squared error grows when a column's values are permuted,
            as a share of the answers' variance.
        coef_, intercept_: slopes in the units of the table, (n_features_in_,) or (K, n_features_in_), where the net is
            its linear path alone and no column became several (dates and categories do).
        how_: what the linear part is, in words.
        n_parameters_: learned numbers that are not zero.
        n_epochs_: passes over the rows that were made.
        history_: a History, one row a pass: path (linear or members), held_out (mean squared error in the
            units of the answers).

    Raises:
        DataError: fewer than 4 rows, answers that are no numbers, or columns that were not there in the fit.
        UsageError: parameters out of range.
    """

    def __init__(
        self,
        epochs: int = 190,
        linear_epochs: int = 40,
        members: int = 10,
        folds: int = 5,
        lr: float = 1e-2,
        width: int = 96,
        polish: bool = True,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.epochs = epochs
        self.linear_epochs = linear_epochs
        self.members = members
        self.folds = folds
        self.lr = lr
        self.width = width
        self.polish = polish
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SpotTable:
        """Train.

        Args:
            X: a table (n, D): see `TableInputs`.
            y: (n,) or (n, K).
        """
        if min(self.epochs, self.linear_epochs, self.width) < 1 or self.members < 0 or self.folds < 2:
            raise UsageError("epochs, linear_epochs and width are 1 or more, members 0 or more, folds 2 or more")
        check_lr(self.lr)
        rng = check_random_state(self.random_state)
        encoded, targets, fold = self._begin(X, y, rng)
        linear = self._descend(encoded, targets, fold, self.polish, rng)
        self.how_ = linear.how
        members = self._curve("members", encoded, targets, fold, linear, linear.passes, rng)
        self.net_ = _with_linear_path(members, linear)
        self.n_epochs_ = self.history_[-1]["epoch"]
        self._explain(encoded, targets, linear, rng)
        return self

    def _explain(self, encoded: Encoded, targets: Array, linear: LinearPart, rng: np.random.RandomState) -> None:
        """What the net makes of each column."""
        weights = self.net_.linear.weight.detach().numpy()
        seen = self.net_.chosen.numpy()
        # in the linear path a permutation costs twice the squared weight: the columns have variance 1
        importances = 2 * (weights**2).mean(axis=0)
        rows = slice(MOST_ROWS)
        importances[seen] = losses_without(
            lambda x: self._standardised(x, encoded.codes[rows]), encoded.numbers[rows], targets[rows], seen, rng
        )[0]
        used = linear.support
        used[seen] = True
        self.feature_importances_ = self.inputs_.importances(np.maximum(importances, 0.0))
        self.support_ = self.inputs_.importances(used.astype(float)) > 0
        self._fit_coefficients(weights)
        self.n_parameters_ = int((weights != 0).sum()) + targets.shape[1]
        self.n_parameters_ += self.net_.member_size
        if len(self.net_.levels):
            self.support_[self.inputs_.code_origin_] = True

    def _fit_coefficients(self, weights: Array) -> None:
        """`coef_` and `intercept_` in the units of the table, where the net is nothing but its linear path."""
        for name in ("coef_", "intercept_"):
            self.__dict__.pop(name, None)
        if len(self.net_.chosen) or len(set(self.inputs_.origin_)) < len(self.inputs_.origin_):
            return
        y = self.targets_
        slopes = weights * y.scale[:, None] / self.inputs_.scales_
        coef = np.zeros((len(weights), self.n_features_in_))
        coef[:, self.inputs_.origin_] = slopes
        intercept = y.mean - slopes @ self.inputs_.centres_
        self.coef_ = coef[0] if y.ndim == 1 else coef
        self.intercept_ = intercept[0] if y.ndim == 1 else intercept

    def predict(self, X: Any) -> Array:
        """Answers in the shape and the units of the training answers."""
        check_is_fitted(self, "net_")
        encoded = self.inputs_.transform(X)
        return self.targets_.in_units(self._standardised(encoded.numbers, encoded.codes))

    def _standardised(self, numbers: Array, codes: Array) -> Array:
        import torch

        parts = []
        with torch.no_grad():
            for start in range(0, max(len(numbers), 1), 1024):
                x = torch.from_numpy(numbers[start : start + 1024])
                levels = torch.from_numpy(codes[start : start + 1024]) if len(self.net_.levels) else None
                parts.append(self.net_(x, levels).numpy())
        found: Array = np.concatenate(parts)
        return found


def _with_linear_path(members: Members, linear: LinearPart) -> Any:
    """The net with its linear path, in double precision, since exact laws are its business."""
    import torch

    # members correct the path of their own fold; without any, the path of all rows is the best there is
    weights = linear.fold_weights.mean(axis=0) if members.useful else linear.weights
    net = members.net
    net.linear = net.linear.double()
    with torch.no_grad():
        net.linear.weight.copy_(torch.from_numpy(np.ascontiguousarray(weights.T)))
    return net.eval()
