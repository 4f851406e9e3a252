"""`Family`: a learner with some of its parameters left open, and what it is called with each setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator, clone

from spoton import catalogue, names
from spoton.errors import UsageError
from spoton.learners import FEATURE_NAMES, MODIFIERS, ORACLE, get_learner
from spoton.learners._assemble import DEFAULTS, Words, parse
from spoton.sweeps._space import Choices, Setting, Space, label

FEATURES = "@"
PASSES = "epochs"  # how learners that tell of each pass call the number of them


class Family:
    """A learner, by name or as an estimator, whose settings are learners.

    Args:
        learner: a name (see `spoton.get_learner`), an estimator, or a pair (name, estimator).

    Raises:
        UsageError: no such learner.
    """

    def __init__(self, learner: str | BaseEstimator | tuple[str, BaseEstimator]) -> None:
        self.estimator: BaseEstimator | None = None
        if isinstance(learner, tuple):
            self.name, self.estimator = learner
        elif isinstance(learner, str):
            self.name = learner
            if parse(learner).base == ORACLE:
                raise UsageError("the oracle has nothing to choose; name a learner of spoton learners")
        else:
            self.name, self.estimator = type(learner).__name__, learner

    def __call__(self, setting: Mapping[str, Any]) -> tuple[str, str | BaseEstimator]:
        """The learner with a setting: its name, and itself."""
        if self.estimator is None:
            name = self._named(setting)
            return name, name
        if not setting:
            return self.name, self.estimator
        made = clone(self.estimator).set_params(**setting)
        return names.join_name(self.name, {key: label(value) for key, value in setting.items()}), made

    def _named(self, setting: Mapping[str, Any]) -> str:
        words = parse(self.name)
        features, modifiers, options = words.features, dict(words.modifiers), dict(words.options)
        for key, value in setting.items():
            if key == FEATURES:
                features = (label(value),)
            elif not key.startswith("+"):
                options[key] = label(value)
            elif value is True:
                modifiers[key[1:]] = DEFAULTS.get(key[1:], "")
            elif value is not False:
                modifiers[key[1:]] = label(value)
        # one setting has one name, in whatever order its parts were given
        known = dict.fromkeys(key.rstrip("=") for key in MODIFIERS)
        ordered = {key: modifiers[key] for key in known if key in modifiers}
        return str(Words(words.base, features, ordered, dict(sorted(options.items()))))

    def check(self, space: Space) -> None:
        """Build a learner with each value of each parameter.

        Raises:
            UsageError: what the learner does not know, or what its name fixes already.
            MissingExtra: the learner needs a package that is not installed.
        """
        if self.estimator is not None:
            known = self.estimator.get_params()
            for key in space.parts:
                if key not in known:
                    raise catalogue.unknown(f"parameter of {self.name}", key, known)
            return
        words = parse(self.name)
        for key, part in space.parts.items():
            if key.startswith("+") and key[1:] not in {word.rstrip("=") for word in MODIFIERS}:
                raise catalogue.unknown("modifier", key, [f"+{word.rstrip('=')}" for word in MODIFIERS])
            if key.startswith(("+", FEATURES)) and not isinstance(part, Choices):
                raise UsageError(f"{key} takes words, not numbers from a range; give {key}=a,b,c")
            if key == FEATURES and any(not isinstance(value, str) for value in part.values() or []):
                raise UsageError(f"@ takes features, as in @=pts,pix+pts; known: {', '.join(FEATURE_NAMES)}")
            if key.startswith(FEATURES) and key != FEATURES:
                raise UsageError(f"features are swept as @=a,b, as in @=pts,pix+pts; '{key}' is no parameter")
            fixed = words.features if key == FEATURES else key[1:] in words.modifiers or key in words.options
            if fixed:
                raise UsageError(f"{self.name} fixes {key} already; leave it out of the name, or of the sweep")
        for setting in ({}, *space.corners()):
            get_learner(self._named(setting))

    def epochs(self, setting: Setting) -> int | None:
        """Passes over the data of which it tells while it learns; None where it has no such parameter."""
        learner = self(setting)[1]
        found = get_learner(learner) if isinstance(learner, str) else learner
        for key, value in found.get_params().items():
            if key.split("__")[-1] == PASSES and isinstance(value, int):
                return value
        return None
