"""Dask: two workers on this machine."""

from __future__ import annotations

import importlib.util
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rough import Deadly, Slow, both_begun

from spoton import Run, Task, bench
from spoton.errors import EngineError
from spoton.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("distributed") is None, reason="distributed is not installed (the extra `dask`)"
    ),
]

ANY_PORT = "127.0.0.1:0"
X = np.random.RandomState(0).rand(60, 3)
OWN = Task.from_arrays("mine", X, X[:, 0])


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers, of one thread each."""
    import dask
    from distributed import LocalCluster

    # tasks come back to spoton at once, and a machine with other work is slow to start a process
    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.comm.timeouts.connect": "60s"}
    with (
        dask.config.set(settings),
        LocalCluster(2, threads_per_worker=1, dashboard_address=ANY_PORT, silence_logs=logging.CRITICAL) as started,
    ):
        yield started
    processes = [nanny.process.process for nanny in started.workers.values() if nanny.process is not None]
    assert not any(process is not None and process.is_alive() for process in processes)


def test_a_worker_that_dies_loses_nothing_and_nothing_is_there_twice(cluster: Any, tmp_path: Path) -> None:
    seen: list[Run] = []

    def kill(run: Run) -> None:
        seen.append(run)
        if len(seen) == 3:
            cluster.workers[0].process.process.kill()

    learners = [(f"slow{i}", Slow(0.3)) for i in range(5)]
    with Store.open(tmp_path / "s.db") as store:
        where: dict[str, Any] = {"engine": "dask", "address": cluster.scheduler_address, "store": store}
        runs = bench([OWN, "friedman2"], learners, seeds=2, on_run=kill, **where)
        assert [(run.status, run.reason) for run in runs] == [("ok", "")] * 20
        assert len({run.identity for run in runs}) == len(store.runs()) == 20
        deadly = bench(OWN, [("always", Deadly(99, folder=str(tmp_path))), "mean"], seeds=[7], **where)
    assert [run.status for run in deadly] == ["failed", "ok"]
    # the scheduler's word for it, or that of a future whose worker was restarted
    assert re.search("its worker died 3 times, at last alone: (KilledWorker|CancelledError)", deadly[0].reason)


def test_ctrl_c_ends_the_cells_of_workers(cluster: Any, tmp_path: Path) -> None:
    def stop(run: Run) -> None:
        both_begun(tmp_path)
        raise KeyboardInterrupt

    endless = [("quick", Slow(0.0, str(tmp_path))), ("endless", Slow(6.0, str(tmp_path)))]
    with pytest.raises(KeyboardInterrupt):
        bench(OWN, endless, seeds=[0], engine="dask", address=cluster.scheduler_address, on_run=stop)
    time.sleep(6)
    assert len(list(tmp_path.glob("ended-*"))) == 1


def test_a_cluster_for_one_bench_ends_with_it(cluster: Any) -> None:
    runs = bench(OWN, "mean", seeds=2, engine="dask", jobs=1)
    assert [run.status for run in runs] == ["ok", "ok"]


def test_workers_of_several_threads_are_refused_and_nobody_at_the_address_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(1, threads_per_worker=2, dashboard_address=ANY_PORT, silence_logs=logging.CRITICAL) as several,
        pytest.raises(EngineError, match="has several threads"),
    ):
        bench(OWN, "mean", seeds=1, engine="dask", address=several.scheduler_address)
    monkeypatch.setattr("spoton.engines._dask.PATIENCE", 1)
    with pytest.raises(EngineError, match="cannot be reached"):
        bench(OWN, "mean", seeds=1, engine="dask", address="tcp://127.0.0.1:9")
