"""One trial: a run, stopped early where others were better at the same epoch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from optuna.pruners import MedianPruner
from optuna.trial import FrozenTrial, TrialState

from spoton._cells import Cell
from spoton._run import Run
from spoton.errors import Refused
from spoton.history import History, on_epoch
from spoton.sweeps._claims import CLAIM, PLANNED
from spoton.sweeps._studies import Studies, quiet

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study, StudyDirection

PRUNED = "pruned"
LOOKS = 10  # at the score of a trial, while it learns
PEERS = 5  # finished trials that there have to be before one is stopped


class Pruned(Refused):
    """A trial is worse than the others were; its message stays as it is, whatever a framework makes of it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Job:
    """All that a process needs to make a trial."""

    cell: Cell
    number: int
    metric: str
    studies: Studies
    study: str
    planned: int | None  # epochs
    prune: bool

    def run(self, storage: BaseStorage | None = None) -> Run:
        """Make it."""
        with ExitStack() as stack:
            if self.prune:
                stack.enter_context(quiet())
                stack.enter_context(on_epoch(Watch(self, storage or self.studies.open())))
            return self.cell.run()


def every(planned: int | None) -> int:
    """After how many epochs each a trial is looked at."""
    return max(1, (planned or 1) // LOOKS)


class Watch:
    """Tells Optuna the score after an epoch, and stops the fit by the median rule.

    The rule (Golovin and others, "Google Vizier", 2017): a trial is stopped whose best score so far is worse than the
    median of the scores that finished trials had at the same epoch. Only trials with as many epochs planned are
    compared: with a schedule, epoch 5 of 5 is better than epoch 5 of 40 and says nothing against it.

    Args:
        job: the trial.
        storage: where its scores are told.
    """

    def __init__(self, job: Job, storage: BaseStorage) -> None:
        self._job, self._storage = job, storage
        self._study = storage.get_study_id_from_name(job.study)
        self._trial = storage.get_trial_id_from_study_id_trial_number(self._study, job.number)
        self._rule = MedianPruner(n_startup_trials=PEERS, n_min_trials=PEERS)

    def __call__(self, history: History) -> None:
        """After an epoch, once the judge has scored it."""
        job, row = self._job, history[-1]
        value = row.get(f"valid_{job.metric}")
        if value is None or row["epoch"] == job.planned:  # after the last one there is nothing to be saved
            return
        self._storage.set_trial_intermediate_value(self._trial, row["epoch"], float(value))
        peers = _Peers(self._storage, self._study, job.planned)
        # the rule asks a study for its direction and its finished trials, and for nothing else
        if self._rule.prune(cast("Study", peers), self._storage.get_trial(self._trial)):
            of = f" of {job.planned}" if job.planned else ""
            raise Pruned(
                f"{PRUNED} after epoch {row['epoch']}{of}: {job.metric} {value:.4g} is worse than the median of "
                f"{len(peers.get_trials())} finished trials there"
            )


class _Peers:
    """The finished trials with as many epochs planned."""

    def __init__(self, storage: BaseStorage, study: int, planned: int | None) -> None:
        self._storage, self._study, self._planned = storage, study, planned

    @property
    def direction(self) -> StudyDirection:
        return self._storage.get_study_directions(self._study)[0]

    def get_trials(self, deepcopy: bool = False, states: Sequence[Any] | None = None) -> list[FrozenTrial]:
        found = self._storage.get_all_trials(self._study, deepcopy=False, states=(TrialState.COMPLETE,))
        return [trial for trial in found if trial.user_attrs.get(CLAIM, {}).get(PLANNED) == self._planned]


def work(job: Job) -> Run:
    """A trial in another process."""
    return job.run()
