"""What the file of an estimator may hold: kinds of nodes, and of each kind the classes; nothing else is even made.

skops itself trusts far more: every estimator of scikit-learn, whatever its compiled code does with what it is given.
"""

from __future__ import annotations

from typing import Any

from spoton.errors import DataError

OURS = {
    "spoton.models._parts": "Part",
    "spoton.learners._each": "ByLabel EachOutput OneHot",
    "spoton.learners._features": "PointFeatures",
    "spoton.learners._torch": "TorchRegressor",
    "spoton.learners._fastai": "FastaiRegressor",
    "spoton.learners._detectors": "DetectorRegressor",
    "spoton.learners._detector_answers": "Layout",
    "spoton.learners._tabular_peers": "STGRegressor",
    "spoton.learners._spottable": "SpotTable",
    "spoton.learners._ladder": "SpotTableLadder",
    "spoton.learners._rungs": "Rung",
    "spoton.learners._linear_part": "LinearPart",
    "spoton.learners._greedy_basis": "Basis GreedyBasis",
    "spoton.learners._basis_terms": "Factor",
    "spoton.learners._table_inputs": "Encoded TableInputs",
    "spoton.learners._table_numbers": "Numbers",
    "spoton.learners._table_targets": "Targets",
    "spoton.scaling._target": "TargetScaler",
    "spoton.scaling._limits": "TargetLimits",
}
# those that predict with NumPy alone, or whose arrays `check_compiled` looks at
SKLEARN = {
    "compose._target": "TransformedTargetRegressor",
    "cross_decomposition._pls": "PLSRegression",
    "decomposition._pca": "PCA",
    "dummy": "DummyClassifier DummyRegressor",
    "ensemble._forest": "ExtraTreesRegressor RandomForestRegressor",
    "ensemble._hist_gradient_boosting.binning": "_BinMapper",
    "ensemble._hist_gradient_boosting.gradient_boosting": "HistGradientBoostingRegressor",
    "ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "_loss.link": "IdentityLink Interval",
    "_loss.loss": "HalfSquaredError",
    "linear_model._base": "LinearRegression",
    "linear_model._bayes": "ARDRegression BayesianRidge",
    "linear_model._coordinate_descent": "ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet MultiTaskLasso",
    "linear_model._huber": "HuberRegressor",
    "linear_model._least_angle": "Lars LarsCV LassoLars LassoLarsCV LassoLarsIC",
    "linear_model._logistic": "LogisticRegression",
    "linear_model._omp": "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV",
    "linear_model._quantile": "QuantileRegressor",
    "linear_model._ridge": "Ridge RidgeCV RidgeClassifier RidgeClassifierCV",
    "linear_model._theil_sen": "TheilSenRegressor",
    "multioutput": "MultiOutputRegressor",
    "neighbors._regression": "KNeighborsRegressor",
    "neural_network._multilayer_perceptron": "MLPRegressor",
    "pipeline": "Pipeline",
    "preprocessing._data": "MaxAbsScaler MinMaxScaler PowerTransformer QuantileTransformer RobustScaler StandardScaler",
    "preprocessing._label": "LabelBinarizer",
    "preprocessing._polynomial": "PolynomialFeatures",
    "svm._classes": "LinearSVR SVR",
    "tree._classes": "DecisionTreeRegressor ExtraTreeRegressor",
}
# not fitted, as parameters: the fitted ones are Parts
PACKAGES = {"lightgbm.sklearn": "LGBMRegressor", "xgboost.sklearn": "XGBRegressor"}


def _full(held: dict[str, str], root: str = "") -> set[str]:
    return {f"{root}{module}.{name}" for module, names in held.items() for name in names.split()}


OBJECTS = _full(OURS) | _full(SKLEARN, "sklearn.") | _full(PACKAGES)
WIDTHS = ("bool", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
NUMBERS = {f"numpy.{name}" for name in WIDTHS}
# kind of node -> the classes that it may be of
NODES: dict[str, set[str]] = {
    "DictNode": {"builtins.dict"},
    "ListNode": {"builtins.list"},
    "TupleNode": {"builtins.tuple"},
    "JsonNode": {"builtins.str"},  # text, a number, a truth value or none
    "TypeNode": {f"builtins.{name}" for name in ("bool", "float", "int", "str")},
    "NdArrayNode": {"numpy.ndarray", *NUMBERS},
    "ObjectNode": OBJECTS,
    "LossNode": {"sklearn._loss._loss.CyHalfSquaredError"},
}
TRUSTED = sorted(OBJECTS)
DEEPEST = 200  # lists and objects of JSON within each other


def check_schema(schema: Any) -> None:
    """Look at every node of a file before anything is made of it.

    Args:
        schema: of the file, the JSON as Python has it.

    Raises:
        DataError: a node that is not listed here.
    """
    if not isinstance(schema, dict) or "__loader__" not in schema:
        raise DataError("it has no description of what it holds")
    waiting: list[tuple[Any, int]] = [(schema, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise DataError("it holds things within things without an end")
        if isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]
        elif isinstance(value, dict):
            if "__loader__" in value:
                _check_node(value)
            waiting += [(inner, depth + 1) for inner in value.values()]


def _check_node(node: dict[str, Any]) -> None:
    kind, module, name = (node.get(key) for key in ("__loader__", "__module__", "__class__"))
    if not (isinstance(kind, str) and isinstance(module, str) and isinstance(name, str)):
        raise DataError("it has a node without a name")
    if f"{module}.{name}" not in NODES.get(kind, ()):
        raise DataError(f"it holds {module}.{name}, which no model of spoton does")
    if kind == "JsonNode" and (not isinstance(node.get("content"), str) or node["content"][:1] in "[{"):
        raise DataError("it holds text where a value has to be")
