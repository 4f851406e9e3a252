"""Is it the scale of the inputs?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from spoton.data import Array
from spoton.learners import rename
from spoton.why._change import Apply, Change
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

NEARLY = 1e-3  # sd, as a share of the median sd, below which a column is near-constant
CLIP = 3.0


class InputScale(Probe):
    """Standardised columns, near-constant columns floored, heavy tails clipped. Tables only."""

    name = "input-scale"
    about = "the scale of the inputs: standardise, floor near-constant columns, clip"

    def look(self, study: Study) -> Iterable[Fact]:
        numbers = _numbers(study)
        if numbers is None or not numbers.shape[1]:
            return
        sd = numbers.std(axis=0)
        positive = sd[sd > 0]
        if len(positive) and positive.max() / positive.min() > 100:
            yield Fact(self.name, f"the columns' sds differ by a factor of {positive.max() / positive.min():.2g}")
        if len(positive) and (few := int((sd < NEARLY * np.median(positive)).sum())):
            yield Fact(self.name, f"{few} columns hardly vary, or not at all; standardising blows them up")

    def changes(self, study: Study) -> Iterable[Change]:
        if _numbers(study) is None:
            return
        yield Change(
            self.name,
            "standardise the inputs",
            "the scale of the inputs",
            _before(StandardScaler()),
            "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n\n"
            "learner = make_pipeline(StandardScaler(), learner)",
            lambda name: rename(name, modifiers={"xnorm": ""}),
            "inputs",
        )
        yield Change(
            self.name,
            "scale the inputs by their quartiles and clip them",
            "far values or near-constant columns among the inputs",
            _before(make_pipeline(RobustScaler(), FunctionTransformer(clipped))),
            "from sklearn.pipeline import make_pipeline\n"
            "from sklearn.preprocessing import FunctionTransformer, RobustScaler\n"
            "from spoton.why.probes._input_scale import clipped\n\n"
            "learner = make_pipeline(RobustScaler(), FunctionTransformer(clipped), learner)",
            group="inputs",
        )


def clipped(X: Array) -> Array:
    """Values beyond three quartile distances, at three."""
    found: Array = np.clip(X, -CLIP, CLIP)
    return found


def _before(step: BaseEstimator) -> Apply:
    return lambda estimator: make_pipeline(clone(step), clone(estimator))


def _numbers(study: Study) -> Array | None:
    X = study.train.X
    if not isinstance(X, pd.DataFrame) or not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
        return None
    return X.to_numpy(dtype=np.float64)
