"""`Study`: the runs of one learner and of its changed versions, within a budget of time, each seed on its own split."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from spoton._bench import bench
from spoton._run import Run
from spoton.data import PointData
from spoton.tasks import Task
from spoton.why._change import Change, Subject
from spoton.why._effect import Effect, effect, error_of, in_order

if TYPE_CHECKING:
    from spoton.store import Store

Combination = tuple[Change, ...]


class OutOfTime(Exception):
    """The budget is spent; what is finished stays."""


class Study:
    """What is known so far.

    The first seed screens: all changes are run on it, and it decides in which order they are confirmed. An effect that
    chose itself is too good on average, so it is judged on the other seeds alone, where there are two or more of them.

    Args:
        task: the task.
        subject: the learner.
        seeds: of splits and learners, paired in every comparison.
        seconds: the budget.
        jobs: runs at once; None as for `bench`.
        engine, address: where they are made, as for `bench`.
        store: where runs are kept and found, or None.
        on_run: told of each run.
        on_step: told what is being done, how much of all is done, from 0 to 1, and how many seconds are left at most.

    Attributes:
        effects: changes -> their effect.
        failed: changes that could not be tried -> why.
        runs: all runs that were made or found.
        asked: the learner that was asked about; `subject` is it, or one that stands in for it (see `stand_in`).
    """

    def __init__(
        self,
        task: Task,
        subject: Subject,
        *,
        seeds: Sequence[int] = (0, 1, 2, 3),
        seconds: float = 180.0,
        jobs: int | None = None,
        engine: str | None = None,
        address: str | None = None,
        store: Store | None = None,
        on_run: Callable[[Run], None] | None = None,
        on_step: Callable[[str, float, float], None] | None = None,
    ) -> None:
        self.task, self.subject, self.seeds, self.jobs, self.store = task, subject, tuple(seeds), jobs, store
        self.asked = subject
        self.engine, self.address = engine, address
        self.on_run, self.on_step = on_run, on_step
        self.began, self.seconds = time.monotonic(), seconds
        self.deadline = self.began + seconds
        self.effects: dict[Combination, Effect] = {}
        self.failed: dict[Combination, str] = {}
        self.runs: list[Run] = []
        self._part, self._todo, self._did, self._words = (0.0, 0.0), 0, 0, ""

    @cached_property
    def train(self) -> PointData:
        """The training rows of the first seed."""
        return self.task.data().take(self.task.split(self.seeds[0]).train)

    @cached_property
    def valid(self) -> PointData:
        """The validation rows of the first seed."""
        return self.task.data().take(self.task.split(self.seeds[0]).valid)

    @property
    def left(self) -> float:
        """Seconds of the budget."""
        return self.deadline - time.monotonic()

    @property
    def fresh(self) -> tuple[int, ...]:
        """The seeds that effects are judged on: not the one that screens, if two others are there."""
        return self.seeds[1:] if len(self.seeds) > 2 else self.seeds

    def begin(self, words: str, start: float, end: float, runs: int = 0) -> None:
        """Say what comes: a part of the whole, from 0 to 1, and how many runs it takes."""
        self._part, self._todo, self._did, self._words = (start, end), runs, 0, words
        self._tell()

    def _tell(self) -> None:
        if self.on_step is not None:
            start, end = self._part
            done = start + (end - start) * min(1.0, self._did / max(self._todo, 1))
            spent = time.monotonic() - self.began
            self.on_step(self._words, min(1.0, max(done, spent / self.seconds)), max(0.0, self.seconds - spent))

    def run(
        self, learners: Iterable[Any], seeds: Sequence[int] | None = None, train_sizes: Sequence[int | None] = (None,)
    ) -> list[Run]:
        """Runs of these learners, as many as the budget allows."""
        learners, found = list(learners), []
        if not learners or self.left <= 0:
            return []

        def keep(run: Run) -> None:
            found.append(run)
            self.runs.append(run)
            self._did += 1
            self._tell()
            if self.on_run is not None:
                self.on_run(run)
            if self.left <= 0:
                raise OutOfTime

        with contextlib.suppress(OutOfTime):
            bench(
                self.task,
                learners,
                seeds=list(seeds or self.seeds),
                train_sizes=train_sizes,
                jobs=self.jobs,
                engine=self.engine,
                address=self.address,
                store=self.store,
                on_run=keep,
            )
        return found

    def errors(self, learner: Any) -> dict[int, float]:
        """Seed -> error of a learner, of the runs that are there."""
        return {run.seed: error_of(run) for run in self._runs_of(learner) if run.status != "skipped"}

    def _runs_of(self, learner: Any) -> list[Run]:
        return [run for run in self.runs if run.learner == name_of(learner) and run.asked_train_size is None]

    @property
    def base(self) -> dict[int, float]:
        """Seed -> error of the learner as it is."""
        return self.errors(self.subject.pair())

    @property
    def floor(self) -> dict[int, float]:
        """Seed -> error of the oracle; empty where there is none."""
        return self.errors("oracle")

    def measure(
        self, combinations: Iterable[Combination], seeds: Sequence[int] | None = None, *, beside: Iterable[Any] = ()
    ) -> None:
        """Run these changes, alone or together, and note their effects; other learners beside them, where they lack."""
        asked = {combination: self.subject.with_changes(combination) for combination in combinations}
        unique: dict[str, Any] = {}
        for learner in asked.values():
            unique.setdefault(name_of(learner), learner)
        unique.pop(self.subject.name, None)  # a change that changes nothing
        try:
            known = {(run.learner, run.seed) for run in self.runs}
            lacking = [one for one in beside if any((name_of(one), seed) not in known for seed in seeds or self.seeds)]
            self.run([*lacking, *unique.values()], seeds)
        finally:  # also of an interrupt: what is known is told
            for combination, learner in asked.items():
                self._note(combination, learner)

    def _note(self, combination: Combination, learner: Any) -> None:
        runs = self._runs_of(learner)
        broken = [run for run in runs if run.status != "ok" and not run.reason.startswith("Diverged")]
        if broken and len(broken) == len(runs):  # it says nothing of the change that the code breaks
            self.failed[combination] = broken[0].reason
            return
        errors = self.errors(learner)
        fresh = errors.keys() & self.base.keys() & set(self.fresh)
        judged = {seed: errors[seed] for seed in fresh} if fresh else errors
        if (found := effect(self.base, judged, self.floor)) is not None:
            self.effects[combination] = found

    def settle(self, ranked: Sequence[Combination]) -> None:
        """Of changes in the order of the screening, mark those that come too late in it: see `in_order`."""
        held = [key for key in ranked if key in self.effects]
        for key, found in zip(held, in_order([self.effects[key] for key in held]), strict=True):
            self.effects[key] = found


def name_of(learner: Any) -> str:
    """What the runs of a learner are called, as a bench takes it."""
    return str(learner if isinstance(learner, str) else learner[0])
