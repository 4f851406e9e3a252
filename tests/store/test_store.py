"""The same tests on SQLite, MariaDB and PostgreSQL."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from made_runs import made, same
from sqlalchemy import text

from spoton import store
from spoton._run import Run
from spoton.errors import StoreError
from spoton.store import Store


def test_a_run_comes_back_as_it_was(url: str) -> None:
    run = made(2**32 - 1)
    with Store.open(url) as opened:
        assert opened.add(run)
        assert not opened.add(run)
        (back,) = opened.runs(predictions=True)
        assert same(back, made(2**32 - 1, id=run.id))
        assert back.history is not None
        assert back.history.baseline == {"valid_mse": 3.0}
        assert back.predictions is not None
        assert opened.runs()[0].predictions is None
        assert opened.counts() == {"runs": 1, "metrics": 5, "epochs": 4, "predictions": 1, "artifacts": 0}
        assert opened.has([run.id, "none"]) == {run.id}


def test_odd_texts_and_numbers_are_taken(url: str) -> None:
    odd = made(reason="a\x00b \ud800 ' \" \\ %s :x ✓", task="T" * 900, learner="l" * 3000)
    odd.metrics = {"valid": {"r2": -math.inf, "mse": 1.7976931348623157e308, "mae": 5e-324, "hit": 0.1 + 0.2}}
    with Store.open(url) as opened:
        opened.add(odd)
        (back,) = opened.runs()
        assert back.reason == "ab ? ' \" \\ %s :x ✓"
        assert math.isnan(back.metrics["valid"].pop("r2"))
        assert back.metrics["valid"] == {"mse": 1.7976931348623157e308, "mae": 5e-324, "hit": 0.1 + 0.2}
        assert opened.done([odd.identity])


def test_the_leaderboard_is_mean_and_sd_of_the_newest(url: str) -> None:
    good = [made(seed) for seed in range(4)]
    for i, run in enumerate(good):
        run.metrics["valid"]["r2"] = 1e9 + i  # the naive formula gives 0 or nonsense here
    old = made(0, started="2020", finished="2020", metrics={"valid": {"r2": -5.0}})
    others = [
        made(9, status="failed", metrics={}),
        made(0, learner="LINEAR@pts"),
        made(1, task="pnist/bottom"),
        made(0, asked_train_size=50, train_size=50),
        made(1, asked_train_size=50, train_size=50, finished="2021"),
    ]
    with Store.open(url) as opened:
        assert opened.add_many([*good, old, *others]) == 10
        assert len(opened.runs(newest=True)) == 9
        board = opened.leaderboard("pnist/top")
        seen = zip(board["learner"], board["asked_train_size"].fillna(0), board["n"], board["not_ok"], strict=True)
        assert set(seen) == {("linear@pts", 50, 2, 0), ("LINEAR@pts", 0, 1, 0), ("linear@pts", 0, 4, 1)}
        row = board[board["n"] == 4].iloc[0]
        assert row["valid_r2"] == pytest.approx(1e9 + 1.5, abs=1e-6)
        assert row["valid_r2_sd"] == pytest.approx(statistics.stdev(range(4)), rel=1e-6)
        alone = board[board["n"] == 1].iloc[0]
        assert pd.isna(alone["valid_r2_sd"])  # one seed has no spread
        assert set(opened.leaderboard()["task"]) == {"pnist/top", "pnist/bottom"}


def test_done_is_ok_of_the_same_identity_and_the_newest(url: str) -> None:
    first, second = made(0), made(0, finished="2027", fit_seconds=7.0)
    with Store.open(url) as opened:
        opened.add_many([second, first, made(1, status="failed"), made(2, version="0.0.1")])
        done = opened.done(made(seed).identity for seed in range(3))
        assert [run.fit_seconds for run in done.values()] == [7.0]
        assert opened.done([made(0, data_hash="other").identity]) == {}
        assert opened.done([made(0).identity], predictions=True)
        assert [run.seed for run in opened.runs(status="failed")] == [1]
        assert [run.seed for run in opened.runs(limit=2)] == [1, 2]


def test_a_refused_run_leaves_nothing_of_itself(url: str) -> None:
    with Store.open(url) as opened:
        opened.add(made(0))
        bad = made(1)
        bad.metrics["valid"] = {"x" * 300: 1.0} if not url.endswith(".db") else {None: 1.0}  # type: ignore[dict-item]
        with pytest.raises(StoreError, match="cannot be written"):
            opened.add_many([made(2), bad])
        assert opened.counts()["runs"] == 1


def test_artifacts(url: str) -> None:
    run = made()
    with Store.open(url) as opened:
        opened.add(run)
        for data in (b"old", bytes(range(256))):
            opened.add_artifact(run, "a.png", data, "image/png")
        assert opened.artifacts(run.id) == {"a.png": ("image/png", bytes(range(256)))}
        with pytest.raises(StoreError, match="add the run before"):
            opened.add_artifact("none", "a", b"")


def test_writers_and_readers_at_once(url: str) -> None:
    """They open a new database together, and add runs of which they share some."""
    shared = [made(seed) for seed in range(5)]
    troubles: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with Store.open(url) as opened:
                for i in range(5):
                    opened.add(made(10 * number + i))
                    opened.add(shared[i])
                    assert len(opened.runs(limit=2)) == 2
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    with Store.open(url) as opened:
        assert opened.counts()["runs"] == 4 * 5 + 5
        assert opened.counts()["metrics"] == 25 * 5


def test_plain_sql_of_the_standard_library_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with Store.open(path) as opened:
        opened.add(made())
    code = f"""
import io, sqlite3, zlib, numpy
db = sqlite3.connect({str(path)!r})
print(db.execute("PRAGMA journal_mode").fetchone()[0])
print(db.execute("SELECT learner, ROUND(valid_hit, 3) FROM runs").fetchall())
print(db.execute("SELECT n, valid_hit_sd FROM leaderboard").fetchall())
(data,) = db.execute("SELECT data FROM predictions").fetchone()
print(numpy.load(io.BytesIO(zlib.decompress(data))).shape)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines() == ["wal", "[('linear@pts', 0.333)]", "[(1, None)]", "(142, 2)"]


def test_importing_the_room_loads_no_database() -> None:
    code = "import sys, spoton.store, spoton._bench; print('sqlalchemy' in sys.modules, 'alembic' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False False\n"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        store.nothing  # noqa: B018


def test_an_open_store_loads_no_migrations(tmp_path: Path) -> None:
    Store.open(tmp_path / "s.db").close()
    open_it = f"from spoton.store import Store; Store.open({str(tmp_path / 's.db')!r})"
    code = f"import sys; {open_it}; print('alembic' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False\n"


def test_queries_of_ones_own(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as opened:
        opened.add_many(made(seed) for seed in range(3))
        assert list(opened.sql("SELECT seed FROM runs WHERE seed > :least", least=0)["seed"]) == [1, 2]
        with opened.engine.connect() as connection:
            assert connection.execute(text("SELECT COUNT(*) FROM newest")).scalar() == 3
        with pytest.raises(StoreError, match="cannot be read"):
            opened.sql("SELECT nonsense")


def test_a_run_without_anything(url: str) -> None:
    bare = Run("t", "l")
    with Store.open(url) as opened:
        opened.add(bare)
        assert opened.runs() == [bare]
