"""`SparseSkip`: any learner with a sparse linear path beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array
from spoton.learners import get_learner, model_of
from spoton.learners._linear_part import fit_linear
from spoton.learners._sparse_path import make_folds
from spoton.why.probes._answers import within_samples
from spoton.why.probes._steps import numbers_of

FOLDS = 5
EPOCHS = 40  # of the path, which ends by itself when it has settled


class SparseSkip(RegressorMixin, BaseEstimator):
    """A sparse linear path first, then the learner on what it leaves: path(x) + learner(x).

    The path is the descent of `SparseLinear`, and least squares where held-out rows prefer it, as in `SpotTable`. What
    it leaves is taken from rows that it did not see, so that the learner meets the errors it will meet later.

    Args:
        estimator: the learner; least squares where None is given.
        random_state: of the path.

    Attributes:
        model_: the fitted learner.
        coef_path_: (D, K) the path's weights on standardised columns.

    Raises (in `fit`): what the learner raises, and DataError for a table with text.
    """

    def __init__(
        self, estimator: BaseEstimator | None = None, random_state: int | np.random.RandomState | None = None
    ) -> None:
        self.estimator = estimator
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SparseSkip:
        """Both, one after the other.

        Args:
            X: a table of numbers (n, D), or images, of which the path sees the pixels.
            y: (n,) or (n, K).
        """
        rng = check_random_state(self.random_state)
        answers = np.asarray(y, dtype=np.float64)
        self.y_ndim_ = answers.ndim
        columns = answers.reshape(len(answers), -1)
        self.inputs_, self.answers_ = StandardScaler(), StandardScaler()
        inputs = self.inputs_.fit_transform(numbers_of(X))
        targets = self.answers_.fit_transform(columns)
        fold = make_folds(len(inputs), FOLDS, rng)
        path = fit_linear(inputs, targets, fold, epochs=EPOCHS, polish=True, random_state=rng)
        self.coef_path_ = path.weights
        left = columns - self.answers_.inverse_transform(path.held_out)
        learner = get_learner("linear") if self.estimator is None else clone(self.estimator)
        self.model_ = learner.fit(X, left.ravel() if self.y_ndim_ == 1 else left)
        return self

    def predict(self, X: Any) -> Array:
        """Answers in the shape of the training answers."""
        check_is_fitted(self, "model_")
        straight = self.answers_.inverse_transform(self.inputs_.transform(numbers_of(X)) @ self.coef_path_)
        rest = np.asarray(self.model_.predict(X), dtype=np.float64).reshape(straight.shape)
        found: Array = straight + rest
        return found.ravel() if self.y_ndim_ == 1 else found


def with_skip(estimator: BaseEstimator) -> BaseEstimator:
    """A fresh learner with `SparseSkip` around the net inside, behind its features and its scaling of answers."""
    changed = within_samples(estimator)
    model = model_of(changed)
    places = [key for key, part in changed.get_params().items() if part is model]
    if not places:
        return SparseSkip(changed)
    return changed.set_params(**{min(places, key=len): SparseSkip(model)})
