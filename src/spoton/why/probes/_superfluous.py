"""Are there superfluous inputs, that swamp those which matter?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.pipeline import make_pipeline

from spoton.data import Array
from spoton.learners import rename
from spoton.why._change import Apply, Change
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study
from spoton.why.probes._columns import SparseColumns

KEPT = (4, 16, 64)  # columns
FEWEST = 4  # columns above which some may be left out
SHOWN = 16  # in a picture
FEATURES = {
    ("pts",): "give the ink's corner points instead of pixels",
    ("pts", "pix"): "give the ink's corner points beside the pixels",
}


class Superfluous(Probe):
    """Only the columns that tell most of the answers, or that a sparse linear path uses; for images, features."""

    name = "superfluous"
    about = "superfluous inputs: the best columns, those of a sparse linear path; features of the ink instead of pixels"

    def look(self, study: Study) -> Iterable[Fact]:
        X = study.train.X
        if isinstance(X, pd.DataFrame):
            words = f"{X.shape[1]} columns for {len(X)} training rows"
            yield Fact(self.name, words, picture=_told(X, study.train.y.to_numpy(dtype=np.float64)))

    def changes(self, study: Study) -> Iterable[Change]:
        X = study.train.X
        if not isinstance(X, pd.DataFrame):
            for features, words in FEATURES.items():
                if study.subject.named and rename(study.subject.name, features=features):
                    yield Change(
                        self.name,
                        words,
                        "superfluous inputs: pixels that say less than a few points",
                        lambda estimator: estimator,
                        f'learner = get_learner("{rename(study.subject.name, features=features)}")',
                        lambda name, features=features: rename(name, features=features),  # type: ignore[misc]
                        "inputs chosen",
                        bypass=True,
                    )
            return
        if not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
            return
        if X.shape[1] > FEWEST:
            yield Change(
                self.name,
                "keep the columns that a sparse linear path uses",
                "superfluous columns",
                lambda estimator: make_pipeline(SparseColumns(), clone(estimator)),
                "from sklearn.pipeline import make_pipeline\nfrom spoton.why.probes import SparseColumns\n\n"
                "learner = make_pipeline(SparseColumns(), learner)",
                group="inputs chosen",
            )
        for count in KEPT:
            if count < X.shape[1]:
                yield Change(
                    self.name,
                    f"keep the {count} columns that tell most of the answers",
                    "superfluous columns",
                    _best(count),
                    "from sklearn.feature_selection import SelectKBest\nfrom sklearn.pipeline import make_pipeline\n"
                    "from spoton.why.probes import relevance\n\n"
                    f"learner = make_pipeline(SelectKBest(relevance, k={count}), learner)",
                    group="inputs chosen",
                )


def _told(X: pd.DataFrame, y: Array) -> Picture | None:
    """How much each of the first columns tells by itself, the most telling first; None where they are no numbers."""
    if not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes) or X.isna().to_numpy().any() or len(X) < 3:
        return None
    scores = relevance(X.to_numpy(dtype=np.float64), y)
    best = np.argsort(-scores, kind="stable")[:SHOWN]
    shares = scores[best] / (scores[best] + len(X) - 2)  # of F with 1 and n - 2 degrees of freedom
    return Picture(
        "bars",
        "What each column tells of the answers by itself",
        f"the {len(best)} most telling of {X.shape[1]} columns",
        "share of the variance (R2)",
        x=tuple(map(str, X.columns[best])),
        y=tuple(np.nan_to_num(shares, nan=1.0).tolist()),  # an infinite F: all of it
    )


def relevance(X: Array, y: Array) -> Array:
    """(D,) the largest F statistic of each column with any of the answers, 0 for a constant column."""
    answers = np.asarray(y, dtype=np.float64).reshape(len(X), -1)
    with np.errstate(all="ignore"):
        scores = [f_regression(X, column)[0] for column in answers.T if np.ptp(column) > 0]
    found: Array = np.nan_to_num(np.max(scores, axis=0), nan=0.0) if scores else np.zeros(X.shape[1])
    return found


def _best(count: int) -> Apply:
    def apply(estimator: BaseEstimator) -> BaseEstimator:
        return make_pipeline(SelectKBest(relevance, k=count), clone(estimator))

    return apply
