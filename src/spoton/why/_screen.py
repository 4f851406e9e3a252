"""In which order changes are tried: all on one seed, with fewer epochs where there is no time for whole fits."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from spoton.why._change import Change, parameter, setting
from spoton.why._effect import error_of
from spoton.why._probe import Fact
from spoton.why._study import Combination, Study, name_of

SHARE = 0.3  # of the time that is left, for the screening
LONG = 0.03  # share of the budget from which on a fit is long
SLOW = 1.5  # times the seconds of the learner as it is, from which on a changed one stands behind the others


def width(study: Study) -> int:
    """Runs at once."""
    return study.jobs or (os.cpu_count() or 1 if study.engine else 1)


def seconds_a_fit(study: Study) -> float:
    """Of the learner as it is, shared by those that run at once; 0 where it is not known."""
    known = [run.fit_seconds for run in study.runs if run.learner == study.subject.name and run.fit_seconds]
    return sum(known) / len(known) / width(study) if known else 0.0


def costly(study: Study) -> bool:
    """Whether the budget has room for some thirty fits at most."""
    return seconds_a_fit(study) > LONG * study.seconds


def shorter(study: Study, count: int) -> Change | None:
    """Fewer epochs, with which so many changes are screened in their share of the time; None where all fit in."""
    from spoton.why.probes._optimisation import epochs_of

    found, need = epochs_of(study.subject.estimator), count * seconds_a_fit(study)
    room = SHARE * max(study.left, 0.0)
    if found is None or need <= room or found[1] < 2:
        return None
    fewer = max(1, min(found[1] - 1, math.floor(found[1] * room / need)))
    return setting("", f"{fewer} epoch{'s' * (fewer > 1)}", "", found[0].split("__")[-1], fewer)


def screen(study: Study, changes: Sequence[Change]) -> tuple[list[Combination], list[Fact]]:
    """All changes on the first seed, and which of them are to be confirmed first; what was cut short for it."""
    short = shorter(study, len(changes))
    if short is None:
        study.measure([(change,) for change in changes], study.seeds[:1])
        return sorted(study.effects, key=lambda key: -study.effects[key].closed), []
    # one that sets the epochs itself would undo the cut: it stands behind the others
    cut = {change: study.subject.with_changes([short, change]) for change in changes if change.kind != short.kind}
    unique = {name_of(learner): learner for learner in cut.values()}
    study.run([study.subject.with_changes([short]), *unique.values()], study.seeds[:1])
    made = {run.learner: run for run in study.runs if run.seed == study.seeds[0]}
    usual = made[base].fit_seconds if (base := name_of(study.subject.with_changes([short]))) in made else None

    def place(change: Change) -> tuple[bool, bool, float]:
        """Ways around stand behind, as do those that take long: with more steps a net is better at first."""
        run = made.get(name_of(cut[change]))
        slow = usual is not None and run is not None and (run.fit_seconds or 0.0) > SLOW * usual
        return change.bypass, slow, math.inf if run is None else error_of(run)

    order = sorted(cut, key=place) + [change for change in changes if change not in cut]
    whole = parameter(study.subject.estimator, short.kind)
    said = (
        f"a fit takes {seconds_a_fit(study) * width(study):.0f} s, so {len(cut)} changes were put in order by one seed "
        f"with {short.words} instead of {whole[1] if whole else '?'}: {'; '.join(change.words for change in order[:3])}"
    )
    return [(change,) for change in order], [Fact("screening", said)]
