"""Engines: where the cells of a bench run. An engine is one file and one line here.

The bench alone writes the store: workers send finished runs back, so no machine but this one needs the database, its
password or a shared folder, and a run whose worker dies is either here whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from spoton import catalogue
from spoton.engines._engine import Engine as Engine
from spoton.engines._execute import execute as execute
from spoton.errors import UsageError
from spoton.optional import require

__all__ = ["ENGINES", "Engine", "check", "execute", "opened"]

# name -> the package it needs, and what it is
ENGINES = {
    "serial": ("", "this process, one cell after the other"),
    "loky": ("joblib", "processes of this machine"),
    "ray": ("ray", "a Ray cluster"),
    "dask": ("distributed", "a Dask cluster"),
}
JOINING = ("ray", "dask")  # those that take an address


def check(name: str, jobs: int | None, address: str | None) -> None:
    """Raise now what `opened` would, as far as nothing has to be started for it.

    Raises:
        UsageError: no such engine, jobs below 1, or an address for an engine that takes none.
        MissingExtra: its package is not installed.
    """
    if name not in ENGINES:
        raise catalogue.unknown("engine", name, ENGINES)
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs has to be 1 or more, it is {jobs}")
    if address is not None and name not in JOINING:
        raise UsageError(f"the engine {name} runs on this machine and takes no address; take {' or '.join(JOINING)}")
    if package := ENGINES[name][0]:
        require(package)


@contextmanager
def opened(name: str, jobs: int | None = None, address: str | None = None) -> Iterator[Engine]:
    """An engine for the time inside; whatever goes wrong there, Ctrl-C included, ends the cells that run.

    Args:
        name: one of `ENGINES`.
        jobs: cells at once; for a cluster that is joined, all it has by default.
        address: of a running cluster: HOST or HOST:PORT of Ray, tcp://HOST:PORT of Dask's scheduler.

    Raises:
        UsageError: as `check`.
        MissingExtra: as `check`.
        EngineError: the cluster cannot be joined, or its machines have no spoton or another.
    """
    check(name, jobs, address)
    engine = _made(name, jobs, address)
    kill = True
    try:
        yield engine
        kill = False
    finally:
        engine.close(kill=kill)


def _made(name: str, jobs: int | None, address: str | None) -> Engine:
    if name == "serial":
        from spoton.engines._serial import Serial

        return Serial()
    if name == "loky":
        from spoton.engines._loky import Loky

        return Loky(jobs)
    if name == "ray":
        from spoton.engines._ray import Ray

        return Ray(jobs, address)
    from spoton.engines._dask import Dask

    return Dask(jobs, address)
