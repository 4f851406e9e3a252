"""Metrics: how answers are judged. A metric is a function in one of these files and one export line here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from spoton import catalogue
from spoton.data import Array
from spoton.metrics._classes import ACCURACY as ACCURACY
from spoton.metrics._metric import Metric as Metric
from spoton.metrics._points import DIST_AVG as DIST_AVG
from spoton.metrics._points import DIST_R2 as DIST_R2
from spoton.metrics._points import HIT as HIT
from spoton.metrics._points import HIT1 as HIT1
from spoton.metrics._points import SQDIST_AVG as SQDIST_AVG
from spoton.metrics._points import SQDIST_R2 as SQDIST_R2
from spoton.metrics._regression import MAE as MAE
from spoton.metrics._regression import MSE as MSE
from spoton.metrics._regression import R2 as R2
from spoton.metrics._support import COEF_ERROR as COEF_ERROR
from spoton.metrics._support import SUPPORT_PRECISION as SUPPORT_PRECISION
from spoton.metrics._support import SUPPORT_RECALL as SUPPORT_RECALL
from spoton.metrics._support import Selection as Selection
from spoton.metrics._support import facts


def all_metrics() -> dict[str, Metric]:
    """Every exported metric by name."""
    return {metric.name: metric for metric in catalogue.members(__name__, Metric)}


def score(
    actual: Array,
    predicted: Array,
    columns: list[str],
    *,
    points: tuple[tuple[str, str], ...] = (),
    whole: bool = False,
    kind: str = "number",
) -> dict[str, float]:
    """All metrics that apply, and `name:output` for each output where there are several.

    Args:
        actual: (n, k) answers.
        predicted: (n, k) predictions.
        columns: names of the k outputs.
        points: the pairs of columns that are points.
        whole: answers are pixels or counts, so that a hit is defined.
        kind: `class`, or anything else for numbers.
    """
    values: dict[str, float] = {}
    pairs = np.array([[columns.index(x), columns.index(y)] for x, y in points], dtype=int)
    for metric in all_metrics().values():
        if (metric.needs == "class") != (kind == "class") or metric.needs in ("support", "coef"):
            continue
        if metric.needs == "whole" and not whole:
            continue
        if metric.needs == "points":
            if len(pairs):
                values[metric.name] = metric.fn(actual[:, pairs], predicted[:, pairs])
            continue
        values[metric.name] = metric.fn(actual, predicted)
        if metric.each and len(columns) > 1:
            for j, column in enumerate(columns):
                values[f"{metric.name}:{column}"] = metric.fn(actual[:, [j]], predicted[:, [j]])
    return values


def score_selection(selection: Selection, support: Sequence[str], X: pd.DataFrame, y: pd.DataFrame) -> dict[str, float]:
    """The metrics of a learner's columns: which it uses, and its coefficients where it has some.

    Args:
        selection: what the fitted learner tells of the columns of X.
        support: names of the columns that decide.
        X: the rows trained on.
        y: their answers.
    """
    found = facts(selection, support, X, y)
    return {m.name: m.fn(*found[m.needs]) for m in all_metrics().values() if m.needs in found}
