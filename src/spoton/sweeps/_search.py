"""The trials of a sweep: drawn, claimed, made on several processes, told to Optuna, kept in the store."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from optuna.trial import Trial, TrialState

from spoton._cells import Cell
from spoton._provenance import called_from_here
from spoton._run import Run
from spoton.errors import EngineError
from spoton.sweeps import _claims
from spoton.sweeps._claims import MADE, STATE, VALUE, Given
from spoton.sweeps._plan import Plan
from spoton.sweeps._space import Setting
from spoton.sweeps._studies import Studies
from spoton.sweeps._trial import PRUNED, Job, work

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study

REDRAWS = 10  # of a setting that was made already
RUN, DONE, SECONDS, REASON = "run", "epochs", "seconds", "reason"  # keys of what was made


@dataclass
class Search:
    """Makes the trials that a plan still lacks.

    Args:
        plan: what is to be done.
        study: Optuna's.
        storage: in which it is.
        studies: its address, for other processes.
        keep: called with each run that was made.
        found: cell -> the run that is there already, or None.
        tell: called with each run that was made or found.
    """

    plan: Plan
    study: Study
    storage: BaseStorage
    studies: Studies
    keep: Callable[[Run], None]
    found: Callable[[Cell], Run | None]
    tell: Callable[[Run], None]
    runs: dict[int, Run] = field(default_factory=dict)
    made: int = 0

    def all(self, jobs: int) -> None:
        """Until none is left to begin, and those that this process has begun are finished."""
        _claims.free_the_dead(self.study)
        begun = self._begun()
        if jobs == 1:
            for trial, job in begun:
                try:
                    run = job.run(self.storage)
                except BaseException:
                    _claims.give_up(self.study, [trial.number])
                    raise
                self._settle(trial, job, run, fresh=True)
            return
        self._on_processes(begun, jobs)

    def _on_processes(self, begun: Iterator[tuple[Trial, Job]], jobs: int) -> None:
        from joblib.externals.loky import get_reusable_executor

        executor = get_reusable_executor(max_workers=jobs, timeout=20)
        going: dict[Future[Run], tuple[Trial, Job]] = {}
        more = True
        try:
            while True:
                while more and len(going) < jobs:
                    pair = next(begun, None)
                    if more := pair is not None:
                        going[executor.submit(work, pair[1])] = pair
                if not going:
                    return
                for future in wait(going, return_when=FIRST_COMPLETED).done:
                    run = future.result()
                    run.provenance = called_from_here(run.provenance)
                    self._settle(*going[future], run, fresh=True)
                    del going[future]
        except BaseException as error:
            # Ctrl-C, or a process that was killed: the others would otherwise finish what they hold
            executor.shutdown(wait=False, kill_workers=True)
            _claims.give_up(self.study, [trial.number for trial, _ in going.values()])
            if isinstance(error, BrokenExecutor):
                raise EngineError(
                    "a process of the sweep was killed, as when memory runs out; finished trials are kept, and the "
                    "same command goes on, with fewer --jobs if need be"
                ) from error
            raise

    def _begun(self) -> Iterator[tuple[Trial, Job]]:
        """Trials that are claimed and have to be made; those whose run is there already are settled on the way."""
        while (claimed := self._claimed()) is not None:
            trial, setting = claimed
            cell, planned = self.plan.cell(setting)
            prune = bool(cell.history)
            job = Job(cell, trial.number, self.plan.metric, self.studies, self.study.study_name, planned, prune)
            run = self.found(cell)
            if run is None:
                yield trial, job
            else:
                self._settle(trial, job, run, fresh=False)

    def _claimed(self) -> tuple[Trial, Setting] | None:
        """A trial with a setting that nobody makes or made; None where there is none left."""
        space = self.plan.space
        for attempt in count():
            taken = _claims.counted(self.study.get_trials(deepcopy=False))
            if len(taken) >= self.plan.trials:
                return None
            names = {_claims.learner_of(trial) for trial in taken}
            given = None
            if self.plan.sampler == "grid" or (attempt >= REDRAWS and space.size is not None):
                cells = self.plan.grid() if self.plan.sampler == "grid" else list(space.grid())
                given = next((cell for cell in cells if self.plan.family(cell)[0] not in names), None)
            if given is None and (self.plan.sampler == "grid" or attempt >= REDRAWS):
                return None
            self.study.sampler = Given(space.drawn(given)) if given else self.plan.sampler_of(len(taken), attempt)
            trial = self.study.ask(space.distributions())
            setting = space.settle(trial.params)
            learner, planned = self.plan.family(setting)[0], self.plan.family.epochs(setting)
            if _claims.claim(self.study, trial, learner, planned, self.plan.trials):
                return trial, setting
        return None

    def _settle(self, trial: Trial, job: Job, run: Run, *, fresh: bool) -> None:
        """Keep a run, and tell Optuna how it went."""
        if fresh:
            self.keep(run)
            self.made += 1
        self.runs[trial.number] = run
        rows = run.history or ()
        held: dict[str, Any] = {
            RUN: run.id,
            DONE: int(rows[-1]["epoch"]) if rows else run.epochs,
            SECONDS: run.fit_seconds,
        }
        if not fresh and job.prune:
            # others are compared with it as if it had been made now
            for row in rows:
                if (score := row.get(f"valid_{job.metric}")) is not None:
                    trial.report(float(score), row["epoch"])
        value = run.metrics.get("valid", {}).get(job.metric, math.nan)
        pruned = run.status == "skipped" and run.reason.startswith(PRUNED)
        if run.status != "ok" or not math.isfinite(value):
            held[REASON] = run.reason or f"it has no {job.metric}"
        # all that Optuna is told stands here first: whoever is killed in between has made the trial all the same
        state = TrialState.PRUNED if pruned else TrialState.FAIL if REASON in held else TrialState.COMPLETE
        held |= {STATE: state.name, VALUE: value if state == TrialState.COMPLETE else None}
        trial.set_user_attr(MADE, held)
        _claims.finish(self.study, trial.number, held)
        self.tell(run)
