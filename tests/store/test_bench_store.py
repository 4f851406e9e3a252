"""The bench and the command line with a store."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from spoton import Run, bench, evaluate
from spoton.cli import app
from spoton.errors import SpotonError, StoreError, UsageError
from spoton.store import JOURNAL, Store, append, read


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_what_is_done_is_not_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = bench("friedman2", ["mean", "linear"], seeds=2, store="s.db")
    assert [path.name for path in Path().iterdir()] == ["s.db"]
    with monkeypatch.context() as patch:
        patch.setattr("spoton._cells.evaluate", None)  # nothing is run
        seen: list[Run] = []
        again = bench("friedman2", ["mean", "linear"], seeds=2, store="s.db", on_run=seen.append)
    assert [run.id for run in again] == [run.id for run in first] == [run.id for run in seen]
    assert again == first
    more = bench("friedman2", ["mean", "linear"], seeds=3, store="s.db")
    assert [run.id in {old.id for old in first} for run in more] == [True, True, False] * 2
    forced = bench("friedman2", "mean", seeds=1, store="s.db", force=True)
    assert forced[0].id != first[0].id
    with Store.open("s.db") as opened:
        assert opened.counts()["runs"] == 7
        assert len(opened.runs(newest=True)) == 6
        # an open store is taken too, and stays open
        assert bench("friedman2", "mean", seeds=1, store=opened)[0].id == forced[0].id
        assert opened.counts()["runs"] == 7


def test_a_failed_run_is_made_again() -> None:
    with Store.open("s.db") as opened:
        cell = bench("friedman2", "mean", seeds=1)[0]
        opened.add(Run("friedman2", "mean", 0, status="failed", data_hash=cell.data_hash))
        assert bench("friedman2", "mean", seeds=1, store=opened)[0].status == "ok"
        assert opened.counts()["runs"] == 2


def test_predictions_are_kept_with_their_rows() -> None:
    bench("friedman2", "linear", seeds=1, store="s.db")
    kept = bench("friedman2", "linear", seeds=1, store="s.db", keep_predictions=True)[0]
    again = bench("friedman2", "linear", seeds=1, store="s.db", keep_predictions=True)[0]
    assert kept.id == again.id
    from spoton import get_task

    task = get_task("friedman2")
    assert again.predictions is not None
    assert again.row_ids is not None
    actual = task.data().y.to_numpy()[again.row_ids["valid"]]
    assert ((actual - again.predictions["valid"]) ** 2).mean() == pytest.approx(again.metrics["valid"]["mse"])


def test_histories_that_were_not_scored_do_not_count_where_they_are_asked_for() -> None:
    with Store.open("s.db") as opened:
        plain = bench("friedman2", ["linear", "gbdt?max_iter=4"], seeds=1, store=opened)
        scored = bench("friedman2", ["linear", "gbdt?max_iter=4"], seeds=1, store=opened, history=2)
        assert not {run.id for run in plain} & {run.id for run in scored}
        assert scored[1].history is not None
        assert "valid_mse" in scored[1].history[-1]
        # a learner without epochs is not run a third time, nor is either where nobody asks
        for history in (2, 5, 0):
            again = bench("friedman2", ["linear", "gbdt?max_iter=4"], seeds=1, store=opened, history=history)
            assert [run.id for run in again] == [run.id for run in scored]
        finer = bench("friedman2", "linear", seeds=1, store=opened, history=True)
        assert finer[0].id != scored[0].id


def test_what_an_earlier_bench_left_is_delivered_first() -> None:
    old = evaluate("mean", "friedman2")
    append(JOURNAL, old)
    assert bench("friedman2", "mean", seeds=1, store="s.db")[0].id == old.id
    assert not Path(JOURNAL).exists()


def test_a_named_journal_stays() -> None:
    bench("friedman2", "mean", seeds=2, store="s.db", journal="j.jsonl")
    assert len(read("j.jsonl")) == 2
    assert len(bench("friedman2", "mean", seeds=2, journal="j.jsonl", resume=True)) == 2


def test_a_store_that_breaks_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open("s.db") as opened:

        def broken(_: object) -> int:
            raise StoreError("the store s.db cannot be written (gone)")

        monkeypatch.setattr(opened, "add_many", broken)
        with pytest.warns(RuntimeWarning, match="runs wait in spoton-runs.jsonl"):
            runs = bench("friedman2", "mean", seeds=2, store=opened)
    assert [run.status for run in runs] == ["ok", "ok"]
    assert [run.id for run in read(JOURNAL)] == [run.id for run in runs]
    result = run("store", "info", "--store", "s.db")
    assert "2 more in spoton-runs.jsonl; spoton store sync delivers them" in result.stdout
    assert "0 delivered" in (said := run("store", "sync", "--store", "other.db").stdout)
    assert f"{JOURNAL} has more, for {Path('s.db').resolve()}; --store names one" in said
    assert "more in" not in run("store", "info", "--store", "other.db").stdout
    assert run("store", "sync", "--store", "s.db").stdout == "s.db: 2 delivered, 0 were there already\n"
    assert not Path(JOURNAL).exists()


def test_wrong_usage() -> None:
    with pytest.raises(UsageError, match="give one of the two"):
        bench("friedman2", "mean", store="s.db", resume=True, force=True)
    with pytest.raises(StoreError, match="there is no such folder"):
        bench("friedman2", "mean", store="none/s.db")


def test_one_seed_alone_and_cells_of_one_name() -> None:
    words = ("bench", "pnist/topleft", "--learners", "featsnet", "--jobs", "1", "--seed", "7", "--epochs")
    assert run(*words, "1").exit_code == 0
    assert run(*words, "2").exit_code == 0
    with Store.open("spoton.db") as opened:
        assert {found.seed for found in opened.runs()} == {7}
    board = run("leaderboard").stdout
    assert "featsnet · 1 epochs" in board
    assert "featsnet · 2 epochs" in board


def test_the_words_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    # the oracle comes by itself: six cells
    words = ("bench", "friedman2", "--learners", "linear,mean", "--seeds", "2", "--jobs", "1")
    first = run(*words)
    assert first.exit_code == 0, first.output
    assert "kept in spoton.db" in first.stdout
    assert "--force" not in first.stdout
    assert "all of them from there (--force makes them again)" in run(*words).stdout
    assert "--force makes" not in run(*words, "--force").stdout
    info = run("store", "info").stdout
    assert info.startswith("spoton.db: schema 0002, 12 runs, ")
    assert "friedman2" in info
    board = run("leaderboard").stdout
    assert board.index("\nlinear") < board.index("\nmean")
    assert "6 runs in spoton.db" in board
    run("leaderboard", "friedman2", "--csv", "b.csv")
    assert list(pd.read_csv("b.csv")["n"]) == [2, 2, 2]
    for name in ("r.json", "r.parquet"):
        assert run("export-runs", name).stdout == f"wrote 12 runs to {name}\n"
        assert (
            run("import-runs", name, "--store", f"{name}.db").stdout == f"{name}.db: 12 added, 0 were there already\n"
        )
    assert len(json.loads(Path("r.json").read_text())) == 12
    copied = run("store", "copy", "spoton.db", "c.db")
    assert copied.exit_code == 0, copied.output
    assert copied.stdout.count("equal") == 5
    monkeypatch.setenv("SPOTON_STORE", "c.db")
    assert run("store", "info").stdout.startswith("c.db: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("leaderboard",), "there is no store spoton.db"),
        (("store", "info", "--store", "none.db"), "there is no store none.db"),
        (("store", "sync", "--journal", "none"), "there is no journal none"),
        (("import-runs", "none.json"), "there is no file"),
        (("bench", "friedman2", "--learners", "mean", "--jobs", "1", "--store", "no://x"), "'no' is none of them"),
    ],
)
def test_wrong_words_are_one_sentence(words: tuple[str, ...], message: str) -> None:
    result = run(*words)
    assert isinstance(result.exception, SpotonError), result.output
    assert message in str(result.exception)
    assert not Path("spoton.db").exists()


@pytest.mark.parametrize(
    "words", [("leaderboard", "{}"), ("leaderboard", "{}", "--csv", "b.csv"), ("export-runs", "r.json", "--task", "{}")]
)
def test_a_task_without_runs_is_said(words: tuple[str, ...]) -> None:
    Store.open("spoton.db").close()
    for asked in ("friedman2", ""):  # a store that is empty says so, whatever is asked for
        result = run(*(word.format(asked) for word in words if asked or word not in ("{}", "--task")))
        assert isinstance(result.exception, UsageError), result.output
        assert str(result.exception).startswith("spoton.db has no runs yet; spoton bench makes some")
    with Store.open("spoton.db") as opened:
        opened.add_many([Run("friedman2", "mean", status="ok"), Run("pnist/top?blur=1&haze=9", "mean", status="ok")])
    for asked, said in (
        ("friedman", "no task with runs in spoton.db is called 'friedman'; did you mean friedman2?"),
        ("zzz", "known: friedman2, pnist/top?blur=1&haze=9. spoton store info lists all that it has"),
        ("pnist/left", "is called 'pnist/left'"),  # a task that there is, and no run of it
        ("pnist/top?haze=many", "haze=many in pnist/top is not possible"),
    ):
        result = run(*(word.format(asked) for word in words))
        assert isinstance(result.exception, UsageError), result.output
        assert said in str(result.exception)
        assert result.stdout == ""
    assert [path.name for path in Path().iterdir() if path.suffix in (".csv", ".json")] == []


def test_a_task_has_one_name_in_all_commands() -> None:
    own = Run("my digits", "mean", status="ok")
    with Store.open("spoton.db") as opened:
        opened.add_many([Run("friedman2?noise=0.5&rows=300", "mean", status="ok"), own])
    for asked in ("friedman2?rows=300&noise=.50", "friedman2?noise=0.5&rows=300", " friedman2?noise=5e-1&rows=300"):
        assert "friedman2?noise=0.5&rows=300" in run("leaderboard", asked).stdout
        assert run("leaderboard", asked, "--csv", "b.csv").stdout == "wrote 1 rows to b.csv\n"
        assert run("export-runs", "r.json", "--task", asked).stdout == "wrote 1 runs to r.json\n"
        assert run("report", asked).stdout.startswith("report.html: 1 runs of spoton.db")
    assert run("leaderboard", "my digits", "--csv", "b.csv").stdout == "wrote 1 rows to b.csv\n"


@pytest.mark.parametrize("words", [("leaderboard", "--csv", "none/b.csv"), ("recorded", "--csv", "none/b.csv")])
def test_a_folder_that_is_not_there_is_named(words: tuple[str, ...]) -> None:
    with Store.open("spoton.db") as opened:
        opened.add(Run("friedman2", "mean", status="ok"))
    said = str(run(*words).exception)
    assert said.startswith("none/b.csv cannot be written (")
    assert "'none'" in said
    assert "None" not in said


def test_a_run_knows_where_it_comes_from() -> None:
    (found,) = bench("friedman2", "ridge", seeds=1, store="s.db")
    db = sqlite3.connect("s.db")
    row = db.execute("SELECT python, packages, command, started, finished, settings, fit_seconds FROM runs").fetchone()
    db.close()
    assert row[0] == ".".join(map(str, sys.version_info[:3]))
    assert {"numpy", "scikit-learn", "torch"} <= json.loads(row[1]).keys()
    assert row[2]
    assert "2020" < row[3] < row[4]
    assert json.loads(row[5])["class"].startswith("sklearn.")
    assert found.provenance["platform"]


@pytest.mark.slow
def test_two_benches_write_to_one_store_at_once() -> None:
    words = [
        sys.executable,
        "-m",
        "spoton",
        "bench",
        "friedman2",
        "--seeds",
        "8",
        "--jobs",
        "1",
        "-q",
        "--store",
        "s.db",
    ]
    both = [
        subprocess.Popen([*words, "--learners", learners], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for learners in ("linear,knn,mean", "ridge,lasso,mean")
    ]
    for process in both:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    with Store.open("s.db") as opened:
        assert {run.status for run in opened.runs(learner="linear")} == {"ok"}
        newest = [run for run in opened.runs(newest=True) if run.learner != "oracle"]
        assert len(newest) == 5 * 8
    assert not Path(JOURNAL).exists()


@pytest.mark.slow
def test_workers_say_the_command_of_the_bench() -> None:
    words = [
        sys.executable,
        "-m",
        "spoton",
        "bench",
        "friedman2",
        "--learners",
        "linear",
        "--seeds",
        "3",
        "--jobs",
        "2",
    ]
    subprocess.run(words, check=True, capture_output=True, timeout=200)
    with Store.open("spoton.db") as opened:
        commands = {run.provenance["command"] for run in opened.runs()}
    assert commands == {"spoton bench friedman2 --learners linear --seeds 3 --jobs 2"}
