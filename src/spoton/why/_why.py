"""`why`: the experiments in order, within a budget of time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from spoton._run import Run
from spoton.errors import UsageError
from spoton.learners import TorchRegressor, get_learner
from spoton.tasks import Task, get_task
from spoton.why._change import Change, Subject
from spoton.why._diagnosis import Diagnosis, position
from spoton.why._effect import MATTERS
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

if TYPE_CHECKING:
    from spoton.store import Store

LAST = ("bounds", "reproducibility", "data")  # probes whose facts cost fits
SCREENED, CONFIRMED = 0.5, 0.85  # shares of the budget: one seed each, then all seeds
TOGETHER = 3  # changes in a combination, at most


def why(
    learner: Any,
    task: str | Task,
    *,
    minutes: float = 3.0,
    seeds: int = 3,
    jobs: int = 1,
    store: str | Path | Store | None = None,
    probes: Iterable[Probe] | None = None,
    say: Callable[[str], None] | None = None,
) -> Diagnosis:
    """Find out by experiment what holds a learner back.

    Each probe asks for changes of the learner, one thing at a time. All are run on one seed, the most promising ones
    and then the others on all seeds, and those that help are tried together. An effect is the share of the gap
    between the learner and the oracle that it closes; its interval is paired by seed, and a change of which the
    interval holds 0 is not called a cause.

    Args:
        learner: a name (see `get_learner`), a scikit-learn regressor, or a class of torch modules that takes
            (in_shape, n_out, y_range=None).
        task: a name, or a Task, as of one's own data.
        minutes: the budget; a fit that has begun is finished.
        seeds: how many splits.
        jobs: processes.
        store: file or URL of a database in which runs are kept and found again.
        probes: those to use; all of `spoton.why.probes` by default.
        say: told what is being done.

    Raises:
        UsageError: an unknown name, or a learner of another kind.
    """
    from spoton.store import Store as Opened
    from spoton.why.probes import probes as every

    start = time.monotonic()
    told = say or (lambda text: None)
    chosen = list(every() if probes is None else probes)
    opened = Opened.open(store) if isinstance(store, str | Path) else store
    try:
        study = Study(
            get_task(task) if isinstance(task, str) else task,
            subject_of(learner),
            seeds=range(seeds),
            seconds=60 * minutes,
            jobs=jobs,
            store=opened,
        )
        told(f"{study.subject.name} as it is")
        ends = ["mean"] + (["oracle"] if study.task.oracle() is not None else [])
        base = [run for run in study.run([study.subject.pair(), *ends]) if run.learner == study.subject.name]
        facts = [fact for probe in chosen if probe.name not in LAST for fact in _look(probe, study, told)]
        changes = [
            change
            for probe in chosen
            for change in probe.changes(study)
            if study.subject.with_changes([change]) != study.subject.name
        ]
        if base and all(run.status == "skipped" for run in base):
            changes = []
        _measure(study, changes, told)
        together = _together(study, told)
        facts += [fact for probe in chosen if probe.name in LAST for fact in _look(probe, study, told)]
        return _diagnosis(study, base, facts, changes, together, time.monotonic() - start)
    finally:
        if opened is not None and opened is not store:
            opened.close()


def subject_of(learner: Any) -> Subject:
    """The learner as one to be studied."""
    if isinstance(learner, str):
        return Subject(learner, get_learner(learner))
    if isinstance(learner, BaseEstimator):
        return Subject(type(learner).__name__, learner)
    from torch import nn

    if isinstance(learner, type) and issubclass(learner, nn.Module):
        return Subject(learner.__name__, TorchRegressor(net=learner))
    raise UsageError(
        f"why takes the name of a learner, a scikit-learn regressor or a class of torch modules, not a "
        f"{type(learner).__name__}"
    )


def _look(probe: Probe, study: Study, told: Callable[[str], None]) -> list[Fact]:
    told(probe.about)
    return list(probe.look(study))


def _measure(study: Study, changes: list[Change], told: Callable[[str], None]) -> None:
    """One seed for all, then all seeds, the largest effects first."""
    whole = study.deadline
    budget = study.left
    told(f"{len(changes)} changes, on one seed")
    study.deadline = whole - (1 - SCREENED) * budget
    study.measure([(change,) for change in changes], study.seeds[:1])
    study.deadline = whole - (1 - CONFIRMED) * budget
    ranked = sorted(study.effects, key=lambda key: -study.effects[key].closed)
    for number, key in enumerate(ranked):
        told(f"{key[0].words}, on all seeds ({number + 1} of {len(ranked)})")
        if study.left <= 0:
            break
        study.measure([key])
    study.deadline = whole


def _together(study: Study, told: Callable[[str], None]) -> tuple[tuple[Change, ...], Any] | None:
    """The best combination of changes that help, if it is better than each alone."""
    helps = [key[0] for key, effect in study.effects.items() if len(key) == 1 and effect.verdict == "helps"]
    helps.sort(key=lambda change: -study.effects[(change,)].closed)
    best_of_group: dict[str, Change] = {}
    for change in helps:
        best_of_group.setdefault(change.group or change.words, change)
    chosen = list(best_of_group.values())[:TOGETHER]
    asked = [pair for size in range(2, len(chosen) + 1) for pair in combinations(chosen, size)]
    if not asked:
        return None
    told(f"{len(asked)} combinations")
    study.measure(asked)
    found = [key for key in asked if key in study.effects and study.effects[key].seeds == len(study.seeds)]
    if not found:
        return None
    best = max(found, key=lambda key: study.effects[key].closed)
    alone = max(study.effects[(change,)].closed for change in best)
    gain = study.effects[best].closed - alone
    # of what the best single change leaves
    return (best, study.effects[best]) if gain > MATTERS * max(1 - alone, 0.0) and gain > 0 else None


def _diagnosis(
    study: Study,
    base: list[Run],
    facts: list[Fact],
    changes: list[Change],
    together: tuple[tuple[Change, ...], Any] | None,
    seconds: float,
) -> Diagnosis:
    single = [(change, study.effects[(change,)]) for change in changes if (change,) in study.effects]
    single.sort(key=lambda pair: -pair[1].closed)
    best = together[0] if together else tuple(change for change, effect in single[:1] if effect.verdict == "helps")
    changed = study.subject.with_changes(best) if best else ""
    hits = [run.metrics["valid"]["hit"] for run in base if "hit" in run.metrics.get("valid", {})]
    failed = [run for run in base if run.status != "ok"]
    return Diagnosis(
        task=study.task.name,
        learner=study.subject.name,
        position=position(study.base, study.floor),
        hit=mean(hits) if hits else None,
        facts=tuple(sorted(facts, key=lambda fact: not fact.fault)),
        measured=tuple(single),
        together=together,
        untested=tuple(change for change in changes if (change,) not in study.effects),
        runs=tuple(study.runs),
        seconds=seconds,
        trouble=failed[0].reason if failed else "",
        name=changed if isinstance(changed, str) else "",
    )
