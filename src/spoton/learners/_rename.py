"""Names of learners with a word changed: how `why` and sweeps ask for a learner that is a little different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sklearn.base import BaseEstimator

from spoton.errors import MissingExtra, UsageError
from spoton.learners._assemble import DEFAULTS, parse


def rename(
    name: str,
    *,
    base: str | None = None,
    features: Sequence[str] | None = None,
    modifiers: Mapping[str, str | None] | None = None,
    options: Mapping[str, str] | None = None,
) -> str | None:
    """The name with other words; None where no learner of the catalogue has such a name.

    Args:
        name: of a learner, as in `net3+ynorm?lr=0.01`.
        base: its first word.
        features: those after `@`.
        modifiers: set to these values, "" for none; None takes one out.
        options: parameters after `?`.

    Example:
        >>> rename("net3?epochs=5", modifiers={"ynorm": ""}, options={"lr": "0.01"})
        'net3+ynorm?epochs=5&lr=0.01'
    """
    from spoton.learners import check_learner

    words = parse(name)
    kept = dict(words.modifiers)
    for key, value in (modifiers or {}).items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = value
    chosen = words.features if features is None else tuple(features)
    stem = (base or words.base) + (f"@{'+'.join(chosen)}" if chosen else "")
    stem += "".join(
        f"+{key}={value}" if value and value != DEFAULTS.get(key) else f"+{key}" for key, value in kept.items()
    )
    query = "&".join(f"{key}={value}" for key, value in {**words.options, **(options or {})}.items())
    found = f"{stem}?{query}" if query else stem
    try:
        check_learner(found)
    except (UsageError, MissingExtra, ValueError, TypeError):
        return None
    return found


def is_known(name: str) -> bool:
    """Whether it is the name of a learner of the catalogue."""
    from spoton.learners import check_learner

    try:
        check_learner(name)
    except UsageError:
        return False
    return True


def model_of(estimator: BaseEstimator) -> BaseEstimator:
    """The unfitted model inside scalers of answers, pipelines and wrappers."""
    parameters = estimator.get_params(deep=False)
    for key in ("regressor", "estimator", "steps"):
        inner = parameters.get(key)
        if key == "steps" and inner:
            return model_of(inner[-1][1])
        if isinstance(inner, BaseEstimator):
            return model_of(inner)
    return estimator
