"""The keepers of what has no net: neighbours, trees, boosters, histories, frames."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree._tree import Tree

from spoton.errors import DataError, UsageError
from spoton.history import History
from spoton.models._boosters import make_lightgbm, make_xgboost, take_lightgbm, take_xgboost
from spoton.models._compiled import make_tree, take_tree
from spoton.models._parts import Keeper, Surroundings, Tensors

METRICS = ("minkowski", "euclidean", "manhattan", "chebyshev", "cosine")


def plain_keepers() -> list[Keeper]:
    """All of them."""
    return [
        Keeper("history", History, lambda held: ({"json": held.to_json()}, {}), _make_history),
        Keeper("frame", pd.DataFrame, lambda held: ({"columns": held.to_dict("list")}, {}), _make_frame),
        Keeper(
            "neighbours", KNeighborsRegressor, _take_neighbours, _make_neighbours, lambda one: hasattr(one, "_fit_X")
        ),
        Keeper("tree", Tree, take_tree, make_tree),
        *_boosters(),
    ]


def _boosters() -> list[Keeper]:
    """Of the packages that are installed and imported: only then can there be an estimator of theirs."""
    found = []
    for package, name, take, make in (
        ("lightgbm", "LGBMRegressor", take_lightgbm, make_lightgbm),
        ("xgboost", "XGBRegressor", take_xgboost, make_xgboost),
    ):
        of = getattr(sys.modules.get(package), name, _Absent)
        found.append(Keeper(package, of, take, make, lambda learner: getattr(learner, "_Booster", None) is not None))
    return found


class _Absent:
    """Stands for a class of a package that is not there: no object is of it."""


def _take_neighbours(learner: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
    values = {"parameters": learner.get_params(deep=False), "X": learner._fit_X, "y": learner._y}
    if not _measures_plainly(learner):
        raise UsageError(f"neighbours by metric={learner.metric!r} cannot be kept; those by {', '.join(METRICS)} can")
    return {**values, "names": getattr(learner, "feature_names_in_", None), "flat": learner._y.ndim == 1}, {}


def _make_neighbours(values: dict[str, Any], _: Tensors, __: Surroundings) -> Any:
    """Fitted once more, to the same rows: its tree, that compiled code follows, is never read from a file."""
    learner = KNeighborsRegressor(**values["parameters"])
    if not _measures_plainly(learner):
        raise DataError("its neighbours are looked for by something that no model has")
    learner.n_jobs = None
    X, y = np.asarray(values["X"], dtype=np.float64), np.asarray(values["y"], dtype=np.float64)
    learner.fit(X, y.ravel() if values["flat"] else y)
    if values["names"] is not None:
        learner.feature_names_in_ = np.asarray(values["names"], dtype=object)
    return learner


def _measures_plainly(learner: Any) -> bool:
    return learner.metric in METRICS and learner.metric_params is None and learner.weights in ("uniform", "distance")


def _make_history(values: dict[str, Any], _: Tensors, __: Surroundings) -> Any:
    return History.from_json(values["json"])


def _make_frame(values: dict[str, Any], _: Tensors, __: Surroundings) -> Any:
    return pd.DataFrame(values["columns"])
