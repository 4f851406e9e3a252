"""LightGBM and XGBoost: their trees as plain arrays in the file, and their own format written here, from checked ones.

Both packages read their format in compiled code that follows the branches of a tree wherever they lead. So no text or
bytes out of a file ever get there: a file holds arrays, these are looked at, and the format is written from them.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np

from spoton.data import Array
from spoton.errors import DataError, UsageError
from spoton.models._parts import Surroundings, Tensors
from spoton.models._trees import checked_tree
from spoton.optional import require

SCALAR = (bool, int, float, str, type(None))
NAME = re.compile(r"[^\s=\[\]{}\",:]+")  # of a column, in LightGBM's lines
WANTED = {"lightgbm": "regression", "xgboost": "reg:squarederror"}  # the objective: others change what leaves mean

# LightGBM's names of what a tree needs, with their types; all else of its format is about the fit
NODES = {"split_feature": int, "threshold": float, "decision_type": int, "left_child": int, "right_child": int}


def _parameters(learner: Any, package: str) -> dict[str, Any]:
    """Plain values alone; a function or a file's name among them could do more than predict."""
    found: dict[str, Any] = learner.get_params()
    for name, value in found.items():
        if type(value) not in SCALAR:
            raise UsageError(f"a learner of {package} with {name}={value!r} cannot be kept; leave that out")
    return found


def _ints(values: Any, what: str) -> Array:
    found = np.asarray(values)
    if found.ndim != 1 or found.dtype.kind not in "iu" or (len(found) and np.abs(found).max() >= 2**31):
        raise DataError(f"the {what} of its trees are no whole numbers")
    return found.astype(np.int64)


def _floats(values: Any, what: str, dtype: Any) -> Array:
    found = np.asarray(values)
    if found.ndim != 1 or found.dtype.kind not in "fiu" or not np.isfinite(found).all():
        raise DataError(f"the {what} of its trees are no finite numbers")
    return found.astype(dtype)


# -- LightGBM ------------------------------------------------------------------------------------------------


def take_lightgbm(learner: Any) -> tuple[dict[str, Any], Tensors]:
    """The keeper of `LGBMRegressor`."""
    text = learner.booster_.model_to_string()
    head, *parts = re.split(r"^Tree=\d+$", text.partition("\nend of trees")[0], flags=re.MULTILINE)
    lines = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    if lines["objective"] != WANTED["lightgbm"] or lines["num_tree_per_iteration"] != "1":
        raise UsageError(f"a learner of lightgbm with the objective {lines['objective']} cannot be kept")
    trees = []
    for part in parts:
        held = dict(line.split("=", 1) for line in part.splitlines() if "=" in line)
        if held["num_cat"] != "0" or held.get("is_linear", "0") != "0":
            raise UsageError("trees of lightgbm with categories or linear leaves cannot be kept")
        tree: dict[str, Any] = {name: np.array(held.get(name, "").split(), dtype=kind) for name, kind in NODES.items()}
        tree["leaf_value"] = np.array(held["leaf_value"].split(), dtype=np.float64)
        trees.append(tree)
    values = {
        "parameters": _parameters(learner, "lightgbm"),
        "columns": learner.booster_.feature_name(),
        "named": bool(getattr(learner, "_fitted_with_feature_names", False)),
        "best": int(learner.best_iteration_ or 0),
        "trees": trees,
    }
    return values, {}


