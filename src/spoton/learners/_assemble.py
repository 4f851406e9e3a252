"""The grammar of learner names: `base@feature+feature+modifier?parameter=value`.

`featsnet@pts12+pts22+ynorm?epochs=90&lr=0.01` is the learner `featsnet` on two features, with a standardised target,
trained for 90 epochs. Words after `@` or `+` are features or modifiers; a `?` begins parameters of the learner itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from spoton import catalogue, names
from spoton.errors import UsageError
from spoton.learners._each import ByLabel
from spoton.learners._features import FEATURE_NAMES, PointFeatures
from spoton.learners._recipe import Recipe
from spoton.scaling import KINDS, Y_RANGES, TargetLimits, TargetScaler, check_y_range

MODIFIERS = {
    "xnorm": "standardise the inputs (fastai-tabular: fastai's Normalize)",
    "ynorm": "standardise the answers in training; predictions are in pixels again",
    "ynorm=": f"another scaling of answers in training: {', '.join(KINDS)}",
    "yrange=": f"limits of answers (of the net's sigmoid, where it has one): {', '.join(Y_RANGES)}, samples:MARGIN",
    "bylabel": "one learner a label: it is told the class",
}
DEFAULTS = {"ynorm": "standard"}  # of modifiers that may stand without a value


@dataclass(frozen=True)
class Words:
    """A learner name taken apart."""

    base: str
    features: tuple[str, ...]
    modifiers: dict[str, str]
    options: dict[str, str]

    def __str__(self) -> str:
        """The name that is made of them, in this order."""
        stem = self.base + (f"@{'+'.join(self.features)}" if self.features else "")
        for key, value in self.modifiers.items():
            stem += f"+{key}" if value in ("", DEFAULTS.get(key)) else f"+{key}={value}"
        query = "&".join(f"{key}={value}" for key, value in self.options.items())
        return f"{stem}?{query}" if query else stem


def parse(name: str) -> Words:
    """Take a name apart.

    Raises:
        UsageError: a word that is neither a feature nor a modifier, or one given twice.
    """
    stem, options = names.split_name(name)
    head, at, tail = stem.partition("@")
    base, *rest = head.split("+")
    words = [*rest, *(tail.split("+") if at else [])]
    features: list[str] = []
    modifiers: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if at and word in FEATURE_NAMES and word not in features:
            features.append(word)
        elif key + equals in MODIFIERS and key not in modifiers:
            modifiers[key] = value if equals else DEFAULTS.get(key, "")
        elif word in features or key in modifiers:
            raise UsageError(f"'{word}' is given twice in '{name}'; give it once")
        else:
            known = [*FEATURE_NAMES, *MODIFIERS] if at else list(MODIFIERS)
            raise catalogue.unknown(f"{'feature or ' if at else ''}modifier in '{name}'", word, known)
    if at and not features:
        raise UsageError(f"'{name}' has no feature after '@'; known: {', '.join(FEATURE_NAMES)}")
    return Words(base, tuple(features), modifiers, options)


def assemble(name: str, recipes: Iterable[Recipe], epochs: int | None = None) -> BaseEstimator:
    """Build the estimator of a name; `epochs` is for learners that have some, and gives way to `?epochs=`."""
    words = parse(name)
    known = {recipe.name: recipe for recipe in recipes}
    if words.base == "oracle":
        raise UsageError(
            "a learner is expected, and the oracle is the rule of a task: get_task(name).oracle() gives it, and a "
            "bench shows it beside the learners"
        )
    if words.base not in known:
        raise catalogue.unknown("learner", words.base, [*known, "oracle"])
    recipe = known[words.base]
    model = recipe.make()
    if epochs is not None and recipe.epochs:
        _set(model, recipe, recipe.epochs, epochs)
    for key, text in words.options.items():
        _set(model, recipe, key, _value(text))
    limits = words.modifiers.get("yrange")
    if limits is not None:
        check_y_range(limits)
        if recipe.y_range:
            _set(model, recipe, "y_range", limits)
    estimator = _with_inputs(model, recipe, words)
    if (kind := words.modifiers.get("ynorm")) is not None:
        if kind not in KINDS:
            raise catalogue.unknown("scaling of answers", kind, KINDS)
        if kind != "standard" and limits is None and recipe.y_range and model.get_params()["y_range"] == "extremes":
            model.set_params(y_range="auto")  # scaled answers are no pixels, whose limits are the image's edges
        estimator = TransformedTargetRegressor(regressor=estimator, transformer=TargetScaler(kind))
    if limits not in (None, "none") and not recipe.y_range:
        estimator = TransformedTargetRegressor(regressor=estimator, transformer=TargetLimits(limits))
    return ByLabel(estimator) if "bylabel" in words.modifiers else estimator


def _with_inputs(model: BaseEstimator, recipe: Recipe, words: Words) -> BaseEstimator:
    """Put features and the scaling of inputs before the model."""
    if words.features and not recipe.takes_features:
        raise UsageError(f"{recipe.name} takes images, not features; leave out @{'+'.join(words.features)}")
    steps: list[tuple[str, BaseEstimator]] = []
    features = words.features or recipe.features
    xnorm = "xnorm" in words.modifiers
    if features or (xnorm and not recipe.normalize and recipe.takes_features):
        steps.append(("features", PointFeatures(features or ("pix",), divide=recipe.divide)))
    if xnorm and recipe.normalize:
        model.set_params(**{recipe.normalize: True})
    elif xnorm:
        if not recipe.takes_features:
            raise UsageError(f"{recipe.name} takes images as they are, so +xnorm is not possible; leave it out")
        steps.append(("xnorm", StandardScaler()))
    return Pipeline([*steps, ("model", model)]) if steps else model


def _value(text: str) -> Any:
    """`3` -> 3, `1e-2` -> 0.01, `true` -> True, `200x100` -> (200, 100), other text as it is."""
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"\d+(x\d+)+", text):
        return tuple(int(part) for part in text.split("x"))
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _check_number(recipe: Recipe, model: BaseEstimator, key: str, default: Any, value: Any) -> None:
    """Refuse text where a number is expected. Other libraries' parameters may take either, and check it themselves."""
    number = isinstance(default, int | float) and not isinstance(default, bool)
    own = number and type(model).__module__.startswith("spoton.")
    if key == recipe.epochs and (not isinstance(value, int) or isinstance(value, bool)):
        expected = "a whole number"
    elif own and (not isinstance(value, int | float) or isinstance(value, bool)):
        expected = "a number"
    else:
        return
    raise UsageError(
        f"the parameter '{key}' of {recipe.name} is {expected}, not {value!r}; write {key}={default}, for example"
    )


def _set(model: BaseEstimator, recipe: Recipe, key: str, value: Any) -> None:
    """Set a parameter of the model, of the net inside it, or of the regressor inside EachOutput."""
    parameters = model.get_params()
    if key in recipe.options:
        model.set_params(net_options={**(parameters["net_options"] or {}), key: value})
        return
    for full in (key, f"estimator__{key}"):
        if full in parameters:
            _check_number(recipe, model, key, parameters[full], value)
            model.set_params(**{full: value})
            return
    listed = [
        k.removeprefix("estimator__") for k in parameters if k not in ("estimator", "net_options", "random_state")
    ]
    raise catalogue.unknown(f"parameter of {recipe.name}", key, [*listed, *recipe.options])
