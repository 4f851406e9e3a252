"""A learner that gets better epoch by epoch, the faster the nearer `rate` is to 1; and a small task for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from spoton import Task
from spoton.history import History


class Slow(RegressorMixin, BaseEstimator):
    """Predicts the sum of the columns, off by what it has not learned yet."""

    made: int = 0  # epochs of all fits in this process

    def __init__(self, rate: float = 0.5, epochs: int = 20, breaks: bool = False) -> None:
        self.rate = rate
        self.epochs = epochs
        self.breaks = breaks

    def fit(self, X: Any, y: Any) -> Slow:
        if self.breaks:
            raise RuntimeError("the learner broke")
        history = History()
        for epoch in range(1, self.epochs + 1):
            self.error_ = (1 - self.rate) + 1 / epoch
            Slow.made += 1
            history.append({"train_loss": self.error_})
        return self

    def predict(self, X: Any) -> Any:
        return np.asarray(X, dtype=float).sum(axis=1) + self.error_


def sums(rows: int = 80) -> Task:
    X = np.random.RandomState(0).rand(rows, 3)
    return Task.from_arrays("sums", X, X.sum(axis=1))
