"""Cells on their way to a worker: tasks of the catalogue travel as names, own data once to each process."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from spoton._cells import Cell
from spoton._run import Run
from spoton.errors import DataError
from spoton.tasks import Loaded, Task

Fetch = Callable[[], bytes]

_alone = Lock()
_held: dict[str, Task] = {}  # own tasks of this process


def work(cell: Cell, key: str = "", fetch: Fetch | None = None) -> Run:
    """Run a cell in a worker; one at a time, since seeds and threads are settings of the whole process.

    Args:
        cell: without its task, where that is the user's own.
        key: of the own task.
        fetch: gives the task, pickled, where this process does not hold it yet.
    """
    with _alone:
        if key:
            if key not in _held and fetch is not None:
                hold(key, fetch())
            if key not in _held:
                raise DataError(f"the data of {cell.task.name} did not reach this worker; run the bench again")
            cell = replace(cell, task=_held[key])
        return cell.run()


def hold(key: str, pickled: bytes) -> None:
    """Keep an own task in this process."""
    _held[key] = pickle.loads(pickled)


def drop(key: str) -> None:
    """Forget it."""
    _held.pop(key, None)


class Packer:
    """Makes the arguments of `work`.

    Args:
        ship: takes key and bytes of an own task to where workers find it; called once a task.
    """

    def __init__(self, ship: Callable[[str, bytes], Fetch | None]) -> None:
        self._ship = ship
        self._shipped: dict[int, tuple[Task, str, Fetch | None]] = {}  # by id: a task holds arrays and has no hash

    def pack(self, cell: Cell) -> tuple[Any, ...]:
        """The arguments for one cell."""
        task = cell.task
        if not task.own:
            return (cell,)
        if id(task) not in self._shipped:
            from joblib.externals.loky.backend.reduction import dumps  # its data may come from a notebook's function

            pickled = bytes(dumps(task))
            key = hashlib.sha256(pickled).hexdigest()
            self._shipped[id(task)] = task, key, self._ship(key, pickled)
        _, key, fetch = self._shipped[id(task)]
        return replace(cell, task=Task(task.name, "", _elsewhere)), key, fetch


def _elsewhere() -> Loaded:
    raise DataError("this task was sent without its data")
