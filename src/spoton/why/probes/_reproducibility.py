"""Does the same seed give the same answers?"""

from __future__ import annotations

from collections.abc import Iterable

from spoton._evaluate import evaluate
from spoton.why._effect import error_of
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study


class Reproducibility(Probe):
    """The first run once more, with the same seed."""

    name = "reproducibility"
    about = "the same seed twice"

    def look(self, study: Study) -> Iterable[Fact]:
        pair = study.subject.pair()
        known = [run for run in study.runs if run.learner == study.subject.name and run.asked_train_size is None]
        first = next((run for run in known if run.seed == study.seeds[0] and run.status == "ok"), None)
        if first is None or (first.fit_seconds or 0.0) > study.left:
            return
        learner, name = (pair, None) if isinstance(pair, str) else (pair[1], pair[0])
        again = evaluate(learner, study.task, study.seeds[0], name=name)
        if again.metrics.get("valid") == first.metrics["valid"]:
            yield Fact(self.name, "the same seed gives the same figures, to the last digit")
        else:
            yield Fact(
                self.name,
                f"the same seed gives an error of {error_of(first):.4g} and then of {error_of(again):.4g}; figures of "
                "single runs are not to be compared",
                advice="seed what the learner draws: a parameter random_state, torch's and NumPy's generators",
            )
