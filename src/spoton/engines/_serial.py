"""In this process, one cell after the other."""

from __future__ import annotations

from concurrent.futures import Future

from spoton._cells import Cell
from spoton._run import Run


class Serial:
    """Needs no second process, which takes seconds to start."""

    lost: tuple[type[BaseException], ...] = ()

    def room(self) -> int:
        """One."""
        return 1

    def submit(self, cell: Cell) -> Future[Run]:
        """Run it now."""
        future: Future[Run] = Future()
        future.set_result(cell.run())
        return future

    def close(self, *, kill: bool) -> None:
        """Nothing is left."""
