"""Is it the scale of the inputs?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from spoton.data import Array
from spoton.learners import rename
from spoton.why._change import Apply, Change
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study
from spoton.why.probes._steps import Floored, Logged, Pixels, near_constant, spanning

APART = 100.0  # factor between the columns' sds from which on it is worth a word
CLIP = 3.0  # quartile distances
FAR = 10.0  # quartile distances from which on a value is far from the others
SPREAD = (0.02, 2.0)  # sd of pixels that nets like
SHOWN, BINS = 60, 16  # columns and bars of a picture


class InputScale(Probe):
    """Standardised columns, columns that hardly vary floored, heavy tails clipped or logged; pixels standardised."""

    name = "input-scale"
    about = "the scale of the inputs: standardise, floor near-constant columns, clip, logarithms"

    def look(self, study: Study) -> Iterable[Fact]:
        if study.train.images:
            if (sd := _odd_pixels(study)) is not None:
                most = float(np.max(study.train.X))
                words = f"pixels run up to {most:.3g} with an sd of {sd:.3g}; nets like values around 1"
                yield Fact(self.name, words, picture=_pixels(np.asarray(study.train.X)))
            return
        numbers = _numbers(study)
        if numbers is None or not numbers.shape[1]:
            return
        sd = numbers.std(axis=0)
        positive = sd[sd > 0]
        if len(positive) and positive.max() / positive.min() > APART:
            words = f"the columns' sds differ by a factor of {positive.max() / positive.min():.2g}"
            yield Fact(self.name, words, picture=_sizes(positive))
        if constant := int((sd == 0).sum()):
            yield Fact(self.name, f"{constant} columns are constant on the training rows")
        if few := int(near_constant(numbers).sum()):
            yield Fact(self.name, f"{few} columns hardly vary; standardising blows up the rows where they do")
        if wide := int(spanning(numbers).sum()):
            yield Fact(self.name, f"{wide} columns span orders of magnitude: few large values, and most far below")

    def changes(self, study: Study) -> Iterable[Change]:
        if study.train.images:
            if _odd_pixels(study) is not None:
                words = "bring the pixels to mean 0 and sd 1"
                yield _step(words, "the scale of the pixels", Pixels(), "Pixels()")
            return
        numbers = _numbers(study)
        if numbers is not None and numbers.shape[1]:
            yield from self._columns(numbers)

    def _columns(self, numbers: Array) -> Iterator[Change]:
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
        if near_constant(numbers).any():
            words = "standardise the inputs, near-constant columns floored"
            yield _step(words, "near-constant columns among the inputs", Floored(), "Floored()")
        if spanning(numbers).any():
            words = "take logarithms of the columns that span orders of magnitude, and standardise"
            step = make_pipeline(Logged(), StandardScaler())
            yield _step(words, "inputs that span orders of magnitude", step, "Logged(), StandardScaler()")
        if far_values(numbers) > 0:
            yield Change(
                self.name,
                "scale the inputs by their quartiles and clip them",
                "far values among the inputs",
                _before(make_pipeline(RobustScaler(), FunctionTransformer(clipped))),
                "from sklearn.pipeline import make_pipeline\n"
                "from sklearn.preprocessing import FunctionTransformer, RobustScaler\n"
                "from spoton.why.probes import clipped\n\n"
                "learner = make_pipeline(RobustScaler(), FunctionTransformer(clipped), learner)",
                group="inputs",
            )


def _sizes(sds: Array) -> Picture:
    """The columns' sds from the smallest to the largest."""
    ranks = np.unique(np.linspace(0, len(sds) - 1, SHOWN).round().astype(int))
    return Picture(
        "curve",
        "How far the columns vary",
        "columns, from the one that varies least",
        "sd, its logarithm to base 10",
        x=tuple((ranks + 1.0).tolist()),
        y=tuple(np.log10(np.sort(sds)[ranks]).tolist()),
    )


def _pixels(X: Array) -> Picture:
    counts, edges = np.histogram(X, bins=BINS)
    return Picture(
        "bars",
        "Values of the pixels",
        "value, from",
        "pixels, %",
        x=tuple(f"{low:.3g}" for low in edges[:-1]),
        y=tuple((100 * counts / counts.sum()).tolist()),
    )


def clipped(X: Array) -> Array:
    """Values beyond three quartile distances, at three."""
    found: Array = np.clip(X, -CLIP, CLIP)
    return found


def far_values(X: Array) -> float:
    """Share of values that are farther from their column's median than ten quartile distances."""
    low, middle, high = np.quantile(X, (0.25, 0.5, 0.75), axis=0)
    reach = np.where(high > low, FAR * (high - low), np.inf)
    return float((np.abs(X - middle) > reach).mean())


def _step(words: str, cause: str, step: BaseEstimator, text: str) -> Change:
    """One of `_steps`, before the learner."""
    own = ", ".join(name for name in ("Floored", "Logged", "Pixels") if f"{name}()" in text)
    scaler = "from sklearn.preprocessing import StandardScaler\n" if "StandardScaler" in text else ""
    code = (
        f"from sklearn.pipeline import make_pipeline\n{scaler}from spoton.why.probes import {own}\n\n"
        f"learner = make_pipeline({text}, learner)"
    )
    return Change(InputScale.name, words, cause, _before(step), code, group="inputs")


def _before(step: BaseEstimator) -> Apply:
    return lambda estimator: make_pipeline(clone(step), clone(estimator))


def _odd_pixels(study: Study) -> float | None:
    """The sd of the pixels, where it is not what nets like."""
    sd = float(np.std(study.train.X))
    return None if SPREAD[0] <= sd <= SPREAD[1] or sd == 0 else sd


def _numbers(study: Study) -> Array | None:
    X = study.train.X
    if not isinstance(X, pd.DataFrame) or not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
        return None
    numbers: Array = np.nan_to_num(X.to_numpy(dtype=np.float64))
    return numbers
