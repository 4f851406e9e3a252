"""The estimator of a model as one file of skops: plain values of classes that are listed here, and nothing else.

skops' format is JSON and arrays in a zip; it makes objects without calling their code. What of a file is dangerous
all the same is looked at before: classes and functions that are not listed, archives that grow when they are unpacked,
and trees whose branches lead outside of their arrays, which compiled code would follow.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from spoton.errors import DataError, UsageError

# of each module the classes that may come; skops itself adds estimators of scikit-learn, and types of NumPy
OURS = {
    "spoton.models._parts": ("Part",),
    "spoton.learners._each": ("ByLabel", "EachOutput", "OneHot"),
    "spoton.learners._features": ("PointFeatures",),
    "spoton.learners._tabular_peers": ("Quiet",),
    "spoton.learners._torch": ("TorchRegressor",),
    "spoton.learners._fastai": ("FastaiRegressor",),
    "spoton.learners._detectors": ("DetectorRegressor",),
    "spoton.learners._detector_answers": ("Layout",),
    "spoton.learners._spottable": ("SpotTable",),
    "spoton.learners._ladder": ("SpotTableLadder",),
    "spoton.learners._rungs": ("Rung",),
    "spoton.learners._linear_part": ("LinearPart",),
    "spoton.learners._greedy_basis": ("Basis", "GreedyBasis"),
    "spoton.learners._basis_terms": ("Factor",),
    "spoton.learners._table_inputs": ("Encoded", "TableInputs"),
    "spoton.learners._table_numbers": ("Numbers",),
    "spoton.learners._table_targets": ("Targets",),
    "spoton.scaling._target": ("TargetScaler",),
    "spoton.scaling._limits": ("TargetLimits",),
}
OTHERS = {
    "collections": ("OrderedDict",),
    "sklearn.tree._tree": ("Tree",),  # looked at by `_check_trees`
    "sklearn.ensemble._hist_gradient_boosting.predictor": ("TreePredictor",),  # the same
    "sklearn.neural_network._stochastic_optimizers": ("AdamOptimizer",),
    # their boosters hold the packages' own model format, text or bytes
    "lightgbm.basic": ("Booster",),
    "lightgbm.sklearn": ("LGBMRegressor",),
    "xgboost.core": ("Booster",),
    "xgboost.sklearn": ("XGBRegressor",),
}
TRUSTED = sorted(f"{module}.{name}" for held in (OURS, OTHERS) for module, names in held.items() for name in names)
KEPT = (
    "nets of spoton, fastai's and torchvision's as its learners have them, those of scikit-learn, spottable, "
    "LightGBM and XGBoost"
)


def to_bytes(estimator: Any, name: str) -> bytes:
    """The file.

    Args:
        estimator: of plain values and Parts, as `taken_apart` gives it.
        name: of the learner, for messages.

    Raises:
        UsageError: it holds something that cannot be kept.
    """
    import skops.io

    try:
        held: bytes = skops.io.dumps(estimator)
        strange = sorted(set(skops.io.get_untrusted_types(data=held)) - set(TRUSTED))
    except Exception as error:  # whatever it meets in foreign classes
        raise UsageError(f"{name} cannot be kept ({_line(error)}); those that can are {KEPT}") from error
    if strange:
        raise UsageError(f"{name} cannot be kept, since it holds {strange[0]}; those that can are {KEPT}")
    return held


def from_bytes(held: bytes) -> Any:
    """What `to_bytes` wrote.

    Raises:
        DataError: it is damaged, or holds what is not listed here.
    """
    import skops.io

    try:
        _check_archive(held)
        strange = sorted(set(skops.io.get_untrusted_types(data=held)) - set(TRUSTED))
        if strange:
            raise DataError(f"it holds {strange[0]}, which no model of spoton does")
        estimator = skops.io.loads(held, trusted=TRUSTED)
        _check_trees(estimator)
    except DataError:
        raise
    except (Exception, RecursionError) as error:  # a dozen kinds, of damaged archives, arrays and text
        raise DataError(_line(error)) from error
    return estimator


def _check_archive(held: bytes) -> None:
    """Nothing in it may be larger unpacked than it is here."""
    with zipfile.ZipFile(io.BytesIO(held)) as archive:
        parts = archive.infolist()
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts) or sum(p.file_size for p in parts) > len(
            held
        ):
            raise DataError("it is an archive that grows when it is unpacked")
        if len({part.filename for part in parts}) < len(parts):
            raise DataError("it is an archive with two members of one name")
        json.loads(archive.read("schema.json"))


def _check_trees(estimator: Any) -> None:
    """Branches lead forward, to nodes that are there; features are columns that are there."""
    for value in every(estimator):
        kind = type(value).__name__
        if kind == "Tree":
            n, columns = value.node_count, value.n_features
            left, right, feature = value.children_left, value.children_right, value.feature
            inner, at = left != -1, np.arange(n)
            ahead = (left > at) & (right > at) & (left < n) & (right < n)
            fine = bool((ahead & (feature >= 0) & (feature < columns))[inner].all())
        elif kind == "TreePredictor":
            nodes = value.nodes
            inner, at = nodes["is_leaf"] == 0, np.arange(len(nodes))
            left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
            ahead = (left > at) & (right > at) & (left < len(nodes)) & (right < len(nodes))
            fine = bool((ahead & (nodes["feature_idx"] >= 0) & (nodes["is_categorical"] == 0))[inner].all())
        else:
            continue
        if not fine:
            raise DataError("it has a tree whose branches lead nowhere")


def every(value: Any, depth: int = 0) -> Iterator[Any]:
    """A value and all that it holds, as far as Python's own containers, spoton's objects and estimators go."""
    yield value
    if depth > 60 or isinstance(value, type):
        return
    inner: Any = ()
    if isinstance(value, list | tuple):
        inner = value
    elif isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, np.ndarray) and value.dtype == object:
        inner = value.ravel()
    elif isinstance(value, BaseEstimator) or type(value).__module__.startswith("spoton."):
        inner = vars(value).values() if hasattr(value, "__dict__") else ()
    for one in inner:
        yield from every(one, depth + 1)


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
