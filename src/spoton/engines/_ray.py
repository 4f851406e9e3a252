"""A Ray cluster: one that runs already, or one of this machine for the time of the bench."""

from __future__ import annotations

import logging
import os
import socket
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from spoton._cells import Cell
from spoton._run import Run
from spoton._version import __version__
from spoton.engines._work import Fetch, Packer, work
from spoton.errors import EngineError, UsageError
from spoton.optional import require

PORT = 6379
PATIENCE = 10.0  # seconds for a machine to answer
AGAIN = 5.0  # seconds until the cluster is asked again how large it is


class Ray:
    """One task a cell, on one core; nothing of Ray's own retries, so that `execute` knows what was lost.

    Args:
        jobs: cells at once; all the cluster has by default.
        address: HOST, HOST:PORT, `auto` or ray://HOST:PORT of a running cluster.
    """

    def __init__(self, jobs: int | None = None, address: str | None = None) -> None:
        if address is not None:
            # before Ray is imported, since it looks but once
            os.environ.setdefault("RAY_AUTH_MODE", "token")
        self._ray = require("ray")
        if address is not None and self._ray.is_initialized():
            raise UsageError("this process is in a Ray cluster already; leave the address out, or call ray.shutdown()")
        self._ours = not self._ray.is_initialized()
        if self._ours:
            self._join(jobs, address)
        errors = self._ray.exceptions
        self.lost: tuple[type[BaseException], ...] = (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.LocalRayletDiedError,
            errors.OutOfMemoryError,  # Ray ended it before the system would
            errors.ObjectLostError,  # it was finished, and its node died before the run was fetched
        )
        self._jobs, self._cores, self._gpus, self._asked = jobs, 1, 0.0, 0.0
        self._flying: dict[Future[Run], Any] = {}
        self._work = self._ray.remote(max_retries=0, num_cpus=1)(work)
        self._packer = Packer(self._ship)
        try:
            self._meet_workers()
        except BaseException:
            self.close(kill=True)
            raise

    def room(self) -> int:
        """Twice the cores, so that none waits for the next cell; machines that join are seen."""
        if time.monotonic() - self._asked > AGAIN:
            has = self._ray.cluster_resources()
            self._cores, self._gpus, self._asked = int(has.get("CPU", 1)), has.get("GPU", 0.0), time.monotonic()
        return self._jobs or max(1, 2 * self._cores)

    def submit(self, cell: Cell) -> Future[Run]:
        """Begin a cell; a net with `device=cuda` asks for a GPU, where the cluster has one."""
        gpus = int(isinstance(cell.learner, str) and "device=cuda" in cell.learner and self._gpus >= 1)
        reference = self._work.options(num_gpus=gpus).remote(*self._packer.pack(cell))
        future: Future[Run] = reference.future()
        self._flying[future] = reference
        future.add_done_callback(lambda done: self._flying.pop(done, None))
        return future

    def close(self, *, kill: bool) -> None:
        """Leave the cluster; Ray ends what its client leaves behind."""
        if kill:
            for reference in list(self._flying.values()):
                self._ray.cancel(reference, force=True)
        if self._ours:
            self._ray.shutdown()

    def _join(self, jobs: int | None, address: str | None) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        if address is None:
            # a cluster for one bench sends nothing to Ray's makers
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            self._ray.init(address="local", num_cpus=jobs, include_dashboard=False, **quiet)
            return
        where = address if ":" in address or address == "auto" else f"{address}:{PORT}"
        _check_listens(where, self._ray.util.get_node_ip_address())
        try:
            self._ray.init(address=where, **quiet)
        except Exception as error:
            raise EngineError(_refusal(where, error)) from error

    def _meet_workers(self) -> None:
        """One process a machine says which spoton it has; whoever joins later is checked by its runs."""
        ask = self._ray.remote(max_retries=0, num_cpus=0)(_version)
        on = require("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
        asked = {
            node["NodeManagerHostname"]: ask.options(scheduling_strategy=on(node["NodeID"], soft=True)).remote()
            for node in self._ray.nodes()
            if node["Alive"]
        }
        for name, answer in asked.items():
            try:
                found = self._ray.get(answer)
            except Exception as error:
                raise EngineError(f"spoton does not start on {name} ({_first(error)})") from error
            if found != __version__:
                raise EngineError(f"{name} has spoton {found}, this machine {__version__}; install the same everywhere")

    def _ship(self, key: str, pickled: bytes) -> Fetch:
        # Ray looks into arguments, not into functions: the worker that holds the data already does not fetch them
        return partial(_fetch, [self._ray.put(pickled)])


def _fetch(reference: list[Any]) -> bytes:
    found: bytes = require("ray").get(reference[0])
    return found


def _version() -> str:
    from spoton import __version__

    return __version__


def _check_listens(where: str, own: str) -> None:
    """Ray asks for minutes where nobody listens.

    Args:
        where: as Ray takes it.
        own: address of this machine in its network: a head may listen there alone, and be called localhost by Ray.

    Raises:
        EngineError: nobody does.
    """
    host, _, port = where.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        return  # `auto`, and what Ray alone can read
    host = host.strip("[]")
    refused = OSError()
    for place in (host, own) if host == "localhost" or host.startswith("127.") else (host,):
        try:
            socket.create_connection((place, int(port)), timeout=PATIENCE).close()
            return
        except (OSError, OverflowError) as error:
            refused = OSError(str(error))
    raise EngineError(_refusal(where, refused)) from refused


def _refusal(where: str, error: Exception) -> str:
    """Ray says the same of a wrong token as of nobody there."""
    return (
        f"the Ray cluster at {where} cannot be joined ({_first(error)}); it has to run there (ray start --head), this "
        "machine has to be one of its nodes (ray start --address HOST:PORT), and to have its token, in "
        "~/.ray/auth_token or RAY_AUTH_TOKEN; RAY_AUTH_MODE=disabled joins a cluster without one"
    )


def _first(error: Exception) -> str:
    """Ray's errors run over pages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1][:200]}" if lines else type(error).__name__
