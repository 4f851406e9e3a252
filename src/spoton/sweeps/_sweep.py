"""`sweep`: which settings of a learner are best on a task, and what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from spoton import store as stores
from spoton._bench import bench
from spoton._cells import Cell
from spoton._run import Run
from spoton.errors import UsageError
from spoton.sweeps._claims import running
from spoton.sweeps._plan import FURTHER, Plan, plan
from spoton.sweeps._result import Sweep
from spoton.sweeps._search import Search
from spoton.sweeps._space import Setting
from spoton.sweeps._studies import Studies, quiet
from spoton.tasks import Task

if TYPE_CHECKING:
    from spoton.store import Store


def sweep(
    task: str | Task,
    learner: str | BaseEstimator | tuple[str, BaseEstimator],
    params: Iterable[str] | Mapping[str, Any],
    *,
    trials: int | None = None,
    metric: str | None = None,
    sampler: str = "tpe",
    seed: int = 0,
    seeds: int | Sequence[int] = 3,
    train_size: int | None = None,
    prune: bool | None = None,
    finalists: int = 3,
    jobs: int = 1,
    store: str | Path | Store | None = None,
    studies: str | Path | None = None,
    on_plan: Callable[[Plan], None] | None = None,
    on_run: Callable[[Run], None] | None = None,
    on_trouble: Callable[[str], None] | None = None,
) -> Sweep:
    """Choose the settings of a learner on training rows, and report the best on rows that had no say in it.

    Trials see only those rows that no split of `seeds` validates on: each is trained on four fifths of them and scored
    on the rest. The best few are repeated on two more such splits, and the best mean wins. The winner, and the learner
    as it was given, are then scored as in `bench`, on the validation side of each of `seeds`.

    Args:
        task: a name or a Task.
        learner: a name, an estimator, or a pair (name, estimator).
        params: name -> values: `"1e-4..1e-1:log"`, `"8..64:step=8"`, `"5,10,40"`, a list of values, a `range`, or a
            `spoton.sweeps.Range`; or texts `NAME=VALUES`. `+ynorm` and its like are modifiers of the name (True,
            False, or a word), `@` its features.
        trials: settings in all, those of earlier calls included; 20 by default, and all of a grid.
        metric: of `spoton.metrics`, also of one output as in `mse:x`; which way is better is known from there. By
            default the first of hit, accuracy, r2 that the task has.
        sampler: `tpe`, `random` or `grid`.
        seed: of the sampler. With one process the same seed gives the same trials.
        seeds: how many (0, 1, ...), or which, are reported.
        train_size: train on so many rows.
        prune: stop trials that are worse than the median of others at the same epoch. By default where the learner has
            epochs and the metric is scored in mid-fit, and not in a grid.
        finalists: trials that are repeated on two further splits; 1 for none.
        jobs: processes.
        store: file or URL of a database, or a `Store`: every trial is a run in it, and what is there is not made again.
        studies: where Optuna keeps its trials: a file, or a URL of a database that is not the store's;
            `spoton-sweeps.jsonl` by default. The same call goes on where an earlier one was interrupted.
        on_plan: called once with what is going to be done.
        on_run: called with each run, when it is finished or found.
        on_trouble: told in a sentence what goes wrong with the store; `warnings.warn` by default.

    Returns:
        A `Sweep`: `best_params`, `best_learner`, `runs`, `report`, `study`, `to_frame()`, `importance()`, `draw()`.
        Where another process still makes trials of it, there is no report yet.

    Raises:
        UsageError: an unknown name, parameter or metric, values that cannot be read, one database for both; before
            anything runs. A trial that fails is a row with its reason.
        MissingExtra: the learner needs a package that is not installed.
        StoreError: a database cannot be opened.
        EngineError: a process was killed; finished trials are kept.
    """
    if jobs < 1:
        raise UsageError(f"jobs has to be 1 or more, it is {jobs}")
    todo = plan(
        task,
        learner,
        params,
        trials=trials,
        metric=metric,
        sampler=sampler,
        seed=seed,
        seeds=seeds,
        train_size=train_size,
        prune=prune,
        finalists=finalists,
    )
    address = store if isinstance(store, str | Path) or store is None else str(store.engine.url)
    where = Studies.at(studies, address)
    if on_plan:
        on_plan(todo)
    opened = stores.Store.open(store) if isinstance(store, str | Path) else store
    try:
        with quiet():
            return _run(todo, where, opened, jobs, on_run or _nothing, on_trouble)
    finally:
        if opened is not None and opened is not store:
            opened.close()


def _nothing(_: Run) -> None: ...


def _run(
    todo: Plan,
    where: Studies,
    store: Store | None,
    jobs: int,
    on_run: Callable[[Run], None],
    on_trouble: Callable[[str], None] | None,
) -> Sweep:
    import optuna

    storage = where.open()
    study = optuna.create_study(
        storage=storage,
        study_name=todo.study,
        direction="maximize" if todo.greater else "minimize",
        load_if_exists=True,
    )
    keeper = None if store is None else stores.Keeper(store, say=on_trouble or _warn)

    def found(cell: Cell) -> Run | None:
        return None if store is None else store.done([cell.identity]).get(cell.identity)

    if keeper:
        keeper.catch_up()  # a trial that waits there is made already
    search = Search(todo, study, storage, where, keeper.add if keeper else _nothing, found, on_run)
    try:
        search.all(jobs)
    finally:
        if keeper:
            keeper.finish()
    result = Sweep.of(todo, study, search.runs, store, made=search.made)
    if running(study.get_trials(deepcopy=False)) or result.best is None:
        return result
    shared: dict[str, Any] = {"jobs": jobs, "store": store, "on_run": on_run, "on_trouble": on_trouble}
    result.finals = _finals(todo, result, shared)
    result.choose()
    both = _learners(todo, [result.best_params, {}])
    result.report = bench(todo.task, both, seeds=todo.seeds, train_sizes=[todo.train_size], **shared)
    return result


def _finals(todo: Plan, result: Sweep, shared: dict[str, Any]) -> list[Run]:
    """The best few on further splits of the rows for tuning."""
    if todo.finalists == 1:
        return []
    best = _learners(todo, [row.params for row in result.ranked()[: todo.finalists]])
    seeds = [todo.tuning_seed + 1 + i for i in range(FURTHER)]
    return bench(todo.tuning, best, seeds=seeds, train_sizes=[todo.train_size], **shared)


def _learners(todo: Plan, settings: Iterable[Setting]) -> list[Any]:
    """Learners with these settings, as `bench` takes them; each once."""
    named = dict(todo.family(setting) for setting in settings)
    return [name if isinstance(learner, str) else (name, learner) for name, learner in named.items()]


def _warn(text: str) -> None:
    import warnings

    warnings.warn(text, RuntimeWarning, stacklevel=2)
