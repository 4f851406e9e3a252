"""What an engine is."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

from spoton._cells import Cell
from spoton._run import Run


class Engine(Protocol):
    """Runs cells somewhere; which come next, and what to do with those that are lost, is decided by `execute`.

    Attributes:
        lost: errors of a future that say the worker is gone, and nothing of the cell.
    """

    lost: tuple[type[BaseException], ...]

    def room(self) -> int:
        """How many cells it takes at once; 1 or more."""
        ...

    def submit(self, cell: Cell) -> Future[Run]:
        """Begin a cell.

        Raises:
            EngineError: the machines are gone for good.
        """
        ...

    def close(self, *, kill: bool) -> None:
        """The end; with `kill` cells that still run are ended too."""
        ...
