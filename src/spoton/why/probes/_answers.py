"""Changes of the answers that a learner is trained on, with the limits of its outputs that go with them."""

from __future__ import annotations

from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor

from spoton.learners import rename
from spoton.scaling import TargetScaler
from spoton.why._change import Change, parameter

NAME = "target-scale"  # the probe that asks for them


def scaled(estimator: BaseEstimator, kind: str, words: str, cause: str) -> Change:
    """Answers scaled in training; predictions are in their units again."""

    def apply(estimator: BaseEstimator) -> BaseEstimator:
        return TransformedTargetRegressor(regressor=within_samples(estimator), transformer=TargetScaler(kind))

    code = (
        "from sklearn.compose import TransformedTargetRegressor\nfrom spoton.scaling import TargetScaler\n\n"
        f"{limits_code(estimator)}"
        f'learner = TransformedTargetRegressor(regressor=learner, transformer=TargetScaler("{kind}"))'
    )
    value = "" if kind == "standard" else kind

    def name_of(name: str) -> str | None:
        return rename(name, modifiers={"ynorm": value})

    return Change(NAME, words, cause, apply, code, name_of, "answers")


def within_samples(estimator: BaseEstimator) -> BaseEstimator:
    """A fresh one, whose limits of outputs, if any, are those of the answers that it is given."""
    inner = clone(estimator)
    if (found := _fixed_limits(inner)) is not None:
        inner.set_params(**{found: "auto"})
    return inner


def limits_code(estimator: BaseEstimator) -> str:
    """The line of Python that does what `within_samples` does; empty where there is nothing to do."""
    found = _fixed_limits(estimator)
    return "" if found is None else f'learner.set_params({found}="auto")\n'


def _fixed_limits(estimator: BaseEstimator) -> str | None:
    """The parameter with limits that belong to answers in their own units: numbers, or the edges of an image."""
    found = parameter(estimator, "y_range")
    if found is None or found[1] is None or (isinstance(found[1], str) and found[1] != "extremes"):
        return None
    return found[0]


def wrapped(learner: BaseEstimator, words: str, cause: str, transformer: BaseEstimator, text: str) -> Change:
    """The learner behind a transformer of the answers, which `text` makes."""

    def apply(estimator: BaseEstimator) -> BaseEstimator:
        return TransformedTargetRegressor(
            regressor=within_samples(estimator), transformer=clone(transformer), check_inverse=False
        )

    code = (
        "from sklearn.compose import TransformedTargetRegressor\n"
        f"from spoton.why.probes import {text.partition('(')[0]}\n\n{limits_code(learner)}"
        f"learner = TransformedTargetRegressor(regressor=learner, transformer={text}, check_inverse=False)"
    )
    return Change(NAME, words, cause, apply, code, group="answers")
