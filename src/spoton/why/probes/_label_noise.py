"""Are some answers wrong? Rows whose answer is far from what several cross-validated learners agree on."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from spoton import ink
from spoton.data import Array
from spoton.learners._screening import binned_relevance
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study
from spoton.why.probes._outliers import outliers_of

FOLDS = 3
TREES = 20
MOST = 1000  # rows that are looked at
COLUMNS = 30  # the most telling ones
FEWEST = 60  # rows
GOOD = 0.4  # of the answers' sd: a learner whose typical error is above is no witness
FAR = (5.0, 3.0)  # robust sds of a witness's errors: of the best one, and of the one that has to agree
PASSES, TRIMMED, LEFT = 3, 2.5, 0.6  # trainings, robust sds beyond which rows are left out, share that has to stay
DOUBT = 3.0  # times what the trees differ
SPREAD = 0.25  # of the answers' sd, that a wrong answer is off at least
FAULT = 0.0125  # share of the rows from which on it is an error of the data
SHOWN = 8  # rows


class LabelNoise(Probe):
    """Four kinds of learners on the columns, or on the ink's points, each judged on rows that it did not see."""

    name = "label-noise"
    about = "answers that several cross-validated learners agree to be wrong"

    def look(self, study: Study) -> Iterable[Fact]:
        inputs = _inputs(study)
        if study.task.kind == "class" or inputs is None or len(inputs) < FEWEST:
            return
        y = study.train.y.to_numpy(dtype=np.float64)[: len(inputs)]
        best = np.argsort(-binned_relevance(inputs, y), kind="stable")[:COLUMNS]
        wrong = np.zeros(len(y), dtype=bool)
        by = np.zeros(len(y))
        for column in range(y.shape[1]):
            far = suspects(inputs[:, best], y[:, column])
            far[outliers_of(y)[:, column]] = 0.0  # those are seen without a learner
            wrong |= far > 0
            by = np.maximum(by, far)
        if not wrong.any():
            return
        rows = np.flatnonzero(wrong)
        rows = rows[np.argsort(-by[rows], kind="stable")]
        numbers = study.task.split(study.seeds[0]).train[rows]
        share = len(rows) / len(y)
        shown = ", ".join(str(number) for number in numbers[:SHOWN])
        yield Fact(
            self.name,
            f"{len(rows)} of {len(y)} training rows ({100 * share:.2g} %) have an answer far from what several "
            f"cross-validated learners agree on, the worst first: rows {shown}{' ...' if len(rows) > SHOWN else ''}: "
            "consistent with wrong answers, and with noise that is rare and large",
            fault=share >= FAULT,
            advice="look at these rows",
            picture=Picture(
                "table",
                "Answers far from what learners agree on",
                columns=("row", "sds of the answers off"),
                rows=tuple((int(number), round(float(by[row]), 2)) for number, row in zip(numbers, rows, strict=True))[
                    :SHOWN
                ],
            ),
        )


def suspects(X: Array, y: Array) -> Array:
    """(n,) by how many standard deviations of the answers each one is off, 0 where it is not suspicious.

    Witnesses are the two learners with the smallest typical error, by its median, if it is a small share of the spread
    of the answers. An answer is suspicious if both miss it in one direction: the better one by five times its robust
    standard deviation, here or among answers of that size, the other by three times; and by three times what the trees
    of a forest differ there, as they do beside a jump of the law.

    Args:
        X: (n, D). y: (n,).
    """
    sd = float(y.std())
    found = np.zeros(len(y))
    if not sd > 0:
        return found
    misses, doubt = _out_of_fold(X, (y - y.mean()) / sd)
    witnesses = sorted((name for name in misses if _robust(misses[name]) <= GOOD), key=lambda n: _robust(misses[n]))
    if len(witnesses) < len(FAR):
        return found
    each = []
    for name, far in zip(witnesses, FAR, strict=False):
        missed = misses[name]
        # errors may grow with the answer, and beside a jump any witness errs
        reach = np.maximum(far * _local(missed, (y - y.mean()) / sd - missed), np.maximum(DOUBT * doubt, SPREAD))
        each.append(np.where(np.abs(missed) > reach, missed, 0.0))
    stacked = np.array(each)
    one_way = (stacked > 0).all(axis=0) | (stacked < 0).all(axis=0)
    found[one_way] = np.abs(stacked[:, one_way]).min(axis=0)
    return found


def _robust(missed: Array) -> float:
    return 1.4826 * float(np.median(np.abs(missed)))


def _local(missed: Array, predicted: Array) -> Array:
    """(n,) the robust standard deviation of all errors, or of those of the same third of the predictions."""
    local = np.full(len(missed), _robust(missed))
    for part in np.array_split(np.argsort(predicted), 3):
        local[part] = np.maximum(local[part], _robust(missed[part]))
    return local


def _learners() -> dict[str, BaseEstimator]:
    net = MLPRegressor(
        hidden_layer_sizes=(64,), max_iter=150, early_stopping=True, learning_rate_init=5e-3, random_state=0
    )
    return {
        "linear": make_pipeline(StandardScaler(), RidgeCV(np.logspace(-6, 3, 10))),
        "neighbours": make_pipeline(StandardScaler(), KNeighborsRegressor(5)),
        "net": make_pipeline(StandardScaler(), net),
        "forest": RandomForestRegressor(TREES, min_samples_leaf=2, max_features=0.4, random_state=0, n_jobs=1),
    }


def _out_of_fold(X: Array, y: Array) -> tuple[dict[str, Array], Array]:
    """What each learner misses on rows that it did not see, and what the trees of the forest differ there.

    Each is trained again without the rows that it missed by far, so that wrong answers do not bend it (least trimmed
    squares: Rousseeuw, "Least median of squares regression", JASA 1984).
    """
    found = {}
    doubt = np.zeros(len(y))
    folds = list(KFold(FOLDS, shuffle=True, random_state=0).split(X))
    for name, learner in _learners().items():
        kept = np.ones(len(y), dtype=bool)
        missed = np.zeros(len(y))
        for _ in range(PASSES):
            for train, held in folds:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ConvergenceWarning)
                    fitted = clone(learner).fit(X[train[kept[train]]], y[train[kept[train]]])
                if name == "forest":
                    trees = np.array([tree.predict(X[held]) for tree in fitted.estimators_])
                    doubt[held] = np.maximum(doubt[held], trees.std(axis=0))
                    missed[held] = y[held] - np.median(trees, axis=0)  # does not follow a wrong answer that is left
                else:
                    missed[held] = y[held] - fitted.predict(X[held])
            kept = np.abs(missed) <= TRIMMED * _robust(missed)
            if kept.all() or kept.mean() < LEFT:
                break
        found[name] = missed
    return found, doubt


def _inputs(study: Study) -> Array | None:
    """(n, D) numbers: the columns of a table, the ink's points of images."""
    X = study.train.X[:MOST]
    if isinstance(X, pd.DataFrame):
        if not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
            return None
        numbers: Array = np.nan_to_num(X.to_numpy(dtype=np.float64))
        return numbers
    points = ink.feature_points(ink.ink_of(np.asarray(X)))
    return np.concatenate([found.reshape(len(X), -1) for found in points.values()], axis=1).astype(np.float64)