def make_lightgbm(values: dict[str, Any], _: Tensors, __: Surroundings) -> Any:
    """A fitted `LGBMRegressor`."""
    lightgbm = require("lightgbm")

    names, trees = values["columns"], values["trees"]
    if not names or not all(isinstance(name, str) and NAME.fullmatch(name) for name in names):
        raise DataError("the columns of its trees have no names")
    blocks = [_lightgbm_tree(i, tree, len(names)) for i, tree in enumerate(trees)]
    head = {
        "version": "v4",
        "num_class": 1,
        "num_tree_per_iteration": 1,
        "label_index": 0,
        "max_feature_idx": len(names) - 1,
        "objective": WANTED["lightgbm"],
        "feature_names": " ".join(names),
        "feature_infos": " ".join("none" for _ in names),
    }
    text = "\n".join(["tree", *(f"{key}={value}" for key, value in head.items()), "", *blocks, "end of trees", ""])
    learner = lightgbm.LGBMRegressor(**_plain_parameters(values["parameters"], lightgbm.LGBMRegressor()))
    learner._Booster = lightgbm.Booster(model_str=text)
    learner._n_features = learner._n_features_in = len(names)
    learner._best_iteration, learner._objective = int(values["best"]), WANTED["lightgbm"]
    learner._fitted_with_feature_names, learner.fitted_ = bool(values["named"]), True
    return learner


def _lightgbm_tree(number: int, tree: dict[str, Any], columns: int) -> str:
    ints = {name: _ints(tree[name], name) for name, kind in NODES.items() if kind is int}
    threshold = _floats(tree["threshold"], "threshold", np.float64)
    leaves = _floats(tree["leaf_value"], "leaf_value", np.float64)
    checked_tree(ints["left_child"], ints["right_child"], ints["split_feature"], columns, leaves=len(leaves))
    decisions = ints["decision_type"]
    # a bit for categories, which there are none of; one for the side of missing values, two for what is missing
    if (
        len(decisions) != len(threshold)
        or len(threshold) != len(leaves) - 1
        or not np.isin(decisions, range(0, 16, 2)).all()
    ):
        raise DataError("it has a tree whose arrays are of unequal lengths")
    lines = {
        "num_leaves": len(leaves),
        "num_cat": 0,
        **{name: _row(ints[name] if kind is int else threshold) for name, kind in NODES.items()},
        "leaf_value": _row(leaves),
        "is_linear": 0,
        "shrinkage": 1,
    }
    return "\n".join([f"Tree={number}", *(f"{key}={value}" for key, value in lines.items()), "", ""])


def _row(values: Array) -> str:
    return " ".join(map(repr, values.tolist()))


def _plain_parameters(parameters: dict[str, Any], fresh: Any, more: tuple[str, ...] = ()) -> dict[str, Any]:
    known = {*fresh.get_params(), "deterministic", "force_row_wise", "verbose", *more}
    if not all(name in known and type(value) in SCALAR for name, value in parameters.items()):
        raise DataError("its trees have parameters that no learner of theirs has")
    return {**parameters, "n_jobs": 1}  # a file could ask for a million threads


# -- XGBoost -------------------------------------------------------------------------------------------------


def take_xgboost(learner: Any) -> tuple[dict[str, Any], Tensors]:
    """The keeper of `XGBRegressor`."""
    held = json.loads(bytes(learner.get_booster().save_raw("json")))["learner"]
    booster, model = held["gradient_booster"], held["learner_model_param"]
    if booster["name"] != "gbtree" or held["objective"]["name"] != WANTED["xgboost"] or model["num_target"] != "1":
        raise UsageError("of xgboost only trees for squared errors and one answer can be kept")
    if booster["model"]["gbtree_model_param"]["num_parallel_tree"] != "1":
        raise UsageError("forests of xgboost (num_parallel_tree) cannot be kept")
    trees = []
    for tree in booster["model"]["trees"]:
        if tree["categories"] or any(tree["split_type"]):
            raise UsageError("trees of xgboost with categories cannot be kept")
        trees.append(_without_deleted(tree))
    values = {
        "parameters": _parameters(learner, "xgboost"),
        "columns": int(model["num_feature"]),
        "names": list(held["feature_names"]),
        "types": list(held["feature_types"]),
        "base": float(np.float32(model["base_score"].strip("[]"))),
        "trees": trees,
    }
    return values, {}


