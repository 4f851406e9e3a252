"""Cells: the single runs that a bench is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

from sklearn.base import BaseEstimator

from spoton._evaluate import evaluate
from spoton._live import telling
from spoton._provenance import now, provenance
from spoton._run import Run, fingerprint
from spoton.errors import UsageError
from spoton.learners import check_learner, is_image_net, is_iterative
from spoton.tasks import Task, get_task

Learner = Any  # a name, an estimator, or a pair (name, estimator)


@dataclass(frozen=True)
class Cell:
    """One run to be made."""

    task: Task
    name: str
    learner: str | BaseEstimator
    seed: int
    train_size: int | None
    epochs: int | None
    keep_predictions: bool = False
    history: int = 0
    live: str = ""

    def run(self) -> Run:
        """Make it."""
        with telling(self.live, f"{self.name} on {self.task.name}, seed {self.seed}"):
            return evaluate(
                self.learner,
                self.task,
                self.seed,
                train_size=self.train_size,
                epochs=self.epochs,
                keep_predictions=self.keep_predictions,
                history=self.history,
                name=self.name,
            )

    def blank(self) -> Run:
        """Its run before it is made: what was asked for, and no figures."""
        return Run(
            self.task.name,
            self.name,
            self.seed,
            data_hash=self.task.data_hash,
            asked_train_size=self.train_size,
            asked_epochs=self.epochs,
            asked_history=self.history,
            details="" if isinstance(self.learner, str) else fingerprint(self.learner),
            own=self.task.own,
            ceiling=self.task.ceiling,
        )

    @property
    def identity(self) -> tuple[object, ...]:
        """The `Run.identity` that its run will have."""
        return self.blank().identity

    def failed(self, reason: str) -> Run:
        """A row that says why no run came of it."""
        run = self.blank()
        split = self.task.split(self.seed, self.train_size)
        run.train_size, run.split_hash = len(split.train), split.hash()
        run.reason, run.provenance, run.finished = reason, provenance(), now()
        return run

    def is_met_by(self, run: Run) -> bool:
        """Whether a run of the same identity has all that is asked for."""
        scored = not self.history or 0 < run.asked_history <= self.history
        return run.status == "ok" and scored and (run.predictions is not None or not self.keep_predictions)

    @property
    def lightness(self) -> int:
        """0 for what takes longest, 2 for what takes next to no time."""
        if not isinstance(self.learner, str):
            return 1
        return 0 if is_image_net(self.learner) else 1 if is_iterative(self.learner) else 2


def cells(
    tasks: str | Task | Iterable[str | Task],
    learners: Learner | Iterable[Learner],
    seeds: int | Sequence[int] = 3,
    train_sizes: Sequence[int | None] = (None,),
    epochs: int | None = None,
) -> Iterator[Cell]:
    """The cells of a bench in order; names and sizes are checked first."""
    listed = [tasks] if isinstance(tasks, str | Task) else list(tasks)
    chosen = [get_task(task) if isinstance(task, str) else task for task in listed]
    pairs = _named([learners] if isinstance(learners, str | BaseEstimator) or _is_pair(learners) else list(learners))
    which = [index(seed) for seed in (seeds if isinstance(seeds, Iterable) else range(index(seeds)))]
    train_sizes = [None if size is None else index(size) for size in train_sizes]
    if not (chosen and pairs and len(which) and train_sizes):
        raise UsageError("a bench needs one task, one learner, one seed and one train size at least")
    for task in chosen:
        if sum(other.name == task.name for other in chosen) > 1:
            raise UsageError(f"two tasks are called '{task.name}'; name each once, and own data by names of its own")
        for size in train_sizes:
            task.split(which[0], size)
    for task in chosen:
        for size in train_sizes:
            for name, learner in pairs:
                for seed in which:
                    yield Cell(task, name, learner, seed, size, epochs)


def _named(learners: list[Learner]) -> list[tuple[str, str | BaseEstimator]]:
    pairs: list[tuple[str, str | BaseEstimator]] = []
    for learner in learners:
        if _is_pair(learner):
            pairs.append(learner)
        elif isinstance(learner, str):
            check_learner(learner)
            pairs.append((learner, learner))
        else:
            pairs.append((type(learner).__name__, learner))
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two learners are called '{name}'; give pairs (name, estimator) or name each once")
    return pairs


def _is_pair(learner: Any) -> bool:
    """A (name, estimator); two names in a tuple are two learners."""
    return isinstance(learner, tuple) and len(learner) == 2 and isinstance(learner[1], BaseEstimator)
