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
from spoton.why._effect import Effect, effect, error_of

if TYPE_CHECKING:
    from spoton.store import Store


class OutOfTime(Exception):
    """The budget is spent; what is finished stays."""


class Study:
    """What is known so far.

    Args:
        task: the task.
        subject: the learner.
        seeds: of splits and learners, paired in every comparison.
        seconds: the budget.
        jobs: processes.
        store: where runs are kept and found, or None.
        on_run: told of each run.

    Attributes:
        effects: changes -> their effect.
        runs: all runs that were made or found.
    """

    def __init__(
        self,
        task: Task,
        subject: Subject,
        *,
        seeds: Sequence[int] = (0, 1, 2),
        seconds: float = 180.0,
        jobs: int = 1,
        store: Store | None = None,
        on_run: Callable[[Run], None] | None = None,
    ) -> None:
        self.task, self.subject, self.seeds, self.jobs, self.store = task, subject, tuple(seeds), jobs, store
        self.on_run = on_run
        self.deadline = time.monotonic() + seconds
        self.effects: dict[tuple[Change, ...], Effect] = {}
        self.runs: list[Run] = []

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
                store=self.store,
                on_run=keep,
            )
        return found

    def errors(self, learner: Any) -> dict[int, float]:
        """Seed -> error of a learner, of the runs that are there."""
        runs = [run for run in self.runs if run.learner == name_of(learner) and run.asked_train_size is None]
        return {run.seed: error_of(run) for run in runs if run.status != "skipped"}

    @property
    def base(self) -> dict[int, float]:
        """Seed -> error of the learner as it is."""
        return self.errors(self.subject.pair())

    @property
    def floor(self) -> dict[int, float]:
        """Seed -> error of the oracle; empty where there is none."""
        return self.errors("oracle")

    def measure(self, combinations: Iterable[tuple[Change, ...]], seeds: Sequence[int] | None = None) -> None:
        """Run these changes, alone or together, and note their effects."""
        asked = {combination: self.subject.with_changes(combination) for combination in combinations}
        unique: dict[str, Any] = {}
        for learner in asked.values():
            unique.setdefault(name_of(learner), learner)
        unique.pop(self.subject.name, None)  # a change that changes nothing
        self.run(unique.values(), seeds)
        for combination, learner in asked.items():
            if (found := effect(self.base, self.errors(learner), self.floor)) is not None:
                self.effects[combination] = found


def name_of(learner: Any) -> str:
    """What the runs of a learner are called, as a bench takes it."""
    return str(learner if isinstance(learner, str) else learner[0])
