"""Which columns a fitted learner uses, and its coefficients, seen through pipelines, scalers and wrappers.

A learner tells by `support_`, by `coef_` or by both:

- `support_`: the columns it uses, as a mask (D,) of bools, as positions, or as names.
- `coef_`: (D,) or (k, D), or the same for the columns of `support_` alone, in its order. Without a `support_`, a column
  is used if any of its coefficients is not exactly 0.

Importances select nothing: those of a forest are hardly ever 0, and any threshold would be ours.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from spoton.data import Array
from spoton.errors import UsageError
from spoton.learners._each import ByLabel, EachOutput
from spoton.learners._features import PointFeatures
from spoton.metrics import Selection
from spoton.scaling import TargetLimits, affine_of


def selection_of(estimator: Any, columns: Sequence[str]) -> Selection | None:
    """What a fitted learner tells of its columns; None where it tells nothing.

    Args:
        estimator: fitted; pipelines, searches, scalers of answers, one learner an output or a label are looked through.
        columns: names of the columns it was fitted on.

    Coefficients come back in original units of inputs and answers, so far as all that lies between is affine; otherwise
    there are none.
    """
    if isinstance(estimator, Pipeline):
        return _through([step for _, step in estimator.steps], columns)
    if isinstance(estimator, TransformedTargetRegressor):
        return _unscaled(selection_of(estimator.regressor_, columns), estimator.transformer_)
    if isinstance(estimator, EachOutput | MultiOutputRegressor):
        return _united([selection_of(part, columns) for part in estimator.estimators_], one_an_output=True)
    if isinstance(estimator, ByLabel):
        return _united([selection_of(part, columns) for part in estimator.estimators_.values()], one_an_output=False)
    own = _own(estimator, columns)
    for part in ("best_estimator_", "regressor_", "model_"):
        if own is None and hasattr(estimator, part):
            return selection_of(getattr(estimator, part), columns)
    return own


def _own(estimator: Any, columns: Sequence[str]) -> Selection | None:
    """By the estimator's own `support_` and `coef_`."""
    # the support of a support vector machine is rows, and the coefficients of MARS are those of its basis
    chosen = None if hasattr(estimator, "support_vectors_") else getattr(estimator, "support_", None)
    coef = None if hasattr(estimator, "basis_") else getattr(estimator, "coef_", None)
    places = np.arange(len(columns))
    if chosen is not None:
        found = _places(chosen, columns)
        if found is None:
            warnings.warn(
                f"support_ of {type(estimator).__name__} is not scored: it is no mask, no positions and no names "
                f"of the {len(columns)} columns",
                stacklevel=2,
            )
            return None
        places = found
    weights = None if coef is None else _weights(coef, places, len(columns))
    if chosen is None:
        return None if weights is None else Selection((weights != 0).any(axis=1), weights)
    mask = np.zeros(len(columns), dtype=bool)
    mask[places] = True
    return Selection(mask, weights)


def _places(support: Any, columns: Sequence[str]) -> Array | None:
    """Positions of the columns that a `support_` names; None where it does not fit them."""
    held = np.asarray(support)
    if held.ndim != 1:
        return None
    if held.dtype == bool:
        return np.flatnonzero(held) if len(held) == len(columns) else None
    if held.dtype.kind in "iu":
        return held if ((held >= 0) & (held < len(columns))).all() else None
    known = {name: i for i, name in enumerate(columns)}
    if not all(name in known for name in held.tolist()):
        return None
    return np.array([known[name] for name in held.tolist()], dtype=int)


def _weights(coef: Any, places: Array, n_columns: int) -> Array | None:
    """`coef_` as (D, k): of all columns, or of those at `places`; None where it is of something else."""
    try:
        held = np.asarray(coef.toarray() if hasattr(coef, "toarray") else coef, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if held.ndim not in (1, 2):
        return None
    held = np.atleast_2d(held).T
    if len(held) == n_columns:
        return held.copy()
    if len(held) != len(places):
        return None
    weights = np.zeros((n_columns, held.shape[1]))
    weights[places] = held
    return weights


def _through(steps: list[Any], columns: Sequence[str]) -> Selection | None:
    """What the last of the steps tells, carried back through those before it."""
    first, *rest = steps
    if not rest:
        return selection_of(first, columns)
    if first is None or first == "passthrough":
        return _through(rest, columns)
    if hasattr(first, "get_support"):
        passed = np.flatnonzero(first.get_support()).tolist()
        inner = _through(rest, [columns[i] for i in passed])
        chosen, weights = np.zeros(len(columns), dtype=bool), None
        chosen[passed] = True if inner is None else inner.chosen  # a learner that tells nothing uses what it is given
        if inner is not None and inner.coef is not None:
            weights = np.zeros((len(columns), inner.coef.shape[1]))
            weights[passed] = inner.coef
        return Selection(chosen, weights)
    if isinstance(first, PointFeatures):  # of a table, it hands on the columns
        return _through(rest, columns) if first.n_features_out_ == len(columns) else None
    if not isinstance(first, OneToOneFeatureMixin):
        return None
    inner = _through(rest, columns)
    if inner is None or inner.coef is None:
        return inner
    try:
        scale, _ = affine_of(first)
    except UsageError:
        return Selection(inner.chosen)
    return Selection(inner.chosen, inner.coef / scale[:, None])


def _unscaled(inner: Selection | None, scaler: Any) -> Selection | None:
    """Coefficients for answers in their own units."""
    if inner is None or inner.coef is None or isinstance(scaler, TargetLimits):
        return inner
    if isinstance(scaler, FunctionTransformer) and scaler.func is None:
        return inner
    try:
        scale, _ = affine_of(scaler)
    except UsageError:
        return Selection(inner.chosen)
    return Selection(inner.chosen, inner.coef * scale)


def _united(parts: Iterable[Selection | None], *, one_an_output: bool) -> Selection | None:
    """Columns that any of several learners uses; their coefficients side by side where each has an output."""
    told = list(parts)
    known = [part for part in told if part is not None]
    if not told or len(known) < len(told):
        return None
    weights = [part.coef for part in known if part.coef is not None] if one_an_output else []
    return Selection(
        np.logical_or.reduce([part.chosen for part in known]),
        np.concatenate(weights, axis=1) if weights and len(weights) == len(known) else None,
    )
