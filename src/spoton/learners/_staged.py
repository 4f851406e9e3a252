"""Predictions of boosted trees after each stage, through pipelines and scalers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline

from spoton.data import Array
from spoton.learners._each import EachOutput


def staged_predictions(estimator: Any, X: Any) -> Iterator[Array] | None:
    """Predictions (n, k) of a fitted estimator after 1, 2, ... stages; None where it has no stages.

    Models of several outputs that stop at different stages wait for the last one.
    """
    if isinstance(estimator, Pipeline):
        last = estimator.steps[-1][1]
        if not _has_stages(last):
            return None
        return staged_predictions(last, estimator[:-1].transform(X) if len(estimator.steps) > 1 else X)
    return _stages(estimator, X) if _has_stages(estimator) else None


def _has_stages(estimator: Any) -> bool:
    if isinstance(estimator, TransformedTargetRegressor):
        return _has_stages(estimator.regressor_)
    if isinstance(estimator, Pipeline):
        return _has_stages(estimator.steps[-1][1])
    if isinstance(estimator, EachOutput | MultiOutputRegressor):
        return all(_has_stages(part) for part in estimator.estimators_)
    return hasattr(estimator, "staged_predict")


def _stages(estimator: Any, X: Any) -> Iterator[Array]:
    if isinstance(estimator, TransformedTargetRegressor):
        for stage in staged_predictions(estimator.regressor_, X) or ():
            found = np.asarray(estimator.transformer_.inverse_transform(stage))
            yield found.reshape(len(found), -1)
    elif isinstance(estimator, EachOutput | MultiOutputRegressor):
        latest: list[Array] = [np.empty((0, 1))] * len(estimator.estimators_)
        for stages in zip_longest(*(staged_predictions(part, X) or () for part in estimator.estimators_)):
            latest = [old if new is None else new for old, new in zip(latest, stages, strict=True)]
            yield np.hstack(latest)
    else:
        for stage in estimator.staged_predict(X):
            yield np.array(stage, dtype=np.float64).reshape(len(stage), -1)