def _without_deleted(tree: dict[str, Any]) -> dict[str, Array]:
    """The nodes that can be reached, numbered anew: those that were pruned stay in XGBoost's arrays."""
    left, right = tree["left_children"], tree["right_children"]
    reached = [0]
    for node in reached:  # it grows while it is gone through
        if left[node] != -1:
            reached += [left[node], right[node]]
    number = {-1: -1, **{node: i for i, node in enumerate(reached)}}
    return {
        "left": np.array([number[left[node]] for node in reached], dtype=np.int64),
        "right": np.array([number[right[node]] for node in reached], dtype=np.int64),
        "feature": np.array(tree["split_indices"], dtype=np.int64)[reached],
        "value": np.array(tree["split_conditions"], dtype=np.float32)[reached],
        "default_left": np.array(tree["default_left"], dtype=np.int64)[reached],
    }


def make_xgboost(values: dict[str, Any], _: Tensors, __: Surroundings) -> Any:
    """A fitted `XGBRegressor`."""
    xgboost = require("xgboost")

    columns, base = values["columns"], values["base"]
    if type(columns) is not int or not 0 < columns < 2**31 or type(base) is not float or not math.isfinite(base):
        raise DataError("its trees have no columns or no start")
    for words in (values["names"], values["types"]):
        if len(words) not in (0, columns) or not all(isinstance(word, str) for word in words):
            raise DataError("the columns of its trees have no names")
    trees = [_xgboost_tree(i, tree, columns) for i, tree in enumerate(values["trees"])]
    model = {
        "cats": {"enc": [], "feature_segments": [], "sorted_idx": []},
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
        "iteration_indptr": list(range(len(trees) + 1)),
        "tree_info": [0] * len(trees),
        "trees": trees,
    }
    held = {
        "version": list(map(int, xgboost.__version__.split(".")[:3])),
        "learner": {
            "attributes": {},
            "feature_names": values["names"],
            "feature_types": values["types"],
            "gradient_booster": {"model": model, "name": "gbtree"},
            "learner_model_param": {
                "base_score": _base(base, xgboost.__version__),
                "boost_from_average": "1",
                "num_class": "0",
                "num_feature": str(columns),
                "num_target": "1",
            },
            "objective": {"name": WANTED["xgboost"], "reg_loss_param": {"scale_pos_weight": "1"}},
        },
    }
    learner = xgboost.XGBRegressor(**_plain_parameters(values["parameters"], xgboost.XGBRegressor()))
    learner.load_model(bytearray(json.dumps(held).encode()))
    return learner


def _xgboost_tree(number: int, tree: dict[str, Any], columns: int) -> dict[str, Any]:
    left, right, feature = (_ints(tree[name], name) for name in ("left", "right", "feature"))
    value, default = _floats(tree["value"], "value", np.float32), _ints(tree["default_left"], "default_left")
    checked_tree(left, right, feature, columns)
    n = len(left)
    if len(value) != n or len(default) != n or not np.isin(default, (0, 1)).all():
        raise DataError("it has a tree whose arrays are of unequal lengths")
    parents = np.full(n, 2**31 - 1)
    inner = left != -1
    for side in (left, right):
        parents[side[inner]] = np.flatnonzero(inner)
    zeros, numbers = [0.0] * n, [_float32(one) for one in value]
    return {
        "base_weights": zeros,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "default_left": default.tolist(),
        "id": number,
        "left_children": left.tolist(),
        "loss_changes": zeros,
        "parents": parents.tolist(),
        "right_children": right.tolist(),
        "split_conditions": numbers,
        "split_indices": np.where(inner, feature, 0).tolist(),
        "split_type": [0] * n,
        "sum_hessian": zeros,
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(columns),
            "num_nodes": str(n),
            "size_leaf_vector": "1",
        },
    }


def _float32(value: Any) -> float:
    """The float64 of the fewest digits that are this float32: XGBoost reads no more."""
    return float(np.format_float_scientific(np.float32(value), unique=True))


def _base(base: float, version: str) -> str:
    text = np.format_float_scientific(np.float32(base), unique=True, exp_digits=1).upper()
    return f"[{text}]" if int(version.partition(".")[0]) >= 3 else text
