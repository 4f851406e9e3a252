"""Is it the scale of the answers?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor

from spoton.data import Array
from spoton.learners import rename
from spoton.scaling import TargetScaler
from spoton.why._change import Change, parameter
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

FAR = 6.0  # standard deviations, robust ones, from which on an answer is an outlier


class TargetScale(Probe):
    """Standardised answers, and ranks where single answers are far from the rest."""

    name = "target-scale"
    about = "the scale of the answers: standardise them in training, tame outliers"

    def look(self, study: Study) -> Iterable[Fact]:
        y = study.train.y.to_numpy(dtype=np.float64)
        means, sds = y.mean(axis=0), y.std(axis=0)
        sizes = ", ".join(
            f"{name} {mean:.3g} ± {sd:.3g}" for name, mean, sd in zip(study.train.y.columns, means, sds, strict=True)
        )
        yield Fact(self.name, f"answers, mean ± sd: {sizes}")
        if (far := outliers(y)) > 0:
            yield Fact(self.name, f"{100 * far:.2g} % of the answers lie more than {FAR:g} robust sds from the median")

    def changes(self, study: Study) -> Iterable[Change]:
        if not _has_scaled_answers(study.subject.estimator):
            yield scaled(self.name, "standard", "standardise the answers in training", "the scale of the answers")
        if outliers(study.train.y.to_numpy(dtype=np.float64)) > 0:
            yield scaled(self.name, "quantile", "train on the answers' quantiles", "outliers among the answers")


def outliers(y: Array) -> float:
    """Share of answers that are far from the rest."""
    middle = np.median(y, axis=0)
    spread = 1.4826 * np.median(np.abs(y - middle), axis=0)
    far = np.abs(y - middle) > FAR * np.where(spread > 0, spread, np.inf)
    return float(far.mean())


def scaled(probe: str, kind: str, words: str, cause: str) -> Change:
    """Answers scaled in training; predictions are in their units again."""

    def apply(estimator: BaseEstimator) -> BaseEstimator:
        inner = clone(estimator)
        limits = parameter(inner, "y_range")
        if limits is not None and limits[1] == "extremes":
            inner.set_params(**{limits[0]: "auto"})  # scaled answers are no pixels
        return TransformedTargetRegressor(regressor=inner, transformer=TargetScaler(kind))

    code = (
        "from sklearn.compose import TransformedTargetRegressor\nfrom spoton.scaling import TargetScaler\n\n"
        f'learner = TransformedTargetRegressor(regressor=learner, transformer=TargetScaler("{kind}"))'
    )
    value = "" if kind == "standard" else kind
    return Change(probe, words, cause, apply, code, lambda name: rename(name, modifiers={"ynorm": value}), "answers")


def _has_scaled_answers(estimator: BaseEstimator) -> bool:
    return isinstance(estimator, TransformedTargetRegressor) and isinstance(estimator.transformer, TargetScaler)
