"""Whatever the database does, no run is lost."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from made_runs import made, same

from spoton.errors import DataError, StoreError
from spoton.store import Keeper, Store, _keeper, append, others, read, sync


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_spool_is_gone_once_all_is_delivered() -> None:
    with Store.open("s.db") as opened:
        keeper = Keeper(opened, "spool")
        keeper.add(made(0))
        assert len(read("spool")) == 1  # until the bench is over
        assert opened.counts()["runs"] == 1
        assert keeper.finish()
        assert not Path("spool").exists()
        keeper = Keeper(opened, "journal", keep=True)
        keeper.add(made(1))
        assert keeper.finish()
        assert len(read("journal")) == 1


def test_the_spool_keeps_what_another_bench_has_not_delivered() -> None:
    with Store.open("s.db") as opened:
        keeper = Keeper(opened, "spool")
        keeper.add(made(0))
        append("spool", made(1))  # the other one
        assert keeper.finish()
        assert len(read("spool")) == 2
        assert sync(opened, "spool") == (1, 1)
        assert not Path("spool").exists()
        assert sync(opened, "spool") == (0, 0)


def test_two_stores_in_one_folder_do_not_get_each_others_runs() -> None:
    with Store.open("a.db") as one, Store.open("b.db") as other:
        first, second = Keeper(one, "spool"), Keeper(other, "spool")
        first.add(made(0))
        second.catch_up()
        second.add(made(1))
        append("spool", made(2))  # of an older spoton: for whoever comes
        assert second.finish()
        assert [run.seed for run in read("spool", other.place)] == [1, 2]  # all of them go at once, or none
        assert others("spool", other.place) == [one.place] == [str(Path("a.db").resolve())]
        sync(other, "spool")
        assert [run.seed for run in other.runs()] == [1, 2]
        assert [run.seed for run in read("spool")] == [0]
        first.add(made(3))
        assert first.finish()
        assert [run.seed for run in one.runs()] == [0, 3]
        assert not Path("spool").exists()
        assert others("spool", one.place) == []


def test_what_was_for_a_store_that_is_gone_is_for_whoever_comes() -> None:
    append("spool", made(0), str(Path("gone.db").resolve()))
    append("spool", made(1), "mysql://h:3306/d")
    with Store.open("s.db") as opened:
        assert sync(opened, "spool") == (1, 0)
        assert others("spool", opened.place) == ["mysql://h:3306/d"]
        assert sync(opened, "spool", keep=True) == (1, 0)  # a journal that is named is taken as a whole
        assert len(read("spool")) == 1


def test_ctrl_c_at_any_step_of_keeping_a_run_leaves_nothing_in_the_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted_after(step: Any) -> Any:
        def taken(*args: Any) -> None:
            step(*args)
            raise KeyboardInterrupt

        return taken

    with Store.open("s.db") as opened:
        for number, (owner, name) in enumerate([(_keeper, "append"), (opened, "add_many")]):
            keeper = Keeper(opened, "spool")
            with monkeypatch.context() as patched:
                patched.setattr(owner, name, interrupted_after(getattr(owner, name)))
                with pytest.raises(KeyboardInterrupt):
                    keeper.add(made(number))
            assert keeper.finish()
            assert opened.counts()["runs"] == number + 1
            assert not Path("spool").exists()


def test_a_locked_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spoton.store._url.PATIENCE", 0.05)
    said: list[str] = []
    with Store.open("s.db") as opened:
        keeper = Keeper(opened, "spool", say=said.append)
        other = sqlite3.connect("s.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        run = made(0)
        keeper.add(run)
        keeper.add(made(1))  # not asked again at once
        assert len(said) == 1
        assert "locked" in said[0]
        assert "the bench goes on" in said[0]
        assert not keeper.finish()
        assert "2 runs wait in spool; spoton store sync delivers them" in said[1]
        other.execute("ROLLBACK")
        other.close()
        assert sync(opened, "spool") == (2, 0)
        # by the spool nothing is lost, not even the predictions
        assert same(opened.runs(predictions=True)[0], made(0, id=run.id))


def test_a_store_that_comes_back_gets_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_keeper, "PAUSE", 0.0)
    with Store.open("s.db") as opened:
        keeper = Keeper(opened, "spool")
        add, broken = opened.add_many, [True]

        def sometimes(runs: Any) -> int:
            if broken[0]:
                raise StoreError("gone")
            return add(runs)

        monkeypatch.setattr(opened, "add_many", sometimes)
        keeper.add(made(0))
        broken[0] = False
        keeper.add(made(1))
        assert opened.counts()["runs"] == 2
        assert keeper.finish()
        assert not Path("spool").exists()


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_connection_that_is_lost(kind: str, running: Any) -> None:
    said: list[str] = []
    server = running[kind]
    with Store.open(server.url()) as opened:
        keeper = Keeper(opened, "spool", say=said.append)
        keeper.add(made(0))
        server.stop()
        try:
            keeper.add(made(1))
            assert "cannot be written" in said[0]
            assert len(read("spool")) == 2
        finally:
            server.start()
        assert keeper.finish()
        assert not Path("spool").exists()
        assert opened.counts()["runs"] == 2


FULL = """
import resource, signal, sys, os
from pathlib import Path
sys.path.insert(0, {here!r})
from made_runs import made
from spoton.store import Keeper, Store
opened = Store.open("s.db")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = max(os.path.getsize(name) for name in ("s.db", "s.db-wal")) + 40_000
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
keeper = Keeper(opened, "spool", say=lambda text: print(text))
for seed in range(25):
    keeper.add(made(seed, predictions=None))
