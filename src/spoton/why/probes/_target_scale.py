"""Is it the scale of the answers?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import FunctionTransformer

from spoton.data import Array
from spoton.learners import OneHot
from spoton.scaling import TargetLimits
from spoton.why._change import Change
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study
from spoton.why.probes._answers import NAME, scaled, wrapped
from spoton.why.probes._outliers import FAR, distances, outliers, outliers_of
from spoton.why.probes._targets import ClippedTargets, OneScale

UNEVEN = 2.0  # factor between the answers' sds from which on one of them rules the loss


class TargetScale(Probe):
    """Standardised answers, each or all by one number, and quantiles or limits where some are far from the rest."""

    name = NAME
    about = "the scale of the answers: standardise them in training, tame outliers"

    def look(self, study: Study) -> Iterable[Fact]:
        if study.task.kind == "class":
            return
        y = study.train.y.to_numpy(dtype=np.float64)
        means, sds = y.mean(axis=0), y.std(axis=0)
        sizes = ", ".join(
            f"{name} {mean:.3g} ± {sd:.3g}" for name, mean, sd in zip(study.train.y.columns, means, sds, strict=True)
        )
        yield Fact(
            self.name,
            f"answers, mean ± sd: {sizes}",
            picture=Picture(
                "bars",
                "The answers of the training rows",
                "answer",
                "mean (line: ± sd)",
                x=tuple(map(str, study.train.y.columns)),
                y=tuple(means.tolist()),
                low=tuple((means - sds).tolist()),
                high=tuple((means + sds).tolist()),
            ),
        )
        yield from self._loss(study, y)
        if (far := outliers(y)) > 0:
            rows = np.flatnonzero(outliers_of(y).any(axis=1))
            away = distances(y).max(axis=1)
            worst = rows[np.argsort(-away[rows])][:5]
            numbers = study.task.split(study.seeds[0]).train[worst]
            yield Fact(
                self.name,
                f"{100 * far:.2g} % of the answers lie more than {FAR:g} robust sds from the median, rows "
                f"{', '.join(map(str, numbers))}{' ...' if len(rows) > len(worst) else ''}",
                picture=Picture(
                    "table",
                    "Answers far from the others",
                    columns=("row", *map(str, study.train.y.columns), "robust sds from the median"),
                    rows=tuple(
                        (int(number), *map(float, y[row]), float(away[row]))
                        for number, row in zip(numbers, worst, strict=True)
                    ),
                ),
            )

    def _loss(self, study: Study, y: Array) -> Iterator[Fact]:
        """The mean squared error on the training rows in the answers' units and in their sds."""
        runs = [run for run in study.runs if run.learner == study.subject.name and run.status == "ok"]
        left = [1 - run.metrics["train"]["r2"] for run in runs if "r2" in run.metrics.get("train", {})]
        variance = y.var(axis=0)
        if not left:
            return
        # what a net that answers 0 begins with, beside what it ends with
        start, end = float((y**2).mean()), float(np.mean(left))
        words = (
            f"the loss on the training rows, in standardised units: {end:.3g}, where the mean answer has 1; in units "
            f"of the answers, an answer of 0 begins at {start:.3g} and the mean answer has {variance.mean():.3g}"
        )
        if len(variance) > 1 and variance.min() > 0 and variance.max() > UNEVEN**2 * variance.min():
            most = int(variance.argmax())
            share = variance[most] / variance.sum()
            words += f"; of that, {study.train.y.columns[most]} alone has {100 * share:.0f} %"
        yield Fact(self.name, words)

    def changes(self, study: Study) -> Iterable[Change]:
        if study.task.kind == "class":
            return
        y = study.train.y.to_numpy(dtype=np.float64)
        learner = study.subject.estimator
        plain = not _has_scaled_answers(learner)
        if plain:
            yield scaled(learner, "standard", "standardise the answers in training", "the scale of the answers")
        sds = y.std(axis=0)
        if plain and len(sds) > 1 and sds.min() > 0 and sds.max() > UNEVEN * sds.min():
            yield wrapped(
                learner,
                "divide all answers by one number in training: each keeps its weight in the loss",
                "the scale of the answers, all of them together",
                OneScale(),
                "OneScale()",
            )
        if outliers(y) > 0:
            yield scaled(learner, "quantile", "train on the answers' quantiles", "outliers among the answers")
            yield wrapped(
                learner,
                f"pull far answers in to {FAR:g} robust sds in training",
                "outliers among the answers",
                ClippedTargets(FAR),
                f"ClippedTargets({FAR:g})",
            )


def _has_scaled_answers(estimator: BaseEstimator) -> bool:
    """Whether something already scales the answers of the learner inside; limits and classes are no scale."""
    transformers = [
        part.transformer
        for part in (estimator, *estimator.get_params().values())
        if isinstance(part, TransformedTargetRegressor)
    ]
    return any(not isinstance(part, FunctionTransformer | TargetLimits | OneHot | type(None)) for part in transformers)
