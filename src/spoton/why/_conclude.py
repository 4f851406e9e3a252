"""What the experiments of one diagnosis have shown so far, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import mean
from typing import TYPE_CHECKING, Any

from spoton._run import Run
from spoton.why._change import Change
from spoton.why._diagnosis import Diagnosis, Together, position
from spoton.why._effect import Effect
from spoton.why._probe import Fact
from spoton.why._study import Combination, Study

if TYPE_CHECKING:
    from spoton.why._stand_in import StandIn


@dataclass
class Known:
    """What the experiments have shown so far; an interrupt leaves it as it is."""

    as_it_is: list[Any] = field(default_factory=list)  # what every seed needs
    base: list[Run] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    order: list[Combination] = field(default_factory=list)
    together: Together | None = None
    stand_in: StandIn | None = None  # what the effects are of, if not of the learner itself
    whole: Effect | None = None  # then what the best of them does to the learner itself


def ranked(study: Study, known: Known) -> list[tuple[Change, Effect]]:
    """Changes and their effects, the largest first."""
    single = [(change, study.effects[(change,)]) for change in known.changes if (change,) in study.effects]
    # a figure of one seed stands behind those that have an interval; a bypass behind what mends a fifth as much
    single.sort(key=lambda pair: (pair[1].seeds == 1, -pair[1].closed * (0.2 if pair[0].bypass else 1.0)))
    return single


def left_over(study: Study, known: Known) -> Iterable[Fact]:
    """What none of the changes mends."""
    from spoton.why.probes import Bounds

    helps = [effect for change, effect in ranked(study, known) if effect.verdict == "helps" and not change.bypass]
    if known.stand_in is not None and helps and known.whole is None:
        return  # what the best of them does to the learner itself is not known
    helps += [known.together[1]] if known.together else []
    best = known.whole or max(helps, key=lambda one: one.closed, default=None)
    if not study.task.own and known.changes:  # on one's own rows its name would not say which
        yield from Bounds.left_over(study, best.closed if best else 0.0)


def best_of(study: Study, known: Known) -> tuple[Change, ...]:
    """The best combination, or the best change that helps; empty where none does."""
    if known.together is not None:
        return known.together[0]
    return tuple(change for change, effect in ranked(study, known) if effect.verdict == "helps")[:1]


def diagnosis_of(study: Study, known: Known, interrupted: bool, seconds: float) -> Diagnosis:
    """What is told of all of it."""
    single = ranked(study, known)
    best = best_of(study, known)
    changed = study.asked.with_changes(best) if best else ""
    hits = [run.metrics["valid"]["hit"] for run in known.base if "hit" in run.metrics.get("valid", {})]
    bad = [run for run in known.base if run.status != "ok"]
    tried = study.effects.keys() | study.failed.keys()
    return Diagnosis(
        task=study.task.name,
        learner=study.asked.name,
        position=position(study.errors(study.asked.pair()), study.floor),
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