print(keeper.finish())
"""


def test_a_full_disk() -> None:
    """The limit stops the database's file; the spool, which is smaller, goes on."""
    code = FULL.format(here=str(Path(__file__).parent))
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "runs wait in spool" in out.stdout, out.stdout + out.stderr
    assert out.stdout.endswith("False\n"), out.stderr
    assert len(read("spool")) == 25
    with Store.open("s.db") as opened:
        before = opened.counts()["runs"]
        assert 0 < before < 25
        assert sync(opened, "spool") == (25 - before, before)


def test_a_spool_that_cannot_be_written_does_not_stop_a_store_that_can() -> None:
    said: list[str] = []
    with Store.open("s.db") as opened:
        keeper = Keeper(opened, "spool", say=said.append)
        Path("spool").mkdir()
        keeper.add(made(0))
        keeper.add(made(1))
        assert opened.counts()["runs"] == 2
        assert len(said) == 1
        opened.add = lambda run: (_ for _ in ()).throw(StoreError("gone"))  # type: ignore[method-assign,assignment]
        with pytest.raises(DataError, match="cannot be written"):
            keeper.add(made(2))


def test_one_run_that_is_refused_does_not_hold_up_the_others() -> None:
    with Store.open("s.db") as opened:
        for seed in range(3):
            append("spool", made(seed))
        runs = read("spool")
        runs[1].metrics = {"valid": {None: 1.0}}  # type: ignore[dict-item]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_keeper, "read", lambda *_: runs)
            with pytest.raises(StoreError, match="cannot be written"):
                sync(opened, "spool")
        assert opened.counts()["runs"] == 2
        assert Path("spool").exists()


WRITER = """
import sys
sys.path.insert(0, {here!r})
from made_runs import made
from spoton.store import Keeper, Store
opened = Store.open("s.db")
keeper = Keeper(opened, "spool")
for seed in range(10**9):
    run = made(seed)
    keeper.add(run)
    print(run.id, flush=True)
"""


@pytest.mark.slow
def test_a_writer_killed_50_times_leaves_a_readable_store() -> None:
    rng = random.Random(0)
    code = WRITER.format(here=str(Path(__file__).parent))
    said: set[str] = set()
    for kill in range(50):
        with open("said", "w") as out:
            process = subprocess.Popen([sys.executable, "-c", code], stdout=out, start_new_session=True)
            deadline = time.monotonic() + 60
            # the first ones are killed while the store is made, the others while it is written
            while kill >= 5 and not os.path.getsize("said") and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 1.0 if kill < 5 else 0.15))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        said |= {line for line in Path("said").read_text().splitlines() if len(line) == 32}
        if kill < 5 and not Path("s.db").exists():
            continue
        with Store.open("s.db") as opened:  # completes what was being made
            counts, stored = opened.counts(), set(opened.sql("SELECT uuid FROM runs")["uuid"])
            assert opened.sql("PRAGMA integrity_check").iloc[0, 0] == "ok"
        # whole runs or none of them, and each that was said to be kept
        assert [counts[name] for name in ("metrics", "epochs", "predictions")] == [len(stored) * n for n in (5, 4, 1)]
        assert said <= stored or said <= stored | {run.id for run in read("spool")}
    with Store.open("s.db") as opened:
        sync(opened, "spool")
        assert said <= {run.id for run in opened.runs()}
        assert len(said) > 50
