"""`bench`: any learners on any tasks, over seeds and train sizes, on several processes or machines, resumable."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING

from spoton import engines
from spoton import store as stores
from spoton._cells import Cell as Cell
from spoton._cells import Learner
from spoton._cells import cells as cells
from spoton._run import Run
from spoton.errors import UsageError
from spoton.tasks import Task

if TYPE_CHECKING:
    from spoton.store import Store


def bench(
    tasks: str | Task | Iterable[str | Task],
    learners: Learner | Iterable[Learner],
    *,
    seeds: int | Sequence[int] = 3,
    train_sizes: Sequence[int | None] = (None,),
    epochs: int | None = None,
    jobs: int | None = None,
    engine: str | None = None,
    address: str | None = None,
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
        jobs: cells at once: 1 by default, with `engine` all the cores of this machine or of the cluster.
        engine: `serial`, `loky` (processes), `ray` or `dask`; by default the first or second of them.
        address: of a running cluster: HOST or HOST:PORT of Ray, tcp://HOST:PORT of Dask's scheduler.
        journal: file to which each finished run is added at once. With a store it is the spool in which runs wait
            for the database: `spoton-runs.jsonl` by default, which is removed once all of it is delivered. What waits
            in it is delivered first, so such runs are in the store and not made again.
        resume: without a store, take runs that are ok from the journal instead of making them again.
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
        MissingExtra: the package of the engine is not installed; before anything is run.
        StoreError: the store cannot be opened; before anything is run.
        EngineError: the cluster cannot be joined, or its machines are gone; finished runs are kept.
    """
    todo = [
        replace(cell, keep_predictions=keep_predictions, history=index(history), live=str(live or ""))
        for cell in cells(tasks, learners, seeds, train_sizes, epochs)
    ]
    engines.check(engine or "serial", jobs, address)
    if resume and journal is None and store is None:
        raise UsageError("resume needs the journal of the bench to be resumed, or a store")
    if resume and force:
        raise UsageError("resume takes finished runs and force makes them again; give one of the two")
    if store is None:
        done = {run.identity: run for run in stores.read(journal) if run.status == "ok"} if resume and journal else {}
        if journal is not None:
            stores.check(journal)
        keep = partial(stores.append, journal) if journal is not None else _leave
        return _run(todo, done, keep, on_run, jobs, engine, address)
    opened = stores.Store.open(store) if isinstance(store, str | Path) else store
    spool, say = journal or stores.JOURNAL, on_trouble or _warn
    try:
        if address is not None:
            stores.refuse_shared_file(opened)
        keeper = stores.Keeper(opened, spool, keep=journal is not None, say=say)
        keeper.catch_up()
        done = {}
        if not force:
            identities = [cell.identity for cell in todo]
            done = opened.done(identities, predictions=keep_predictions, history=index(history))
        try:
            return _run(todo, done, keeper.add, on_run, jobs, engine, address)
        finally:
            keeper.finish()
    finally:
        if opened is not store:
            opened.close()


def _leave(run: Run) -> None:
    """Nowhere."""


def _warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def _run(
    todo: list[Cell],
    done: dict[tuple[object, ...], Run],
    keep: Callable[[Run], None],
    on_run: Callable[[Run], None] | None,
    jobs: int | None,
    engine: str | None,
    address: str | None,
) -> list[Run]:
    """Runs of all cells, those that are done as they are."""
    found: dict[int, Run] = {}
    for i, cell in enumerate(todo):
        if (run := done.get(cell.identity)) is not None and cell.is_met_by(run):
            found[i] = run
            if on_run:
                on_run(run)
    left = [i for i in range(len(todo)) if i not in found]
    if not left:
        return [found[i] for i in range(len(todo))]
    name = engine or ("serial" if (jobs or 1) == 1 or len(left) == 1 else "loky")
    if name != "serial":
        # long runs first, so that no process is left alone with one at the end
        left.sort(key=lambda i: todo[i].lightness)
    with engines.opened(name, jobs and min(jobs, len(left)), address) as running:
        for i, run in engines.execute([(i, todo[i]) for i in left], running):
            found[i] = run
            keep(run)
            if on_run:
                on_run(run)
    return [found[i] for i in range(len(todo))]
