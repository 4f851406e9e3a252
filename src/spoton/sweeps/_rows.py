"""The rows on which a sweep chooses: those that no reported figure is made from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from spoton.data import VALID_SHARE, Array
from spoton.errors import UsageError
from spoton.tasks import Task
from spoton.tasks._task import Loaded

LEAST = 10  # rows


def rows_for_tuning(task: Task, seeds: Sequence[int]) -> Task:
    """A task of the rows that no split of `seeds` validates on, with splits of its own.

    A setting that is chosen on these rows may be reported on the validation side of each of these seeds, and on test
    rows: nothing there had a say in the choice.

    Raises:
        UsageError: too few rows are left.
    """
    rows = _rows(task, seeds)
    if len(rows) < LEAST:
        raise UsageError(
            f"the splits of {len(seeds)} seeds leave {len(rows)} of the {len(task.data())} rows of {task.name} "
            f"to choose on, and {LEAST} are needed; report fewer seeds, or give more rows"
        )
    most = len(rows) - max(1, round(len(rows) * VALID_SHARE))
    return Task(
        name=f"{task.name} (tuning rows, off seeds {_listed(seeds)})",
        about=f"rows of {task.name} that the splits of some seeds do not validate on",
        load=partial(_load, task, tuple(seeds)),
        kind=task.kind,
        whole=task.whole,
        ceiling=task.ceiling,
        train=None if task.train is None else min(task.train, most),
        support=task.support,
    )


def _listed(seeds: Sequence[int]) -> str:
    """`0-2` for 0, 1, 2."""
    if len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(map(str, seeds))


def _rows(task: Task, seeds: Sequence[int]) -> Array:
    taken = np.concatenate([task.split(seed).valid for seed in seeds])
    rows: Array = np.setdiff1d(np.arange(len(task.data())), taken)
    return rows


def _load(task: Task, seeds: Sequence[int]) -> Loaded:
    return Loaded(task.data().take(_rows(task, seeds)))
