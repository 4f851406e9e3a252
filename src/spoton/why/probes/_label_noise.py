"""Are some answers wrong? Rows whose answer is far from what several cross-validated learners agree on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsRegressor
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
AGREED = 2  # witnesses, the best ones
FAR = 5.0  # robust sds of a witness's errors
DOUBT = 3.0  # times what the trees differ
SPREAD = 0.25  # of the answers' sd, that a wrong answer is off at least
FAULT = 0.02  # share of the rows from which on it is an error of the data
SHOWN = 8  # rows


class LabelNoise(Probe):
    """Three kinds of learners on the columns, or on the ink's points, each judged on rows that it did not see."""

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
    of the answers. An answer is suspicious if both miss it in one direction, by five times their own robust standard
    deviation and by three times what the trees of a forest differ there, as they do beside a jump of the law.

    Args:
        X: (n, D). y: (n,).
    """
    sd = float(y.std())
    found = np.zeros(len(y))
    if not sd > 0:
        return found
    misses = _out_of_fold(X, y)
    doubt = misses.pop("trees")
    witnesses = {}
    for name, missed in misses.items():
        robust = 1.4826 * float(np.median(np.abs(missed)))
        if robust <= GOOD * sd:
            witnesses[name] = robust
    if len(witnesses) < AGREED:
        return found
    each = []
    for name in sorted(witnesses, key=lambda name: witnesses[name])[:AGREED]:
        # beside a jump any witness errs
        reach = np.maximum(np.maximum(FAR * witnesses[name], DOUBT * doubt), SPREAD * sd)
        each.append(np.where(np.abs(misses[name]) > reach, misses[name], 0.0) / sd)
    stacked = np.array(each)
    one_way = (stacked > 0).all(axis=0) | (stacked < 0).all(axis=0)
    found[one_way] = np.abs(stacked[:, one_way]).min(axis=0)
    return found


def _out_of_fold(X: Array, y: Array) -> dict[str, Array]:
    """What each learner misses on rows that it did not see, and under "trees" what those of the forest differ."""
    found = {name: np.zeros(len(y)) for name in ("linear", "neighbours", "forest", "trees")}
    for train, held in KFold(FOLDS, shuffle=True, random_state=0).split(X):
        linear = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-6, 3, 10))).fit(X[train], y[train])
        near = make_pipeline(StandardScaler(), KNeighborsRegressor(5)).fit(X[train], y[train])
        forest = RandomForestRegressor(TREES, min_samples_leaf=2, max_features=0.4, random_state=0, n_jobs=1)
        forest.fit(X[train], y[train])
        trees = np.array([tree.predict(X[held]) for tree in forest.estimators_])
        found["linear"][held] = y[held] - linear.predict(X[held])
        found["neighbours"][held] = y[held] - near.predict(X[held])
        # the median of the trees does not follow a wrong answer among the training rows
        found["forest"][held] = y[held] - np.median(trees, axis=0)
        found["trees"][held] = trees.std(axis=0)
    return found


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
