"""Does it hurt to learn several answers at once?"""

from __future__ import annotations

from collections.abc import Iterable

from sklearn.base import clone
from sklearn.multioutput import MultiOutputRegressor

from spoton.learners import EachOutput, TorchRegressor, model_of
from spoton.why._change import Change
from spoton.why._probe import Probe
from spoton.why._study import Study
from spoton.why.probes._built import built


class Joint(Probe):
    """One learner an answer."""

    name = "joint"
    about = "several answers at once: one learner an answer"

    def changes(self, study: Study) -> Iterable[Change]:
        if study.train.y.shape[1] < 2 or study.task.kind == "class" or _is_separate(study):
            return
        yield Change(
            self.name,
            "one learner an answer",
            "learning several answers at once",
            lambda estimator: MultiOutputRegressor(clone(estimator)),
            "from sklearn.multioutput import MultiOutputRegressor\n\nlearner = MultiOutputRegressor(learner)",
            group="joint",
        )


def _is_separate(study: Study) -> bool:
    """Whether the learner fits one model an answer as it is, or answers with points, of which a half is nothing."""
    estimator = study.subject.estimator
    kinds = (EachOutput, MultiOutputRegressor)
    if any(isinstance(part, kinds) for part in (estimator, *estimator.get_params().values())):
        return True
    model = model_of(estimator)
    if type(model).__module__.startswith(("sklearn.linear_model", "sklearn.neighbors", "sklearn.dummy")):
        return True  # their answers do not touch each other
    return isinstance(model, TorchRegressor) and hasattr(built(study, model), "decode")
