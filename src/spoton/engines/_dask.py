"""A Dask cluster: one that runs already, or one of this machine for the time of the bench."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from typing import Any
from uuid import uuid4

from spoton._cells import Cell
from spoton._run import Run
from spoton._version import __version__
from spoton.engines._work import Packer, drop, hold, work
from spoton.errors import EngineError
from spoton.optional import require

PATIENCE = 30  # seconds for the first worker
AGAIN = 5.0  # seconds until the scheduler is asked again how many there are


class Dask:
    """One task a cell; own data is sent to every worker, those that join later included.

    Args:
        jobs: cells at once; one a worker by default.
        address: tcp://HOST:PORT of a running scheduler.
    """

    def __init__(self, jobs: int | None = None, address: str | None = None) -> None:
        self._distributed = require("distributed")
        from concurrent.futures import CancelledError

        self.lost: tuple[type[BaseException], ...] = (self._distributed.KilledWorker, CancelledError)
        self._jobs, self._workers, self._asked = jobs, 1, 0.0
        self._prefix = f"spoton-{uuid4().hex[:12]}"
        self._cluster = self._start(jobs) if address is None else None
        self._where = address or "this machine"
        self._plugins: list[str] = []
        self._packer = Packer(self._ship)
        try:
            self._client = self._distributed.Client(
                self._cluster or address, set_as_default=False, name="spoton", timeout=PATIENCE
            )
        except Exception as error:
            self._end_cluster()
            raise EngineError(
                f"the Dask scheduler at {self._where} cannot be reached ({type(error).__name__}: {str(error)[:200]}); "
                "start it there with dask scheduler"
            ) from error
        try:
            self._meet_workers()
            self._pool = self._client.get_executor(pure=False)
        except BaseException:
            self.close(kill=True)
            raise

    def room(self) -> int:
        """One cell a worker; workers that join are seen."""
        if self._jobs is not None:
            return self._jobs
        if time.monotonic() - self._asked > AGAIN:
            self._workers, self._asked = len(self._client.nthreads()), time.monotonic()
        return max(1, self._workers)

    def submit(self, cell: Cell) -> Future[Run]:
        """Begin a cell."""
        if self._client.status != "running":
            raise EngineError(
                f"the Dask scheduler at {self._where} is gone; what is finished is kept, and the same bench goes on"
            )
        future: Future[Run] = self._pool.submit(
            work, *self._packer.pack(cell), key=f"{self._prefix}-{uuid4().hex}", pure=False
        )
        return future

    def close(self, *, kill: bool) -> None:
        """Leave; a worker cannot stop a fit, so those that hold cells of ours are restarted."""
        try:
            if self._client.status == "running":
                for name in self._plugins:
                    self._client.unregister_worker_plugin(name)
                if kill and self._cluster is None:
                    held = self._client.processing()
                    busy = [w for w, keys in held.items() if any(str(k).startswith(self._prefix) for k in keys)]
                    self._client.restart_workers(busy, timeout=PATIENCE, raise_for_error=False)
        except Exception as error:  # workers without a nanny finish what they hold, and nobody takes it
            logging.getLogger(__name__).info("%s", error)
        finally:
            self._client.close(timeout=PATIENCE)
            self._end_cluster()

    def _start(self, jobs: int | None) -> Any:
        # a task that loses its worker comes back to `execute` at once, which counts
        with require("dask").config.set({"distributed.scheduler.allowed-failures": 0}):
            return self._distributed.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # None is port 8787 of all interfaces
                silence_logs=logging.CRITICAL,
            )

    def _end_cluster(self) -> None:
        if self._cluster is not None:
            self._cluster.close(timeout=PATIENCE)

    def _meet_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except Exception as error:
            raise EngineError(
                f"the Dask scheduler at {self._where} has no workers; start some with dask worker --nthreads 1"
            ) from error
        several = [worker for worker, threads in self._client.nthreads().items() if threads > 1]
        if several:
            raise EngineError(
                f"the Dask worker {several[0]} has several threads, and a cell needs a process of its own; "
                "start workers with dask worker --nthreads 1 --nworkers N"
            )
        # as a task, since `Client.run` would import spoton in the thread that tells the scheduler of the worker's life
        asked = {
            worker: self._client.submit(_version, workers=[worker], allow_other_workers=True, pure=False)
            for worker in self._client.nthreads()
        }
        try:
            found = {worker: future.result() for worker, future in asked.items()}
        except Exception as error:
            raise EngineError(f"spoton does not start on the workers of {self._where} ({error})") from error
        for worker, version in found.items():
            if version != __version__:
                raise EngineError(
                    f"the Dask worker {worker} has spoton {version}, this machine {__version__}; "
                    "install the same everywhere"
                )

    def _ship(self, key: str, pickled: bytes) -> None:
        """By a plugin: the scheduler hands it to workers that join later too."""

        class OwnData(self._distributed.WorkerPlugin):  # type: ignore[name-defined, misc]
            """Keeps an own task in the worker."""

            def setup(self, worker: object) -> None:
                hold(key, pickled)

            def teardown(self, worker: object) -> None:
                drop(key)

        name = f"{self._prefix}-{key[:12]}"
        self._client.register_plugin(OwnData(), name=name)
        self._plugins.append(name)


def _version() -> str:
    from spoton import __version__

    return __version__
