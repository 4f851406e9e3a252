"""Does it hurt to learn several answers at once?"""

from __future__ import annotations

from collections.abc import Iterable

from sklearn.base import clone
from sklearn.multioutput import MultiOutputRegressor

from spoton.why._change import Change
from spoton.why._probe import Probe
from spoton.why._study import Study


class Joint(Probe):
    """One learner an answer."""

    name = "joint"
    about = "several answers at once: one learner an answer"

    def changes(self, study: Study) -> Iterable[Change]:
        if study.train.y.shape[1] > 1 and study.task.kind == "number":
            yield Change(
                self.name,
                "one learner an answer",
                "learning several answers at once",
                lambda estimator: MultiOutputRegressor(clone(estimator)),
                "from sklearn.multioutput import MultiOutputRegressor\n\nlearner = MultiOutputRegressor(learner)",
                group="joint",
            )
