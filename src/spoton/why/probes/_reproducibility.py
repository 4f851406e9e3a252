"""Does the same seed give the same answers, here and elsewhere, and in another order of the columns?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from statistics import mean, stdev

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline

from spoton._provenance import provenance
from spoton._run import Run
from spoton.why._effect import error_of
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study, name_of
from spoton.why.probes._columns import Reordered
from spoton.why.probes._cost import affords, again, first_run

PLACE = ("platform", "cpu", "gpu", "python", "packages")  # what another machine is, of a run's provenance
BEYOND = 3.0  # standard deviations over seeds from which on a difference is no noise of theirs
LEAST = 0.01  # share of the error below which a difference is none
BEYOND_THEM = "more than the seeds differ"


class Reproducibility(Probe):
    """The first run once more with the same seed, with its columns in another order, and as other machines had it."""

    name = "reproducibility"
    about = "the same seed twice; columns in another order; stored runs of other machines"

    def look(self, study: Study) -> Iterable[Fact]:
        first, fresh = first_run(study), again(study)
        if first is None:
            return
        if fresh is not None:
            if fresh.metrics.get("valid") == first.metrics["valid"]:
                yield Fact(self.name, "the same seed gives the same figures, to the last digit")
            else:
                where = "" if _same_place(first, fresh) else " (the first on another machine, or with other packages)"
                yield Fact(
                    self.name,
                    f"the same seed gives an error of {error_of(first):.4g} and then of {error_of(fresh):.4g}{where}; "
                    "figures of single runs are not to be compared",
                    advice="seed what the learner draws: a parameter random_state, torch's and NumPy's generators",
                )
        yield from self._elsewhere(study, fresh or first)
        yield from self._order(study)

    def _elsewhere(self, study: Study, here: Run) -> Iterator[Fact]:
        """The same cell in the store, from another machine or version."""
        if study.store is None:
            return
        stored = study.store.runs(task=here.task, learner=here.learner, status="ok")
        same = [run for run in stored if _cell(run) == _cell(here) and run.metrics.get("valid")]
        others = {_place(run): run for run in same if _place(run) != _place(here)}
        for run in others.values():
            there, now = error_of(run), error_of(here)
            where = _difference(run, here)
            if run.metrics["valid"] == here.metrics["valid"]:
                yield Fact(self.name, f"a stored run with {where} gave the same figures, to the last digit")
                continue
            how = _beside_seeds(study, there, now)
            yield Fact(
                self.name,
                f"a stored run with {where} gave an error of {there:.4g}, here it is {now:.4g}: {how}",
                advice="compare figures of one machine and one set of packages only" if how == BEYOND_THEM else "",
            )

    def _order(self, study: Study) -> Iterator[Fact]:
        """The learner on a table whose columns stand in another order."""
        X = study.train.X
        base = study.base.get(study.seeds[0])
        if not isinstance(X, pd.DataFrame) or X.shape[1] < 2 or base is None or not affords(study):
            return
        learner = (f"{study.subject.name}, columns in another order", _reordered(study.subject.estimator))
        study.run([learner], study.seeds[:1])
        error = study.errors(name_of(learner)).get(study.seeds[0])
        if error is None or np.isclose(error, base, rtol=1e-6, atol=1e-9):
            return
        how = _beside_seeds(study, error, base)
        words = f"with its columns in another order the error goes from {base:.3g} to {error:.3g}: {how}"
        if how == BEYOND_THEM:
            yield Fact(
                self.name,
                f"{words}; consistent with a learner that takes a column's place for its meaning",
                advice="look for column numbers in the learner, and for a limit on how many columns it reads",
            )
        else:
            yield Fact(self.name, words)


def _reordered(estimator: BaseEstimator) -> BaseEstimator:
    return make_pipeline(Reordered(), clone(estimator))


def _beside_seeds(study: Study, one: float, other: float) -> str:
    """Whether two errors differ by more than the seeds do, in words."""
    errors = list(study.base.values())
    if len(errors) < 3:
        return "fewer than three seeds do not tell whether that is noise"
    far = abs(one - other) > max(BEYOND * stdev(errors), LEAST * mean(errors))
    return BEYOND_THEM if far else "no more than the seeds differ"


def _cell(run: Run) -> tuple[object, ...]:
    """Its identity, whatever the version."""
    return run.identity[:-1]


def _place(run: Run) -> str:
    held = run.provenance or {}
    # a database keeps dictionaries in another order
    return json.dumps([held.get(key) or "" for key in PLACE] + [run.version], sort_keys=True)


def _same_place(one: Run, other: Run) -> bool:
    return _place(one) == _place(other)


def _difference(there: Run, here: Run) -> str:
    """What differs between two places, in a few words."""
    then, now = there.provenance or {}, here.provenance or provenance()
    words = [f"{key} {then.get(key) or 'unknown'}" for key in PLACE[:-1] if then.get(key) != now.get(key)]
    packages, present = then.get("packages") or {}, now.get("packages") or {}
    words += [f"{name} {packages[name]}" for name in packages if packages[name] != present.get(name)][:3]
    if there.version != here.version:
        words.append(f"spoton {there.version}")
    return ", ".join(words) or "other packages"
