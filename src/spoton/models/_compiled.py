"""Looks at what compiled code would follow out of its arrays: trees, support vectors. The rest is NumPy and torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor
from sklearn.tree._tree import Tree

from spoton.errors import DataError
from spoton.models._parts import DEEPEST, Surroundings, Tensors
from spoton.models._trees import checked_tree

KERNELS = ("linear", "poly", "rbf", "sigmoid")
FOREST = RandomForestRegressor | ExtraTreesRegressor


def check_plain(estimator: Any) -> None:
    """Look at what a file held, before anything is put together of it.

    Raises:
        DataError: attributes that hide the functions of a class, or fitted neighbours, whose compiled code looks at
            nothing.
    """
    for value in every(estimator):
        if isinstance(value, type) or not hasattr(value, "__dict__"):
            continue
        kind = type(value)
        foreign = not kind.__module__.startswith("spoton.")
        for name in vars(value):
            if callable(found := getattr(kind, name, None)) or (
                foreign and found is not None and not _is_property(kind, name)
            ):
                raise DataError(f"it has a {kind.__name__} whose {name} is another one")
        if isinstance(value, KNeighborsRegressor) and hasattr(value, "_fit_X"):
            raise DataError("it has neighbours that were not found anew")


def alone(estimator: Any) -> None:
    """Each estimator within works in one thread: a file could ask for a million."""
    for value in every(estimator):
        if isinstance(value, BaseEstimator) and vars(value).get("n_jobs") is not None:
            value.n_jobs = 1


def _is_property(kind: type, name: str) -> bool:
    return isinstance(getattr(kind, name, None), property)


def check_compiled(estimator: Any) -> None:
    """Look at every fitted estimator within, once it is put together.

    Raises:
        DataError: one would lead compiled code out of its arrays, or is not in a place where that can be known.
    """
    known: set[int] = set()  # trees that belong to an estimator which was looked at
    for value in every(estimator):
        if isinstance(value, FOREST) and hasattr(value, "estimators_"):
            for one in _sequence(value.estimators_):
                if not isinstance(one, DecisionTreeRegressor) or _columns(one) != _columns(value):
                    raise DataError("it has a forest of other things than trees")
                if one.tree_.n_outputs != value.n_outputs_:
                    raise DataError("it has a forest for other answers than its trees give")
        if isinstance(value, DecisionTreeRegressor) and hasattr(value, "tree_"):
            if type(value.tree_) is not Tree or value.tree_.n_features != _columns(value):
                raise DataError("it has a tree for other columns than its learner takes")
            known.add(id(value.tree_))
        elif isinstance(value, HistGradientBoostingRegressor) and hasattr(value, "_predictors"):
            known.update(_check_histograms(value))
        elif isinstance(value, SVR) and hasattr(value, "support_vectors_"):
            _check_vectors(value)
        elif type(value).__name__ in ("Tree", "TreePredictor") and id(value) not in known:
            raise DataError("it has a tree that is of no learner")


def take_tree(tree: Any) -> tuple[dict[str, Any], Tensors]:
    """The keeper of scikit-learn's `Tree`."""
    state = tree.__getstate__()
    held = {name: state[name] for name in ("nodes", "values", "max_depth")}
    return {**held, "columns": int(tree.n_features), "outputs": int(tree.n_outputs)}, {}


def make_tree(values: dict[str, Any], _: Tensors, __: Surroundings) -> Any:
    """A `Tree` of a regression, whose arrays have the sizes that it says."""
    columns, outputs, nodes, answers = (values[name] for name in ("columns", "outputs", "nodes", "values"))
    if not all(type(size) is int and 0 < size < 2**31 for size in (columns, outputs)):
        raise DataError("it has a tree without columns or answers")
    if answers.dtype != np.float64 or answers.shape != (len(nodes), outputs, 1) or nodes.ndim != 1:
        raise DataError("it has a tree whose arrays are of unequal lengths")
    left, right, feature = (nodes[part].astype(np.int64) for part in ("left_child", "right_child", "feature"))
    checked_tree(left, right, feature, columns)
    tree = Tree(columns, np.ones(outputs, dtype=np.intp), outputs)
    depth = int(values["max_depth"])
    tree.__setstate__({"nodes": nodes, "values": answers, "node_count": len(nodes), "max_depth": depth})
    return tree


def _columns(estimator: Any) -> int:
    """How many columns it checks its inputs for."""
    found = getattr(estimator, "n_features_in_", None)
    if type(found) is not int or not 0 < found < 2**31:
        raise DataError(f"it has a {type(estimator).__name__} that does not say how many columns it takes")
    return found


def _sequence(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise DataError("it has no list where one has to be")
    return values


def _check_histograms(estimator: Any) -> Iterator[int]:
    columns, mapper = _columns(estimator), vars(estimator)["_bin_mapper"]
    plain = type(mapper).__name__ == "_BinMapper" and not np.any(np.asarray(mapper.is_categorical_))
    if not plain or getattr(estimator, "_preprocessor", None) is not None or estimator.is_categorical_ is not None:
        raise DataError("it has trees with categories, which are not kept")
    for stage in _sequence(estimator._predictors):
        if len(_sequence(stage)) != estimator.n_trees_per_iteration_:
            raise DataError("it has trees for other answers than its learner gives")
        for predictor in _sequence(stage):
            if type(predictor).__name__ != "TreePredictor":
                raise DataError("it has something else among its trees")
            nodes = predictor.nodes
            leaf = nodes["is_leaf"] != 0
            if nodes.ndim != 1 or np.any(nodes["is_categorical"]):
                raise DataError("it has trees with categories, which are not kept")
            left, right = (np.where(leaf, -1, nodes[side].astype(np.int64)) for side in ("left", "right"))
            checked_tree(left, right, nodes["feature_idx"].astype(np.int64), columns)
            yield id(predictor)


def _check_vectors(estimator: Any) -> None:
    """libsvm reads so many vectors, coefficients and numbers as the shapes here say."""
    columns, vectors = _columns(estimator), estimator.support_vectors_
    wanted = {
        "support_vectors_": (np.float64, (len(vectors), columns)),
        "support_": (np.int32, (len(vectors),)),
        "_n_support": (np.int32, (2,)),
        "_dual_coef_": (np.float64, (1, len(vectors))),
        "_intercept_": (np.float64, (1,)),
        "_probA": (np.float64, (0,)),
        "_probB": (np.float64, (0,)),
    }
    for name, (dtype, shape) in wanted.items():
        value = getattr(estimator, name)
        if not isinstance(value, np.ndarray) or value.dtype != dtype or value.shape != shape:
            raise DataError(f"it has support vectors whose {name.strip('_')} have another form")
    total = estimator._n_support
    if not (total >= 0).all() or total[0] != len(vectors):
        raise DataError("it has other support vectors than it says")
    if estimator._sparse is not False or estimator.kernel not in KERNELS or vectors.flags["C_CONTIGUOUS"] is False:
        raise DataError("it has support vectors of a kind that is not kept")


def every(value: Any, depth: int = 0) -> Iterator[Any]:
    """A value and all that it holds."""
    yield value
    if depth > DEEPEST:
        raise DataError("it holds things within things without an end")
    inner: Any = ()
    if isinstance(value, list | tuple | set):
        inner = value
    elif isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, np.ndarray) and value.dtype == object:
        inner = value.ravel()
    elif not isinstance(value, type) and (
        isinstance(value, BaseEstimator) or type(value).__module__.startswith("spoton.")
    ):
        inner = vars(value).values() if hasattr(value, "__dict__") else ()
    for one in inner:
        yield from every(one, depth + 1)
