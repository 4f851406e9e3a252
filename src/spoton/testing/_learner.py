"""What every learner has to be: a scikit-learn regressor that takes images and tables in all their forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from spoton.data import Array
from spoton.errors import Refused


def tiny_images(n: int = 24, height: int = 28, width: int = 28, seed: int = 0) -> tuple[Array, Array]:
    """uint8 images (n, H, W) with a bright 3 x 3 block each, and the (x, y) of its first pixel."""
    rng = np.random.RandomState(seed)
    X = np.zeros((n, height, width), dtype=np.uint8)
    y = np.stack([rng.randint(1, width - 4, n), rng.randint(1, height - 4, n)], axis=1)
    for image, (left, top) in zip(X, y, strict=True):
        image[top : top + 3, left : left + 3] = rng.randint(100, 256, (3, 3))
    return X, y.astype(np.float64)


def tiny_table(n: int = 40, columns: int = 5, seed: int = 0) -> tuple[pd.DataFrame, Array]:
    """A table of normal numbers, and the sum of its first two columns."""
    X = pd.DataFrame(np.random.RandomState(seed).normal(size=(n, columns)), columns=[f"c{i}" for i in range(columns)])
    return X, (X["c0"] + X["c1"]).to_numpy()


def tiny_lists(n: int = 40, length: int = 5, seed: int = 0) -> tuple[pd.DataFrame, Array]:
    """A table whose rows are lists of different whole numbers, and the largest of each."""
    rng = np.random.RandomState(seed)
    X = pd.DataFrame([rng.permutation(20)[:length] for _ in range(n)], columns=[f"x{i}" for i in range(length)])
    return X.astype(np.float64), X.max(axis=1).to_numpy(dtype=np.float64)


def check_learner(estimator: BaseEstimator, *, exact: bool = True) -> None:
    """Check one learner on tiny images and a tiny table; a learner may refuse one of the two kinds.

    One that refuses both, since it answers with elements of lists, has to take lists.

    Args:
        estimator: not fitted; it is cloned.
        exact: the same random state has to give the same predictions bit for bit.
    """
    refused = []
    for kind, (X, y) in {"images": tiny_images(), "tables": tiny_table()}.items():
        try:
            _check_kind(estimator, kind, X, y, exact)
        except Refused as reason:
            assert len(str(reason)) > 15, f"the learner refuses {kind} without a reason"
            refused.append(kind)
    if len(refused) == 2:
        try:
            _check_kind(estimator, "lists", *tiny_lists(), exact)
        except Refused as reason:
            raise AssertionError(f"the learner refuses images, tables and lists alike: {reason}") from reason


def _check_kind(estimator: BaseEstimator, kind: str, X: Any, y: Array, exact: bool) -> None:
    if kind == "images":  # as floats, which need no conversion that would copy them
        X = X.astype(np.float32) / np.float32(255)
    before, answers = X.copy(), y.copy()
    first = _fitted(estimator, X, y)
    predicted = np.asarray(first.predict(X))
    assert predicted.shape == y.shape, f"on {kind} predictions are {predicted.shape}, the answers were {y.shape}"
    assert np.isfinite(predicted).all(), f"on {kind} predictions are not finite"
    assert (np.asarray(X) == np.asarray(before)).all(), f"on {kind} the learner changed its inputs"
    assert (y == answers).all(), f"on {kind} the learner changed the answers"
    if exact:
        again = np.asarray(_fitted(estimator, X, y).predict(X))
        assert (again == predicted).all(), f"on {kind} the same random state gives other predictions"
    part = np.asarray(first.predict(X[:5]))
    assert np.allclose(part, predicted[:5], rtol=1e-4, atol=1e-4), f"on {kind} a row's prediction depends on other rows"
    for form, same in _forms(kind, X).items():
        other = np.asarray(first.predict(same))
        assert np.allclose(other, predicted, rtol=1e-5, atol=1e-5), f"{kind} as {form} are predicted otherwise"


def _fitted(estimator: BaseEstimator, X: Any, y: Array) -> BaseEstimator:
    fresh = clone(estimator)
    fresh.set_params(**{key: 0 for key in fresh.get_params() if key.split("__")[-1] == "random_state"})
    return fresh.fit(X, y)


def _forms(kind: str, X: Any) -> dict[str, Any]:
    """The same inputs in other forms."""
    if kind != "images":
        return {"NumPy": X.to_numpy()}
    return {"(n, C, H, W)": X[:, None], "uint8": np.rint(X * 255).astype(np.uint8)}
