"""What a sweep is going to do, checked whole before anything runs."""

from __future__ import annotations

import hashlib
import random
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from spoton import catalogue, metrics
from spoton._cells import Cell
from spoton._version import __version__
from spoton.errors import UsageError
from spoton.sweeps._family import Family
from spoton.sweeps._rows import rows_for_tuning
from spoton.sweeps._space import Setting, Space, parse
from spoton.sweeps._trial import every
from spoton.tasks import Task, get_task

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

SAMPLERS = ("tpe", "random", "grid")
RANKING = ("hit", "accuracy", "r2")  # the first that a task has is the metric by default
IN_MID_FIT = ("mse", "r2", "dist_avg", "hit", "accuracy")  # scored after epochs by the judge
TRIALS = 20
FURTHER = 2  # splits on which the finalists are repeated


@dataclass(frozen=True)
class Plan:
    """A sweep: see `spoton.sweep` for what its parts mean."""

    task: Task
    tuning: Task
    family: Family
    space: Space
    metric: str
    sampler: str
    trials: int
    seed: int
    seeds: tuple[int, ...]
    train_size: int | None
    prune: bool
    finalists: int

    @property
    def tuning_seed(self) -> int:
        """The seed of all trials: one that is not reported."""
        return max(self.seeds) + 1

    @property
    def runs(self) -> int:
        """Runs in all: trials, the finalists' repetitions, and the report."""
        finals = FURTHER * min(self.finalists, self.trials) if self.finalists > 1 else 0
        return self.trials + finals + 2 * len(self.seeds)

    @property
    def greater(self) -> bool:
        """Whether more of the metric is better."""
        return metrics.all_metrics()[self.metric.partition(":")[0]].greater_is_better

    @property
    def study(self) -> str:
        """Name of Optuna's study: the same command finds it again."""
        parts = (self.tuning.name, self.tuning.data_hash, self.family.name, str(self.space), self.metric, self.sampler)
        more = (self.seed, self.seeds, self.train_size, self.prune, __version__)
        digest = hashlib.sha256(repr((*parts, *more)).encode()).hexdigest()[:12]
        return f"{self.task.name[:120]} {self.family.name[:120]} {digest}"

    def cell(self, setting: Setting) -> tuple[Cell, int | None]:
        """The run of a trial, and its epochs where it has such."""
        name, learner = self.family(setting)
        planned = self.family.epochs(setting)
        history = every(planned) if self.prune and planned else 0
        return Cell(self.tuning, name, learner, self.tuning_seed, self.train_size, None, history=history), planned

    def sampler_of(self, number: int, attempt: int) -> BaseSampler:
        """A sampler for a trial: seeded by its place, so that a sweep that was interrupted goes on as it would have."""
        import optuna

        seed = zlib.crc32(f"{self.seed} {number} {attempt}".encode())
        if self.sampler == "tpe":
            return optuna.samplers.TPESampler(seed=seed)
        return optuna.samplers.RandomSampler(seed=seed)

    def grid(self) -> list[Setting]:
        """The settings of a grid in order; where fewer trials are asked for, as many of them by lot."""
        cells = list(self.space.grid())
        if self.trials >= len(cells):
            return cells
        return [cells[i] for i in sorted(random.Random(self.seed).sample(range(len(cells)), self.trials))]


def plan(
    task: str | Task,
    learner: str | BaseEstimator | tuple[str, BaseEstimator],
    params: Iterable[str] | Mapping[str, Any],
    *,
    trials: int | None,
    metric: str | None,
    sampler: str,
    seed: int,
    seeds: int | Sequence[int],
    train_size: int | None,
    prune: bool | None,
    finalists: int,
) -> Plan:
    """Check everything; the errors are those of `spoton.sweep`."""
    if sampler not in SAMPLERS:
        raise catalogue.unknown("sampler", sampler, SAMPLERS)
    which = tuple(index(s) for s in (seeds if isinstance(seeds, Sequence) else range(index(seeds))))
    if not which or len(set(which)) < len(which):
        raise UsageError("a sweep reports on one seed at least, each once")
    if (trials is not None and trials < 1) or finalists < 1:
        raise UsageError(f"a sweep has 1 trial and 1 finalist at least, not {trials} and {finalists}")
    space, family = parse(params), Family(learner)
    family.check(space)
    whole = get_task(task) if isinstance(task, str) else task
    tuning = rows_for_tuning(whole, which)
    metric = _metric(whole, metric)
    for part in (whole, tuning):
        part.split(max(which) + 1, train_size)  # a size that is not there is said now
    if sampler == "grid":
        space.grid()
    most = space.size
    trials = (most if sampler == "grid" else TRIALS) if trials is None else trials
    able = metric in IN_MID_FIT and family.epochs(next(space.corners())) is not None
    if prune and not able:
        what = f"{metric} is not scored in mid-fit" if metric not in IN_MID_FIT else f"{family.name} has no epochs"
        raise UsageError(f"trials cannot be stopped early, since {what}; leave out pruning")
    return Plan(
        task=whole,
        tuning=tuning,
        family=family,
        space=space,
        metric=metric,
        sampler=sampler,
        trials=min(trials or TRIALS, most or trials or TRIALS),
        seed=index(seed),
        seeds=which,
        train_size=train_size,
        # a grid is made to be read as a whole
        prune=able and sampler != "grid" if prune is None else prune,
        finalists=finalists,
    )


def _metric(task: Task, asked: str | None) -> str:
    """The metric to choose by.

    Raises:
        UnknownName: no such metric, or none that the task has.
    """
    data = task.data()
    y = data.y.to_numpy(dtype=float)
    known = list(metrics.score(y, y, list(data.y.columns), points=data.points, whole=task.whole, kind=task.kind))
    known += [m.name for m in metrics.all_metrics().values() if m.needs in ("support", "coef") and task.support]
    if asked is None:
        return next(name for name in RANKING if name in known)
    if asked not in known:
        kind = f"metric of {task.name}" if asked in metrics.all_metrics() else "metric"
        raise catalogue.unknown(kind, asked, [name for name in known if ":" not in name])
    return asked
