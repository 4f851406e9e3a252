"""The loop that all engines share, with an engine that loses what it is told to lose."""

from __future__ import annotations

import pickle
import socket
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoton import Run, Task, bench, engines, get_task
from spoton._cells import Cell, cells
from spoton.engines._execute import TRIES
from spoton.engines._serial import Serial
from spoton.engines._work import Packer, drop, hold, work
from spoton.errors import DataError, EngineError, MissingExtra, UsageError
from spoton.store import Store, read

TODO = list(enumerate(cells("friedman2", "mean", 6)))


class Gone(Exception):
    """A worker died."""


class Flaky(Serial):
    """Loses a cell as often as its seed is in `deaths`; nothing is really run."""

    lost = (Gone,)

    def __init__(self, deaths: dict[int, int], room: int = 3) -> None:
        self.deaths, self.begun, self.alone = Counter(deaths), Counter[int](), Counter[int]()
        self._room, self.flying = room, 0

    def room(self) -> int:
        return self._room

    def submit(self, cell: Cell) -> Future[Run]:
        self.begun[cell.seed] += 1
        future: Future[Run] = Future()
        if self.begun[cell.seed] <= self.deaths[cell.seed]:
            future.set_exception(Gone("killed by signal 9"))
        else:
            run = cell.blank()
            run.status = "ok"
            future.set_result(run)
        return future


@given(st.dictionaries(st.integers(0, 5), st.integers(0, 5)), st.integers(1, 8))
def test_each_cell_comes_once_whatever_dies(deaths: dict[int, int], room: int) -> None:
    engine = Flaky(deaths, room)
    runs = dict(engines.execute(TODO, engine))
    assert sorted(runs) == [0, 1, 2, 3, 4, 5]
    for seed, run in runs.items():
        assert run.seed == seed
        assert run.status == ("failed" if deaths.get(seed, 0) >= TRIES else "ok")
        assert engine.begun[seed] == min(deaths.get(seed, 0) + 1, TRIES)


def test_a_cell_that_kills_again_and_again_is_a_row_with_the_reason() -> None:
    (run,) = [run for _, run in engines.execute(TODO, Flaky({2: 99})) if run.status != "ok"]
    assert run.reason == "its worker died 3 times, at last alone: Gone: killed by signal 9"
    assert run.identity == TODO[2][1].identity
    assert (run.train_size, run.split_hash) == (560, get_task("friedman2").split(2).hash())
    assert run.finished >= run.started


def test_the_third_time_nothing_else_runs() -> None:
    order: list[int] = []

    class Watched(Flaky):
        def submit(self, cell: Cell) -> Future[Run]:
            order.append(cell.seed)
            return super().submit(cell)

    dict(engines.execute(TODO, Watched({0: 2, 1: 1}, room=1)))
    assert order == [0, 1, 2, 3, 4, 5, 0, 1, 0]


def test_what_a_worker_cannot_begin_is_a_row() -> None:
    class Bare(Serial):
        def submit(self, cell: Cell) -> Future[Run]:
            future: Future[Run] = Future()
            future.set_exception(ModuleNotFoundError("No module named 'lightgbm'"))
            return future

    ((_, run),) = engines.execute(TODO[:1], Bare())
    assert run.reason == "ModuleNotFoundError: No module named 'lightgbm'"


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"version": "0.0.1"}, "a worker has spoton 0.0.1, the bench "), ({"data_hash": "x"}, "other data by the name")],
)
def test_runs_of_another_version_or_of_other_data_are_not_taken(changes: dict[str, str], words: str) -> None:
    class Other(Serial):
        def submit(self, cell: Cell) -> Future[Run]:
            future: Future[Run] = Future()
            future.set_result(replace(cell.blank(), status="ok", **changes))
            return future

    ((_, run),) = engines.execute(TODO[:1], Other())
    assert run.status == "failed"
    assert words in run.reason


def test_machines_that_are_gone_end_the_bench_and_keep_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Leaving(Serial):
        left = 2

        def submit(self, cell: Cell) -> Future[Run]:
            if not self.left:
                raise EngineError("the scheduler is gone")
            self.left -= 1
            return super().submit(cell)

    monkeypatch.setattr(engines, "_made", lambda *_: Leaving())
    with pytest.raises(EngineError, match="is gone"):
        bench("friedman2", "mean", seeds=4, store=tmp_path / "s.db", journal=tmp_path / "j.jsonl")
    with Store.open(tmp_path / "s.db") as store:
        assert [run.seed for run in store.runs()] == [0, 1] == [run.seed for run in read(tmp_path / "j.jsonl")]


def test_an_engine_is_closed_and_kills_only_where_something_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bool] = []

    class Closed(Serial):
        def close(self, *, kill: bool) -> None:
            said.append(kill)

    monkeypatch.setattr(engines, "_made", lambda *_: Closed())
    bench("friedman2", "mean", seeds=1)

    def interrupt(_: Run) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench("friedman2", "mean", seeds=2, on_run=interrupt)
    assert said == [False, True]


def test_own_data_travels_once_and_names_travel_as_names() -> None:
    shipped: list[str] = []
    X = np.random.RandomState(0).rand(40, 3)

    def ship(key: str, pickled: bytes) -> None:
        assert len(pickled) > X.nbytes
        shipped.append(key)
        hold(key, pickled)

    packer = Packer(ship)
    own = [packer.pack(cell) for cell in cells(Task.from_arrays("mine", X, X[:, 0]), "linear", 3)]
    assert len(shipped) == 1
    for cell, key, fetch in own:
        with pytest.raises(DataError, match="without its data"):
            cell.task.data()
        assert work(cell, key, fetch).metrics["valid"]["r2"] == pytest.approx(1.0)
    drop(shipped[0])
    with pytest.raises(DataError, match="did not reach this worker"):
        work(*own[0])
    (named,) = packer.pack(TODO[0][1])
    assert pickle.loads(pickle.dumps(named)).task is get_task("friedman2")
    assert len(shipped) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"engine": "rya"}, "no engine is called 'rya'; did you mean ray"),
        ({"engine": "loky", "address": "head"}, "loky runs on this machine and takes no address; take ray or dask"),
        ({"address": "head"}, "takes no address"),
        ({"engine": "loky", "jobs": 0}, "jobs has to be 1 or more"),
    ],
)
def test_wrong_words(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        bench("friedman2", "mean", seeds=1, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "package"), [("ray", "ray"), ("dask", "distributed")])
def test_a_missing_package_is_one_sentence(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    real = importlib.import_module

    def missing(wanted: str) -> object:
        if wanted == package:
            raise ImportError(wanted)
        return real(wanted)

    monkeypatch.setattr("spoton.optional.importlib.import_module", missing)
    with pytest.raises(MissingExtra, match=rf"pip install 'spoton\[{name}\]'"):
        bench("friedman2", "mean", seeds=1, engine=name)


def test_nobody_at_the_address_of_ray_is_said_at_once() -> None:
    from spoton.engines._ray import _check_listens

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for where in (f"127.0.0.1:{port}", f"localhost:{port}", f"ray://127.0.0.1:{port}", "auto"):
            _check_listens(where, "127.0.0.1")
    began = time.monotonic()
    for where in (f"127.0.0.1:{port}", f"ray://localhost:{port}", f"127.0.0.1:{10**6}", f"[::1]:{port}"):
        with pytest.raises(EngineError, match=r"cannot be joined \(OSError: .*; it has to run there"):
            _check_listens(where, "127.0.0.1")
    assert time.monotonic() - began < 5
