"""Processes of this machine."""

from __future__ import annotations

import warnings
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from spoton._cells import Cell
from spoton._run import Run
from spoton.engines._work import Fetch, Packer, work
from spoton.errors import EngineError

IDLE = 20.0  # seconds after which a process without work ends
# evaluate fixes one thread; libraries that are told so before they load start no others
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Loky:
    """joblib's processes; a pool that lost one of them is broken, and the next cell begins a new pool.

    Args:
        jobs: how many; the number of cores by default.
    """

    # joblib keeps one pool: to make it smaller ends processes that the next bench has to start again
    _widest: ClassVar[int] = 0

    def __init__(self, jobs: int | None = None) -> None:
        from joblib import cpu_count
        from joblib.externals.loky.process_executor import BrokenProcessPool

        # that idle ones end is meant, and cells that they take along are made again
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        self.lost: tuple[type[BaseException], ...] = (BrokenProcessPool,)
        self._jobs = jobs or cpu_count()
        Loky._widest = max(self._jobs, min(Loky._widest, cpu_count()))
        self._pool: Any = None
        self._folder: TemporaryDirectory[str] | None = None
        self._packer = Packer(self._ship)

    def room(self) -> int:
        """One cell a process: those that break with the pool are no more than that."""
        return self._jobs

    def submit(self, cell: Cell) -> Future[Run]:
        """Begin a cell."""
        from joblib.externals.loky import get_reusable_executor

        arguments = self._packer.pack(cell)
        while True:
            try:
                self._pool = get_reusable_executor(max_workers=Loky._widest, timeout=IDLE, env=ONE_THREAD)
                future: Future[Run] = self._pool.submit(work, *arguments)
                return future
            except self.lost:
                continue  # it broke just now, and the next call gives another
            except OSError as error:  # their locks are files in /dev/shm
                raise EngineError(
                    f"no processes can be started ({error.strerror or error}); make room in /dev/shm, or take --jobs 1"
                ) from error

    def close(self, *, kill: bool) -> None:
        """Idle processes stay for a while, for the next bench."""
        if kill and self._pool is not None:
            self._pool.shutdown(wait=False, kill_workers=True)
        if self._folder is not None:
            self._folder.cleanup()

    def _ship(self, key: str, pickled: bytes) -> Fetch:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="spoton-data-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / key
        path.write_bytes(pickled)
        return path.read_bytes
