"""`bench`: any learners on any tasks, over seeds and train sizes, on several processes, resumable."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from spoton import store as stores
from spoton._evaluate import evaluate
from spoton._live import telling
from spoton._run import Run, fingerprint
from spoton.errors import StoreError, UsageError
from spoton.learners import check_learner, is_image_net, is_iterative
from spoton.tasks import Task, get_task

if TYPE_CHECKING:
    from spoton.store import Store

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

    @property
    def identity(self) -> tuple[object, ...]:
        """The `Run.identity` that its run will have."""
        blank = Run(
            self.task.name,
            self.name,
            self.seed,
            data_hash=self.task.data_hash,
            asked_train_size=self.train_size,
            asked_epochs=self.epochs,
            details="" if isinstance(self.learner, str) else fingerprint(self.learner),
        )
        return blank.identity


def bench(
    tasks: str | Task | Iterable[str | Task],
    learners: Learner | Iterable[Learner],
    *,
    seeds: int | Sequence[int] = 3,
    train_sizes: Sequence[int | None] = (None,),
    epochs: int | None = None,
    jobs: int = 1,
    journal: str | Path | None = None,
    resume: bool = False,
    store: str | Path | Store | None = None,
    force: bool = False,
    keep_predictions: bool = False,
    history: bool | int = False,
    live: str | Path | None = None,
    on_run: Callable[[Run], None] | None = None,
    on_trouble: Callable[[str], None] | None = None,
) -> list[Run]:
    """Run every learner on every task with every seed and train size.

    Args:
        tasks: names or Tasks.
        learners: names, estimators, or pairs (name, estimator).
        seeds: how many (0, 1, ...), or which.
        train_sizes: numbers of training rows; None for all.
        epochs: for learners that have such a parameter.
        jobs: processes.
        journal: file to which each finished run is added at once. With a store it is the spool in which runs wait
            for the database: `spoton-runs.jsonl` by default, which is removed once all of it is delivered.
        resume: take runs that are ok from the journal instead of making them again; a store does so by itself.
        store: file or URL of a database, or a `Store`: runs that are ok there are not made again, others are added.
        force: make them again all the same.
        keep_predictions: the predictions of every split, in the runs and in the store.
        history: score train and valid after every epoch, or after every so many: see `evaluate`.
        live: folder in which each process tells of its epochs, for those who show them.
        on_run: called with each run when it is finished or found.
        on_trouble: told in a sentence what goes wrong with the store; `warnings.warn` by default.

    Returns:
        The runs in the order of tasks, train sizes, learners, seeds. On KeyboardInterrupt those that are finished are
        in the store or in the journal, and the interrupt goes on.

    Raises:
        UsageError: an unknown name, or a size that a task cannot give; before anything is run.
        StoreError: the store cannot be opened; before anything is run.
    """
    todo = [
        replace(cell, keep_predictions=keep_predictions, history=index(history), live=str(live or ""))
        for cell in cells(tasks, learners, seeds, train_sizes, epochs)
    ]
    if jobs < 1:
        raise UsageError(f"jobs has to be 1 or more, it is {jobs}")
    if resume and journal is None and store is None:
        raise UsageError("resume needs the journal of the bench to be resumed, or a store")
    if resume and force:
        raise UsageError("resume takes finished runs and force makes them again; give one of the two")
    if store is None:
        done = {run.identity: run for run in stores.read(journal) if run.status == "ok"} if resume and journal else {}
        if journal is not None:
            stores.check(journal)
        return _run(todo, done, jobs, lambda run: stores.append(journal, run) if journal is not None else None, on_run)
    opened = stores.Store.open(store) if isinstance(store, str | Path) else store
    spool, say = journal or stores.JOURNAL, on_trouble or _warn
    try:
        try:
            stores.sync(opened, spool, keep=journal is not None)  # what an earlier bench left
        except StoreError as error:
            say(f"{error}; earlier runs wait in {spool}, and the bench goes on")
        done = {} if force else opened.done([cell.identity for cell in todo], predictions=keep_predictions)
        keeper = stores.Keeper(opened, spool, keep=journal is not None, say=say)
        try:
            return _run(todo, done, jobs, keeper.add, on_run)
        finally:
            keeper.finish()
    finally:
        if opened is not store:
            opened.close()


def _warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def _run(
    todo: list[Cell],
    done: dict[tuple[object, ...], Run],
    jobs: int,
    keep: Callable[[Run], None],
    on_run: Callable[[Run], None] | None,
) -> list[Run]:
    """Runs of all cells, those that are done as they are."""
    found: dict[int, Run] = {}
    for i, cell in enumerate(todo):
        if (run := done.get(cell.identity)) is not None:
            found[i] = run
            if on_run:
                on_run(run)
    left = [i for i in range(len(todo)) if i not in found]
    if jobs > 1:
        # long runs first, so that no process is left alone with one at the end
        left.sort(key=lambda i: _lightness(todo[i]))
    for i, run in _execute([(i, todo[i]) for i in left], jobs):
        found[i] = run
        keep(run)
        if on_run:
            on_run(run)
    return [found[i] for i in range(len(todo))]


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


def _lightness(cell: Cell) -> int:
    """0 for what takes longest, 2 for what takes next to no time."""
    if not isinstance(cell.learner, str):
        return 1
    return 0 if is_image_net(cell.learner) else 1 if is_iterative(cell.learner) else 2


def _numbered(i: int, cell: Cell) -> tuple[int, Run]:
    return i, cell.run()


def _execute(todo: list[tuple[int, Cell]], jobs: int) -> Iterator[tuple[int, Run]]:
    """Finished runs as they come."""
    if jobs == 1 or len(todo) < 2:
        yield from (_numbered(i, cell) for i, cell in todo)
        return
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    parallel = Parallel(
        n_jobs=min(jobs, len(todo)), return_as="generator_unordered", batch_size=1, idle_worker_timeout=20
    )
    results = parallel(delayed(_numbered)(i, cell) for i, cell in todo)
    try:
        yield from results
    except BaseException:
        # Ctrl-C or a reader that stopped: the processes would otherwise finish what they hold
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        raise
