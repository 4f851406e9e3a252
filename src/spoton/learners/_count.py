"""How many numbers a fitted learner holds, as far as that means anything."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


def innermost(estimator: Any) -> Any:
    """The fitted model inside scalers of answers, pipelines and wrappers."""
    for part in ("regressor_", "model_", "best_estimator_"):
        if hasattr(estimator, part):
            return innermost(getattr(estimator, part))
    return innermost(estimator.steps[-1][1]) if hasattr(estimator, "steps") else estimator


def model_of(estimator: BaseEstimator) -> BaseEstimator:
    """The unfitted model inside scalers of answers, pipelines and wrappers."""
    parameters = estimator.get_params(deep=False)
    for key in ("regressor", "estimator", "steps"):
        inner = parameters.get(key)
        if key == "steps" and inner:
            return model_of(inner[-1][1])
        if isinstance(inner, BaseEstimator):
            return model_of(inner)
    return estimator


def count_parameters(estimator: Any) -> int | None:
    """Learned numbers of a fitted estimator: weights, intercepts, nodes of trees; None where there is no such count."""
    estimator = innermost(estimator)
    if (own := getattr(estimator, "n_parameters_", None)) is not None:
        return int(own)
    if hasattr(estimator, "coefs_"):
        return int(sum(part.size for part in (*estimator.coefs_, *estimator.intercepts_)))
    if hasattr(estimator, "booster_"):
        return int(estimator.booster_.trees_to_dataframe().shape[0])
    if hasattr(estimator, "tree_"):
        return int(estimator.tree_.node_count)
    if hasattr(estimator, "_predictors"):
        return int(sum(tree.nodes.size for group in estimator._predictors for tree in group))
    if hasattr(estimator, "coef_") and hasattr(estimator, "intercept_"):
        return int(np.size(estimator.coef_) + np.size(estimator.intercept_))
    if hasattr(estimator, "constant_"):
        return int(np.size(estimator.constant_))
    if hasattr(estimator, "estimators_"):
        held = estimator.estimators_
        # a dict by label, an array of trees, or a list that NumPy must not try to look into
        parts = held.values() if isinstance(held, dict) else held.ravel() if isinstance(held, np.ndarray) else held
        counts = [count_parameters(part) for part in parts]
        return None if any(count is None for count in counts) else sum(count or 0 for count in counts)
    return None
