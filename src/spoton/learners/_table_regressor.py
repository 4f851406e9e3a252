"""What `SpotTable` and `SpotTableLadder` share: the encoded table, its folds, linear path, members, a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from spoton.data import Array
from spoton.errors import Diverged, UsageError
from spoton.history import History
from spoton.learners._table_inputs import Encoded, TableInputs
from spoton.learners._table_targets import standardised_targets
from spoton.learners._torch import seeded

if TYPE_CHECKING:
    from spoton.learners._linear_part import LinearPart
    from spoton.learners._member_choice import Below, Members


def check_lr(lr: float) -> None:
    """Raise unless it is a positive number.

    Raises:
        UsageError: it is not.
    """
    if not 0 < lr < np.inf:
        raise UsageError(f"lr is a positive number, not {lr}")


class TableRegressor(RegressorMixin, BaseEstimator):
    """A base: those who derive have the parameters epochs, linear_epochs, members, folds, lr and width."""

    epochs: int
    linear_epochs: int
    members: int
    folds: int
    lr: float
    width: int

    def warm_up(self) -> None:
        """Import what a first fit needs, so that it does not count as its time."""
        import torch  # noqa: F401

        import spoton.nets  # noqa: F401

    def _begin(self, X: Any, y: Any, rng: np.random.RandomState) -> tuple[Encoded, Array, Array]:
        """The table and its answers, encoded, and the fold of each row."""
        from spoton.learners._sparse_path import make_folds

        self.inputs_ = TableInputs()
        encoded = self.inputs_.fit(X).transform(X)
        self.n_features_in_, self.dropped_ = self.inputs_.n_features_in_, self.inputs_.dropped_
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(self.inputs_, "feature_names_in_"):
            self.feature_names_in_ = self.inputs_.feature_names_in_
        self.targets_ = standardised_targets(y, len(encoded.numbers))
        self.history_ = History()
        return encoded, self.targets_.values, make_folds(len(encoded.numbers), self.folds, rng)

    def _descend(
        self, encoded: Encoded, targets: Array, fold: Array, polish: bool, rng: np.random.RandomState
    ) -> LinearPart:
        """The linear part."""
        from spoton.learners._linear_part import fit_linear

        linear = fit_linear(
            encoded.numbers,
            targets,
            fold,
            epochs=min(self.epochs, self.linear_epochs),
            polish=polish,
            random_state=rng,
            on_pass=lambda number, errors: self._note("linear", number, errors),
        )
        if not np.isfinite(linear.score):
            raise Diverged("the linear path left the finite numbers; look for extreme values among the answers")
        self.inputs_.set_params(clip=linear.reach)
        return linear

    def _curve(
        self,
        name: str,
        encoded: Encoded,
        targets: Array,
        fold: Array,
        below: Below,
        passes: int,
        rng: np.random.RandomState,
        known: Array | None = None,
    ) -> Members:
        """Members on what the part below leaves, in the passes that are left."""
        from spoton.learners._member_choice import fit_members_on_choices

        with seeded(rng.randint(2**31)):
            members = fit_members_on_choices(
                encoded,
                targets,
                fold,
                below,
                epochs=self.epochs - passes,
                cardinalities=self.inputs_.cardinalities_,
                members=self.members,
                width=self.width,
                lr=self.lr,
                random_state=rng,
                known=known,
            )
        before = self.history_[-1]["epoch"]
        for number, errors in members.passes:
            self._note(name, before + number, errors)
        return members

    def _note(self, path: str, number: int, errors: Array) -> None:
        in_units = float((errors * self.targets_.scale**2).mean())
        self.history_.append({"epoch": number, "path": path, "held_out": in_units})
