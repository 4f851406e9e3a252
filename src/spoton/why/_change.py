"""`Change`: one thing that is done differently, to a learner of any kind, with the words and the code for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from sklearn.base import BaseEstimator, clone

from spoton.learners import is_known, rename

Apply = Callable[[BaseEstimator], BaseEstimator]


@dataclass(frozen=True)
class Change:
    """A controlled change of a learner.

    Attributes:
        probe: the probe that asks for it.
        words: what is done, as in "standardise the answers in training".
        cause: what holds the learner back, if this helps: a noun phrase.
        apply: a fresh estimator -> the changed one.
        code: lines of Python that do it, to `learner`.
        rewrite: name of a learner of the catalogue -> the name that does the same, or None where there is none. A
            name is preferred: its runs are those of the bench.
        group: of changes of one group only one goes into a combination.
        bypass: it gives the learner another way to the answer, and so helps whatever it is that holds it back. As a
            cause it stands behind what mends a fifth as much.
    """

    probe: str
    words: str
    cause: str
    apply: Apply
    code: str
    rewrite: Callable[[str], str | None] | None = None
    group: str = ""
    bypass: bool = False

    @property
    def kind(self) -> str:
        """What it has in common with those that exclude it."""
        return self.group or self.words


@dataclass(frozen=True)
class Subject:
    """The learner that is looked at.

    Attributes:
        name: of the catalogue, or what its runs are called.
        estimator: unfitted.
        own: it was given as an object; its name, whatever it is, makes nothing.
        notes: what the user has to know of how it is run, a sentence each.
    """

    name: str
    estimator: BaseEstimator
    own: bool = False
    notes: tuple[str, ...] = ()

    @property
    def named(self) -> bool:
        """Whether its name alone makes it."""
        return not self.own and is_known(self.name)

    def pair(self) -> Any:
        """What a bench takes."""
        return self.name if self.named else (self.name, self.estimator)

    def spelled(self, change: Change) -> Change:
        """The same change, its code with parameters as this learner names them: `model__lr` within a pipeline."""

        def full(setting: re.Match[str]) -> str:
            found = parameter(self.estimator, setting[1])
            return f"learner.set_params({found[0] if found else setting[1]}="

        return replace(change, code=re.sub(r"\blearner\.set_params\((\w+)=", full, change.code))

    def with_changes(self, changes: Iterable[Change]) -> Any:
        """The changed learner, as a bench takes it: a name where there is one."""
        changes = list(changes)
        name: str | None = self.name if self.named else None
        for change in changes:
            name = change.rewrite(name) if name is not None and change.rewrite is not None else None
        if name is not None:
            return name
        changed = reduce(lambda estimator, change: change.apply(estimator), changes, clone(self.estimator))
        return (f"{self.name}, {' and '.join(change.words for change in changes)}", changed)


def parameter(estimator: BaseEstimator, key: str) -> tuple[str, Any] | None:
    """The full name and the value of a parameter of the model inside, the nearest to the surface; None where none."""
    found = [full for full in estimator.get_params() if full.split("__")[-1] == key]
    best = min(found, key=lambda full: full.count("__"), default=None)
    return None if best is None else (best, estimator.get_params()[best])


def setting(probe: str, words: str, cause: str, key: str, value: Any, group: str = "") -> Change:
    """A parameter of the model inside, set."""

    def apply(estimator: BaseEstimator) -> BaseEstimator:
        changed = clone(estimator)
        if (found := parameter(changed, key)) is not None:
            changed.set_params(**{found[0]: value})
        return changed

    text = value if isinstance(value, str) else repr(value)
    return Change(
        probe,
        words,
        cause,
        apply,
        f"learner.set_params({key}={value!r})",
        lambda name: rename(name, options={key: text}),
        group or key,
    )
