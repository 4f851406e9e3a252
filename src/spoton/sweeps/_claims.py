"""Which trial belongs to whom: several processes sweep together, and no setting is made twice.

Every storage of Optuna numbers trials, one after the other. A process that has drawn a setting writes the learner's
name to its trial, waits until all trials with lower numbers have said theirs, and gives way to one that has the same:
of two that drew one setting at once, the lower number makes it. (L. Lamport, "A new solution of Dijkstra's concurrent
programming problem", 1974: the bakery, with Optuna's numbers as tickets.)

What counts: trials with a `claim` that run, or that were `made`, well or not. A trial that failed and was not made was
interrupted, and its setting is free again; one that is `void` gave way.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import Trial

CLAIM, MADE, VOID = "claim", "made", "void"  # attributes of trials
LEARNER, OWNER, PLANNED = "learner", "owner", "epochs"  # keys of a claim
STATE, VALUE = "state", "value"  # keys of what was made
PATIENCE = 10.0  # seconds to draw a setting in; after that its process is taken to be dead


class Given(BaseSampler):
    """Draws one setting that is known already."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing is drawn together."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing is drawn together."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The value that is given."""
        return self._values[param_name]


def counted(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Those that count, see above."""
    return [
        trial
        for trial in trials
        if CLAIM in trial.user_attrs
        and VOID not in trial.user_attrs
        and (trial.state != TrialState.FAIL or MADE in trial.user_attrs)
    ]


def running(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Those that count and are not finished."""
    return [trial for trial in counted(trials) if not trial.state.is_finished()]


def learner_of(trial: FrozenTrial) -> str:
    """What a trial makes."""
    return str(trial.user_attrs[CLAIM][LEARNER])


def claim(study: Study, trial: Trial, learner: str, planned: int | None, most: int) -> bool:
    """Say that this trial makes `learner`. False where another one does, or where `most` are there already."""
    try:
        trial.set_user_attr(CLAIM, {LEARNER: learner, OWNER: owner(), PLANNED: planned})
    except UpdateFinishedTrialError:  # it took so long to draw that others took this process to be dead
        return False
    deadline = time.monotonic() + PATIENCE
    while True:
        earlier = [other for other in study.get_trials(deepcopy=False) if other.number < trial.number]
        drawing = [other for other in earlier if not other.state.is_finished() and CLAIM not in other.user_attrs]
        if not drawing:
            break
        if time.monotonic() > deadline:
            give_up(study, [other.number for other in drawing])
            break
        time.sleep(0.01)
    held = counted(earlier)
    if len(held) < most and all(learner_of(other) != learner for other in held):
        return True
    trial.set_user_attr(VOID, "made by another trial, or one too many")
    study.tell(trial, state=TrialState.FAIL)
    return False


def finish(study: Study, number: int, made: Mapping[str, Any] | None) -> None:
    """Tell Optuna what came of a trial; without that, its setting is free again."""
    if made is not None and made[STATE] == TrialState.COMPLETE.name:
        study.tell(number, made[VALUE], skip_if_finished=True)
    else:
        state = TrialState.FAIL if made is None else TrialState[made[STATE]]
        study.tell(number, state=state, skip_if_finished=True)


def give_up(study: Study, numbers: Iterable[int]) -> None:
    """Trials that nobody works at: one that was made is finished, the setting of another is free again."""
    trials = study.get_trials(deepcopy=False)
    for number in numbers:
        finish(study, number, trials[number].user_attrs.get(MADE))


def free_the_dead(study: Study) -> None:
    """Give up the trials of processes of this machine that are gone."""
    dead = []
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        begun = trial.datetime_start or datetime.fromtimestamp(0)
        age = (datetime.now(begun.tzinfo) - begun).total_seconds()
        claimed = trial.user_attrs.get(CLAIM)
        if age > PATIENCE if claimed is None else not alive(claimed[OWNER]):
            dead.append(trial.number)
    give_up(study, dead)


def owner() -> list[Any]:
    """This process: its machine, number, and when it began."""
    return [socket.gethostname(), os.getpid(), _begun(os.getpid())]


def alive(held: list[Any]) -> bool:
    """Whether a process is there, as far as that can be known: one of another machine is taken to be."""
    host, number, begun = held
    if host != socket.gethostname():
        return True
    if os.name != "posix":  # to look for a process there would end it
        return bool(number == os.getpid())
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return bool(_begun(number) == begun)


def _begun(number: int) -> str:
    """When a process began, since numbers are used again; empty where the system does not tell."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
