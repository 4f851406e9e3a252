"""Estimators around estimators: one a output, one a label, one for classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin, clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array
from spoton.errors import DataError


class EachOutput(RegressorMixin, BaseEstimator):
    """Fits one clone an output; scikit-learn's MultiOutputRegressor, that takes a single output (n,) too.

    Args:
        estimator: a regressor for one output.
    """

    def __init__(self, estimator: BaseEstimator | None = None) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any) -> EachOutput:
        """Fit one clone for each column of y."""
        y = np.array(y)
        self.y_ndim_ = y.ndim
        self.model_ = MultiOutputRegressor(self.estimator).fit(X, y.reshape(len(y), -1))
        return self

    @property
    def estimators_(self) -> list[BaseEstimator]:
        """The fitted clones."""
        fitted: list[BaseEstimator] = self.model_.estimators_
        return fitted

    def predict(self, X: Any) -> Array:
        """Answers in the shape of the training targets."""
        check_is_fitted(self, "model_")
        predicted: Array = self.model_.predict(X)
        return predicted.ravel() if self.y_ndim_ == 1 else predicted


class ByLabel(RegressorMixin, BaseEstimator):
    """Fits one clone for each label and predicts with the label's own: a learner that is told the class.

    Args:
        estimator: any regressor.
    """

    uses_labels = True

    def __init__(self, estimator: BaseEstimator | None = None) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, labels: Any = None) -> ByLabel:
        """Fit a clone on the rows of each label."""
        y, labels = np.asarray(y), _told(labels)
        self.estimators_ = {
            int(label): clone(self.estimator).fit(_rows(X, labels == label), y[labels == label])
            for label in np.unique(labels)
        }
        self.y_shape_ = y.shape[1:]
        return self

    def predict(self, X: Any, labels: Any = None) -> Array:
        """Answers in the shape of the training targets.

        Raises:
            DataError: a label that was not there in the fit.
        """
        check_is_fitted(self, "estimators_")
        labels = _told(labels)
        predicted = np.zeros((len(labels), *self.y_shape_))
        for label in np.unique(labels):
            if int(label) not in self.estimators_:
                raise DataError(f"no training row had the label {label}; train on more rows, or leave out +bylabel")
            chosen = labels == label
            predicted[chosen] = self.estimators_[int(label)].predict(_rows(X, chosen))
        return predicted


def _told(labels: Any) -> Array:
    if labels is None:
        raise DataError("this learner is told the label of each row; give labels=... to fit and to predict")
    return np.asarray(labels)


def _rows(X: Any, chosen: Array) -> Any:
    return X.loc[chosen] if hasattr(X, "loc") else X[chosen]


class OneHot(TransformerMixin, BaseEstimator):
    """Classes (n, 1) to one column a class and back by the largest: lets any regressor meet a class task."""

    def fit(self, y: Any, _: Any = None) -> OneHot:
        """Learn which classes there are."""
        self.classes_ = np.unique(y)
        return self

    def transform(self, y: Any) -> Array:
        """(n, 1) classes -> (n, classes) zeros and ones."""
        found: Array = (np.asarray(y).reshape(-1, 1) == self.classes_).astype(np.float64)
        return found

    def inverse_transform(self, scores: Any) -> Array:
        """(n, classes) scores -> (n, 1) the class with the highest."""
        found: Array = self.classes_[np.asarray(scores).argmax(axis=1)][:, None]
        return found

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")
