"""`why`: the experiments in order, within a budget of time."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations, zip_longest
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from spoton._run import Run
from spoton.errors import UsageError
from spoton.tasks import Task, get_task
from spoton.why._change import Change, Subject
from spoton.why._diagnosis import Diagnosis, Together, position
from spoton.why._effect import MATTERS
from spoton.why._keep import keep
from spoton.why._probe import Fact, Probe
from spoton.why._study import Combination, Study
from spoton.why._subject import subject_of

if TYPE_CHECKING:
    from spoton.store import Store

LAST = ("bounds", "reproducibility", "data", "memory", "places", "random-columns")  # probes whose facts cost fits
# shares of the budget by which are done: the learner itself, one seed a change, the other seeds, combinations
BASED, SCREENED, CONFIRMED, COMBINED = 0.4, 0.55, 0.85, 0.92
TOGETHER = 3  # changes in a combination, at most


@dataclass
class Known:
    """What the experiments have shown so far; an interrupt leaves it as it is."""

    base: list[Run] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    ranked: list[Combination] = field(default_factory=list)
    together: Together | None = None


def why(
    learner: Any,
    task: str | Task,
    *,
    minutes: float = 3.0,
    seeds: int = 4,
    jobs: int | None = None,
    engine: str | None = None,
    address: str | None = None,
    store: str | Path | Store | None = None,
    probes: Iterable[Probe] | None = None,
    say: Callable[[str], None] | None = None,
    on_step: Callable[[str, float, float], None] | None = None,
) -> Diagnosis:
    """Find out by experiment what holds a learner back.

    Each probe asks for changes of the learner, one thing at a time. All are run on the first seed, which says in which
    order they are tried on the others; those that help there are tried together. An effect is the share of the gap
    between the learner and the oracle that it closes; its interval is paired by seed, and does not hold the first seed,
    since what looks best on it was chosen by it. With two seeds alone it does. A change is called a cause where its
    interval lies above 0 and fewer than two changes before it in the order were not confirmed, so that at most one
    diagnosis in ten names a useless change (see `spoton.why._effect.in_order`), as far as seeds are independent: their
    splits share rows.

    Ctrl-C ends the experiments and gives the diagnosis of what was measured until then; `interrupted` says so.

    Args:
        learner: a name (see `get_learner`), a scikit-learn regressor, a torch module, of which copies with fresh
            weights are trained, a class or function that makes one from (in_shape, n_out, y_range=None), or a Learner
            of fastai, fitted or not.
        task: a name, or a Task, as of one's own data.
        minutes: the budget; a fit that has begun is finished.
        seeds: how many splits: one to screen, the others to confirm.
        jobs: runs at once: 1 by default, with `engine` all the cores of this machine or of the cluster.
        engine: where runs are made: `serial`, `loky` (processes), `ray` or `dask`, as for `bench`.
        address: of a running cluster.
        store: file or URL of a database in which runs are kept and found again, and the diagnosis too.
        probes: those to use; all of `spoton.why.probes` by default.
        say: told what is being done.
        on_step: told the same, how much of all is done, from 0 to 1, and how many seconds are left at most.

    Raises:
        UsageError: an unknown name, a learner of another kind, or a net that does not fit the task.
    """
    from spoton import engines
    from spoton.store import Store as Opened
    from spoton.why.probes import probes as every

    if seeds < 1 or not minutes > 0:
        raise UsageError(f"why needs one seed or more and a budget above 0, not {seeds} and {minutes:g} minutes")
    engines.check(engine or "serial", jobs, address)
    start = time.monotonic()
    chosen = list(every() if probes is None else probes)
    opened = Opened.open(store) if isinstance(store, str | Path) else store
    try:
        found = get_task(task) if isinstance(task, str) else task
        study = Study(
            found,
            learner if isinstance(learner, Subject) else subject_of(learner, found),
            seeds=range(seeds),
            seconds=60 * minutes,
            jobs=jobs,
            engine=engine,
            address=address,
            store=opened,
            on_step=_steps(say, on_step),
        )
        known, interrupted = Known(), False
        try:
            _experiments(study, chosen, known)
        except KeyboardInterrupt:
            if not study.base:
                raise  # nothing is known
            interrupted = True
        study.settle(known.ranked)
        diagnosis = _diagnosis(study, known, interrupted, time.monotonic() - start)
        if opened is not None:
            keep(opened, diagnosis)
        return diagnosis
    finally:
        if opened is not None and opened is not store:
            opened.close()


def _steps(
    say: Callable[[str], None] | None, on_step: Callable[[str, float, float], None] | None
) -> Callable[[str, float, float], None]:
    said: list[str] = []

    def step(words: str, done: float, left: float) -> None:
        if say is not None and said[-1:] != [words]:
            said.append(words)
            say(words)
        if on_step is not None:
            on_step(words, done, left)

    return step


def _experiments(study: Study, probes: list[Probe], known: Known) -> None:
    """All of them, in order."""
    known.facts += [Fact("learner", note) for note in study.subject.notes]
    _base(study, known)
    first = [probe for probe in probes if probe.name not in LAST]
    for number, probe in enumerate(first):
        _look(probe, study, known, 0.1 + 0.1 * number / len(first))
    # the first suspicion of each probe, then the second ones: a budget that ends early has seen all kinds
    turns = zip_longest(*(list(probe.changes(study)) for probe in probes))
    known.changes = [
        change
        for turn in turns
        for change in turn
        if change is not None and study.subject.with_changes([change]) != study.subject.name  # else it changes nothing
    ]
    if known.base and all(run.status == "skipped" for run in known.base):
        known.changes = []
    _measure(study, known)
    known.together = _together(study)
    last = [probe for probe in probes if probe.name in LAST]
    for number, probe in enumerate(last):
        _look(probe, study, known, COMBINED + (1 - COMBINED) * number / len(last))


def _base(study: Study, known: Known) -> None:
    """The learner as it is and the ends of the scale: on the first seed, then on the others."""
    ends = ["mean"] + (["oracle"] if study.task.oracle() is not None else [])
    ends = [name for name in ends if name != study.subject.name]
    study.begin(f"{study.subject.name} as it is", 0.0, 0.1, len(study.seeds) * (1 + len(ends)))
    whole = study.deadline
    for seeds in (study.seeds[:1], study.seeds[1:]):
        runs = study.run([study.subject.pair(), *ends], seeds) if seeds else []
        known.base += [run for run in runs if run.learner == study.subject.name]
        study.deadline = whole - (1 - BASED) * study.seconds
    study.deadline = whole


def _look(probe: Probe, study: Study, known: Known, done: float) -> None:
    study.begin(probe.about, done, done)
    known.facts += probe.look(study)


def _measure(study: Study, known: Known) -> None:
    """One seed for all, then the others, the largest effects first."""
    whole = study.deadline
    study.begin(f"{len(known.changes)} changes, on one seed", 0.2, SCREENED, len(known.changes))
    study.deadline = whole - (1 - SCREENED) * study.seconds
    study.measure([(change,) for change in known.changes], study.seeds[:1])
    study.deadline = whole - (1 - CONFIRMED) * study.seconds
    # the order is that of the screening, and stays so: what follows has no say in it
    known.ranked = sorted(study.effects, key=lambda key: -study.effects[key].closed)
    again = [seed for seed in study.seeds[1:] if seed in study.base]
    # so many at once that no process waits for the next change
    width = study.jobs or (os.cpu_count() or 1 if study.engine else 1)
    lot = width // math.gcd(width, max(len(again), 1))
    for start in range(0, len(known.ranked) if again else 0, lot):
        part = known.ranked[start : start + lot]
        done = [SCREENED + (CONFIRMED - SCREENED) * place / len(known.ranked) for place in (start, start + len(part))]
        words = f"{part[0][0].words}, on the other seeds ({start + 1} of {len(known.ranked)})"
        study.begin(words, done[0], done[1], len(part) * len(again))
        if study.left <= 0:
            break
        study.measure(part, again)
    study.settle(known.ranked)
    study.deadline = whole


def _together(study: Study) -> Together | None:
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
    judged = [seed for seed in study.fresh if seed in study.base]
    study.begin(f"{len(asked)} combinations", CONFIRMED, COMBINED, len(asked) * len(judged))
    whole = study.deadline
    study.deadline = whole - (1 - COMBINED) * study.seconds
    study.measure(asked, judged)
    study.deadline = whole
    found = [key for key in asked if key in study.effects and study.effects[key].seeds == len(judged)]
    if not found:
        return None
    best = max(found, key=lambda key: study.effects[key].closed)
    alone = max(study.effects[(change,)].closed for change in best)
    gain = study.effects[best].closed - alone
    # of what the best single change leaves
    return (best, study.effects[best]) if gain > MATTERS * max(1 - alone, 0.0) and gain > 0 else None


def _diagnosis(study: Study, known: Known, interrupted: bool, seconds: float) -> Diagnosis:
    single = [(change, study.effects[(change,)]) for change in known.changes if (change,) in study.effects]
    # a figure of one seed stands behind those that have an interval; a bypass behind what mends half as much
    single.sort(key=lambda pair: (pair[1].seeds == 1, -pair[1].closed * (0.5 if pair[0].bypass else 1.0)))
    helps = [change for change, effect in single if effect.verdict == "helps"]
    best = known.together[0] if known.together else tuple(helps[:1])
    changed = study.subject.with_changes(best) if best else ""
    hits = [run.metrics["valid"]["hit"] for run in known.base if "hit" in run.metrics.get("valid", {})]
    bad = [run for run in known.base if run.status != "ok"]
    tried = study.effects.keys() | study.failed.keys()
    return Diagnosis(
        task=study.task.name,
        learner=study.subject.name,
        position=position(study.base, study.floor),
        hit=mean(hits) if hits else None,
        facts=tuple(sorted(known.facts, key=lambda fact: not fact.fault)),
        measured=tuple(single),
        together=known.together,
        untested=tuple(change for change in known.changes if (change,) not in tried),
        runs=tuple(study.runs),
        seconds=seconds,
        trouble=bad[0].reason if bad else "",
        name=changed if isinstance(changed, str) else "",
        failed=tuple((key[0], reason) for key, reason in study.failed.items() if len(key) == 1),
        interrupted=interrupted,
    )
