"""A fitted learner as one torch module, where it can honestly be one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from spoton.errors import UsageError
from spoton.export._steps import (
    Answers,
    Beside,
    Classes,
    Clip,
    Constant,
    Features,
    Linear,
    Net,
    Rescale,
    Standardise,
    TableNumbers,
    Tabular,
)
from spoton.learners import (
    EachOutput,
    FastaiRegressor,
    OneHot,
    PointFeatures,
    SpotTable,
    TorchRegressor,
)
from spoton.learners._features import GROUPS as SEVERAL
from spoton.learners._table_columns import EMPTY, NUMBER
from spoton.learners._tabular_peers import STGRegressor
from spoton.scaling import TargetLimits, TargetScaler, affine_of
from spoton.scaling._target import AFFINE

CAN = (
    "nets of torch and fastai, mean, linear, ridge, lasso, mlp, stg, and spottable on tables of numbers; on images, "
    "tables or any @features but dummy; with +xnorm, +yrange and +ynorm of standard, min-max or robust"
)
Steps = list[nn.Module]


def graph_of(estimator: Any, dtype: torch.dtype) -> Answers:
    """The graph of a fitted estimator: inputs as `as_input` gives them -> answers (B, k), in evaluation, on the CPU.

    Args:
        estimator: fitted.
        dtype: of the answers.

    Raises:
        UsageError: it is none that has a graph.
    """
    return Answers(_steps(estimator), dtype).eval().requires_grad_(False)


def hard_graph(estimator: Any, X: Any, dtype: torch.dtype) -> Answers:
    """The graph of the hard form of a net, checked on images X: see `spoton.nets.harden`.

    Raises:
        UsageError: a learner that has none.
        DataError: it gives other points on one of X.
    """
    if type(estimator) is not TorchRegressor:
        raise UsageError("--hard is for spotnet and gatedspot as they are; leave it out, and the net is exported soft")
    return Answers([Net(estimator.harden(X).cpu())], dtype).eval().requires_grad_(False)


def any_size(estimator: Any) -> bool:
    """Whether a fitted learner takes images of other sizes than it was trained on."""
    return bool(type(estimator) is TorchRegressor and getattr(estimator.module_, "any_size", False))


def _steps(estimator: Any) -> Steps:
    for kind, steps in KINDS:
        if type(estimator) is kind:
            return steps(estimator)
    if hasattr(estimator, "coef_") and type(estimator).__module__.startswith("sklearn.linear_model"):
        return [Linear(np.atleast_2d(estimator.coef_), np.atleast_1d(estimator.intercept_))]
    raise UsageError(f"{type(estimator).__name__} has no graph of torch, and cannot be exported; those that can: {CAN}")


# -- around learners -----------------------------------------------------------------------------------------


def _pipeline(estimator: Any) -> Steps:
    return [step for _, part in estimator.steps for step in _steps(part)]


def _each(estimator: Any) -> Steps:
    parts = [nn.Sequential(*_steps(part)) for part in estimator.estimators_]
    return [Beside(parts)]


def _target(estimator: Any) -> Steps:
    back = estimator.transformer_
    if type(back) is OneHot:
        last: Steps = [Classes(back.classes_)]
    elif type(back) is TargetLimits:
        last = [] if back.limits_ is None else [Clip(*back.limits_)]
    elif type(back) is TargetScaler and back.kind in AFFINE:
        last = [Rescale(*affine_of(back))]
    else:
        kind = getattr(back, "kind", type(back).__name__)
        raise UsageError(f"the scaling of answers '{kind}' is a curve, and cannot be exported; what can: {CAN}")
    return [*_steps(estimator.regressor_), *last]


def _features(transformer: Any) -> Steps:
    names = [part for name in transformer.features for part in SEVERAL.get(name, (name,))]
    if "dummy" in names:
        raise UsageError(f"the feature dummy is drawn from a hash of each image, which no graph has; what can: {CAN}")
    return [Features(names, bool(transformer.divide))]


# -- learners ------------------------------------------------------------------------------------------------


def _on_cpu(net: Any) -> nn.Module:
    held: nn.Module = copy.deepcopy(net).cpu().eval()
    return held


def _torch(learner: Any) -> Steps:
    net = _on_cpu(learner.module_)
    return [Net(net, getattr(net, "decode", None))]


def _fastai(learner: Any) -> Steps:
    net = _on_cpu(learner.learn_.model)
    steps: Steps = [Net(net)]
    if learner.kind == "tabular":
        steps = [Net(Tabular(net))]
        if learner.normalize:
            (step,) = [step for step in learner.learn_.dls.train_ds.procs if type(step).__name__ == "Normalize"]
            steps.insert(0, Standardise(list(step.means.values()), list(step.stds.values())))
        steps.insert(0, nn.Flatten())
    return steps if learner.y_limits_ is None else [*steps, Clip(*learner.y_limits_)]


def _stg(learner: Any) -> Steps:
    inputs, answers = learner.x_scaler_, learner.y_scaler_
    return [
        Standardise(inputs.mean_, inputs.scale_),
        Net(_on_cpu(learner.module_)),
        Rescale(answers.scale_, answers.mean_),
    ]


def _mlp(learner: Any) -> Steps:
    if learner.activation != "relu":
        raise UsageError(f"mlp is exported with the activation relu, not {learner.activation}; what can: {CAN}")
    steps: Steps = []
    for weight, bias in zip(learner.coefs_, learner.intercepts_, strict=True):
        steps += [Linear(weight.T, bias), nn.ReLU()]
    return steps[:-1]


def _mean(learner: Any) -> Steps:
    constant = np.atleast_1d(np.squeeze(learner.constant_))
    return [Constant(constant)]


def _spottable(learner: Any) -> Steps:
    inputs, answers = learner.inputs_, learner.targets_
    if inputs._readers or not set(inputs._kinds) <= {NUMBER, EMPTY}:
        raise UsageError(
            "spottable is exported where all columns of its table are numbers, and this one has dates, times or text; "
            "turn them into numbers before the fit"
        )
    net = _on_cpu(learner.net_)
    # its linear path is of double precision, and looks after the rest itself
    return [TableNumbers(inputs), Net(net, dtype=torch.float64), Rescale(answers.scale, answers.mean)]


def _scaler(transformer: Any) -> Steps:
    return [Standardise(transformer.mean_, transformer.scale_)]


KINDS: Sequence[tuple[type, Callable[[Any], Steps]]] = (
    (Pipeline, _pipeline),
    (TransformedTargetRegressor, _target),
    (EachOutput, _each),
    (MultiOutputRegressor, _each),
    (PointFeatures, _features),
    (StandardScaler, _scaler),
    (TorchRegressor, _torch),
    (FastaiRegressor, _fastai),
    (STGRegressor, _stg),
    (SpotTable, _spottable),
    (MLPRegressor, _mlp),
    (DummyRegressor, _mean),
)
