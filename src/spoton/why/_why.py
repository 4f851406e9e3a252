"""`why`: the experiments in order, within a budget of time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spoton import _interrupt
from spoton.errors import UsageError
from spoton.learners import get_learner
from spoton.tasks import Task, get_task
from spoton.why._change import Subject
from spoton.why._conclude import Known, diagnosis_of, left_over, ranked
from spoton.why._diagnosis import Diagnosis, Together
from spoton.why._effect import MISSES, effect
from spoton.why._keep import keep
from spoton.why._probe import Fact, Probe
from spoton.why._screen import SHARE, costly, screen, width
from spoton.why._stand_in import confirm, stand_in, told
from spoton.why._study import Combination, Study
from spoton.why._subject import subject_of

if TYPE_CHECKING:
    from spoton.store import Store

LAST = ("bounds", "reproducibility", "data", "memory", "places", "random-columns")  # probes whose facts cost fits
# shares of the budget by which are done: the learner itself, one seed a change, the other seeds, combinations
BASED, SCREENED, CONFIRMED, COMBINED = 0.4, 0.5, 0.78, 0.92
TOGETHER = 3  # changes in a combination, at most
FEWER = 3  # seeds, where fits are long
ON_TOP = 12  # changes that are tried on top of the best one; the first of each probe stand first


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
    chosen = list(every() if probes is None else probes)
    opened = Opened.open(store) if isinstance(store, str | Path) else store
    try:
        found = get_task(task) if isinstance(task, str) else task
        subject = learner if isinstance(learner, Subject) else subject_of(learner, found)
        if found.data().images:  # kernels are compiled once an installation: no part of the budget
            get_learner("spotnet").warm_up()
        start = time.monotonic()
        study = Study(
            found,
            subject,
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
            _interrupt.answered()
        study.settle(known.order)
        known.facts += left_over(study, known)
        diagnosis = diagnosis_of(study, known, interrupted, time.monotonic() - start)
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
        study.subject.spelled(change)
        for turn in turns
        for change in turn
        if change is not None and study.subject.with_changes([change]) != study.subject.name  # else it changes nothing
    ]
    if known.stand_in is not None:  # another number of epochs would undo it
        known.changes = [change for change in known.changes if change.kind != known.stand_in.short.kind]
    if known.base and all(run.status == "skipped" for run in known.base):
        known.changes = []
    last = [probe for probe in probes if probe.name in LAST]
    # there may be no time later, and these fits are short: the learner itself is not among them
    if costly(study) or known.stand_in is not None:
        for probe in [probe for probe in last if probe.name == "bounds"]:
            last.remove(probe)
            _look(probe, study, known, 0.2)
    study.deadline -= known.stand_in.reserve if known.stand_in else 0.0
    _measure(study, known)
    known.together = _together(study, known)
    if known.stand_in is not None:
        study.deadline += known.stand_in.reserve
        confirm(study, known, known.stand_in)
    for number, probe in enumerate(last):
        _look(probe, study, known, COMBINED + (1 - COMBINED) * number / len(last))


def _base(study: Study, known: Known) -> None:
    """The learner as it is and the ends of the scale: on the first seeds, then on the others."""
    ends = ["mean"] + (["oracle"] if study.task.oracle() is not None else [])
    known.as_it_is = [study.subject.pair(), *(name for name in ends if name != study.subject.name)]
    study.begin(f"{study.subject.name} as it is", 0.0, 0.1, len(study.seeds) * len(known.as_it_is))
    whole = study.deadline
    first = width(study)
    study.run(known.as_it_is, study.seeds[:first])
    known.base = [run for run in study.runs if run.learner == study.asked.name]
    known.stand_in = stand_in(study)
    if known.stand_in is not None:
        known.as_it_is[0] = study.subject.pair()
        study.run(known.as_it_is, study.seeds[:first])
        known.facts.append(told(study, known.stand_in))
    if costly(study):
        study.seeds = study.seeds[:FEWER]  # what is left of them is made when they are needed
    elif study.seeds[first:]:
        study.deadline = whole - (1 - BASED) * study.seconds
        study.run(known.as_it_is, study.seeds[first:])
    known.base = [run for run in study.runs if run.learner == study.asked.name]
    study.deadline = whole


def _look(probe: Probe, study: Study, known: Known, done: float) -> None:
    study.begin(probe.about, done, done)
    known.facts += probe.look(study)


def _measure(study: Study, known: Known) -> None:
    """One seed for all, then the others, the largest effects first."""
    whole = study.deadline
    study.begin(f"{len(known.changes)} changes, on one seed", 0.2, SCREENED, len(known.changes))
    study.deadline = max(whole - (1 - SCREENED) * study.seconds, time.monotonic() + 1.2 * SHARE * study.left)
    # the order is that of the screening, and stays so: what follows has no say in it
    known.order, cut = screen(study, known.changes)
    known.facts += cut
    # where fits are long there is no time for combinations
    study.deadline = whole - (1 - (COMBINED if cut else CONFIRMED)) * study.seconds
    again = [seed for seed in study.seeds[1:] if seed in study.base or costly(study)]
    # so many at once that no process waits for the next change
    lot = width(study) // math.gcd(width(study), max(len(again), 1))
    for start in range(0, len(known.order) if again else 0, lot):
        part = known.order[start : start + lot]
        if study.left <= 0:
            break
        done = [SCREENED + (CONFIRMED - SCREENED) * place / len(known.order) for place in (start, start + len(part))]
        words = f"{part[0][0].words}, on the other seeds ({start + 1} of {len(known.order)})"
        study.begin(words, done[0], done[1], len(part) * len(again))
        study.measure(part, again, beside=known.as_it_is)
    study.settle(known.order)
    study.deadline = whole


def _together(study: Study, known: Known) -> Together | None:
    """The best change with others on top of it, where they close more of what is left: one fault may hide another.

    As with single changes the first seed says in which order they are tried, and the others judge.
    """
    best = next((change for change, effect in ranked(study, known) if effect.verdict == "helps"), None)
    judged = [seed for seed in study.fresh if seed in study.base]
    if best is None or not judged:
        return None
    others = [
        change
        for change in known.changes
        if change.kind != best.kind and not change.bypass and (change,) not in study.failed
    ]
    others = others[:ON_TOP]
    whole = study.deadline
    study.deadline = whole - (1 - COMBINED) * study.seconds
    study.begin(f"{len(others)} changes on top of {best.words}", CONFIRMED, COMBINED, len(others))
    study.measure([(best, change) for change in others], study.seeds[:1])
    alone = study.errors(study.subject.with_changes([best])).get(study.seeds[0], math.inf)
    first = {change: study.errors(study.subject.with_changes([best, change])) for change in others}
    order = [change for change in others if first[change].get(study.seeds[0], math.inf) < alone]
    order.sort(key=lambda change: first[change][study.seeds[0]])
    chosen: Combination = (best,)
    misses = 0
    for change in order:
        if len(chosen) == TOGETHER or misses == MISSES or study.left <= 0:
            break
        if change.kind in {other.kind for other in chosen}:
            continue
        tried = (*chosen, change)
        study.begin(" and ".join(part.words for part in tried), COMBINED, COMBINED)
        study.measure([tried], judged)
        before, after = (study.errors(study.subject.with_changes(changes)) for changes in (chosen, tried))
        after = {seed: error for seed, error in after.items() if seed in judged}
        gain = effect(before, after, study.floor)
        if gain is not None and gain.confirmed and len(after) == len(judged):
            chosen = tried
        else:
            misses += 1
    study.deadline = whole
    return (chosen, study.effects[chosen]) if len(chosen) > 1 else None
