"""Where not even some twenty fits go into the budget: the same learner with fewer epochs stands in for it.

What helps the shorter one need not help the whole one. So the best of it is tried with all epochs at the end, and is
not called a cause where it does not help there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import mean

from spoton.learners import get_learner
from spoton.why._change import Change, Subject, setting
from spoton.why._conclude import Known, best_of
from spoton.why._effect import MATTERS, Effect, effect
from spoton.why._probe import Fact
from spoton.why._screen import seconds_a_fit, width
from spoton.why._study import Study, name_of

TOO_LONG = 0.045  # share of the budget from which on a fit has one that stands in
AIM = 0.022  # what such a one may take
SLACK = 1.3  # times the seconds of a fit that are kept for whole ones at the end


@dataclass(frozen=True)
class StandIn:
    """The learner with fewer epochs.

    Attributes:
        short: the change that makes it.
        epochs: of the learner that was asked about.
        seconds: that one of its fits takes.
        minutes: a budget in which nothing has to stand in.
    """

    short: Change
    epochs: int
    seconds: float
    minutes: int

    @property
    def reserve(self) -> float:
        """Seconds that are kept for whole fits at the end."""
        return SLACK * self.seconds


def stand_in(study: Study) -> StandIn | None:
    """Put a shorter learner in the place of the study's; None where that needs not be, or cannot."""
    from spoton.why.probes._optimisation import epochs_of

    found, each = epochs_of(study.asked.estimator), seconds_a_fit(study)
    if found is None or each <= TOO_LONG * study.seconds or found[1] < 2:
        return None
    fewer = max(1, min(found[1] - 1, round(found[1] * AIM * study.seconds / each)))
    short = setting("", f"{fewer} epoch{'s' * (fewer > 1)}", "", found[0].split("__")[-1], fewer)
    made = study.asked.with_changes([short])
    name, estimator = (made, get_learner(made)) if isinstance(made, str) else made
    study.subject = Subject(name, estimator, own=not isinstance(made, str))
    return StandIn(short, found[1], each * width(study), math.ceil(each / TOO_LONG / 60))


def told(study: Study, held: StandIn) -> Fact:
    """That what follows is not of the learner that was asked about."""
    whole, part = (study.errors(one.pair()) for one in (study.asked, study.subject))
    both = whole.keys() & part.keys()
    errors = [mean(errors[seed] for seed in both) for errors in (whole, part)] if both else []
    said = f" (error {errors[1]:.3g}; {errors[0]:.3g} with all)" if errors else ""
    return Fact(
        "stand-in",
        f"a fit takes {held.seconds:.0f} s, so all shares were measured with {held.short.words} instead of "
        f"{held.epochs}{said}; other numbers of epochs were not tried",
        advice=f"--minutes {held.minutes} measures the learner itself",
    )


def confirm(study: Study, known: Known, held: StandIn) -> None:
    """Try the best of what helps with all epochs; where it does not help there, withdraw it and try the next."""
    whole = study.errors(study.asked.pair())
    while (best := best_of(study, known)) and study.left > 0:
        words = " and ".join(change.words for change in best)
        study.begin(f"{words}, with all epochs", 0.9, 0.95, len(whole))
        changed = study.asked.with_changes(best)
        study.run([changed], sorted(whole))
        found = effect(whole, study.errors(name_of(changed)), study.floor)
        if found is None:
            break
        known.facts.append(Fact("stand-in", f"with all {held.epochs} epochs, {words} closes {_share(found)}"))
        if found.closed >= MATTERS:
            known.whole = found
            return
        for key in {best, *((change,) for change in best)} & study.effects.keys():
            study.effects[key] = replace(study.effects[key], refuted=True)
        known.together = None


def _share(found: Effect) -> str:
    seeds = "one seed" if found.seeds == 1 else f"{found.seeds} seeds"
    return f"{100 * found.closed:.0f} % of the gap on {seeds}" if found.closed > 0 else f"nothing, on {seeds}"
