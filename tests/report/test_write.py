"""The file: whole, small, escaped, atomic; what is on it is what the store and the tables say."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_runs import NASTY, made, some_runs
from typer.testing import CliRunner

from spoton._run import Run
from spoton.cli import app
from spoton.colours import contrast
from spoton.errors import DataError, UsageError
from spoton.report import write
from spoton.report._board import board
from spoton.report._command import repeat
from spoton.report._old import beside
from spoton.report._overview import overview
from spoton.report._pool import short
from spoton.report._render import _style as page_style
from spoton.report._render import to_script
from spoton.store import Store
from spoton.tables import leaderboard


def data_of(path: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', path.read_text(), flags=re.DOTALL)
    assert found is not None
    held: dict[str, Any] = json.loads(found[1])
    return held


def test_the_figures_and_their_order_are_those_of_the_tables() -> None:
    runs = some_runs()
    table = leaderboard(runs)
    found = board(runs)
    assert [(line.task, line.learner) for line in found.lines] == list(
        zip(table["task"], table["learner"], strict=True)
    )
    place = [column.key for column in found.columns].index("hit")
    hits = [line.figures[place].value for line in found.lines]
    np.testing.assert_array_equal(np.array(hits, dtype=float), table["hit"].to_numpy())


def test_cells_of_one_name_are_told_apart() -> None:
    runs = [
        made("friedman1", "net", 0, 1.0),
        made("friedman1", "net", 0, 2.0, asked_epochs=5),
        made("friedman1", "net", 0, 3.0, asked_epochs=9),
        made("friedman1", "net", 0, 4.0, details="abcdef123"),
    ]
    names = [line.learner for line in board(runs).lines]
    assert names == ["net", "net · 5 epochs", "net · 9 epochs", "net · parameters abcdef"]


def test_best_and_worst_are_by_what_ranks() -> None:
    runs = [made("pnist/topleft", "net", seed, spread) for seed, spread in ((0, 1.0), (1, 0.1), (2, 3.0))]
    runs.append(Run("pnist/topleft", "net", 3, status="failed", reason="why", train_size=567))
    (line,) = board(runs).lines
    assert (line.best, line.worst, line.seeds, line.bad) == (runs[1].id, runs[2].id, 3, 1)


def test_texts_of_users_stay_texts(tmp_path: Path, page: Any) -> None:
    """Names, reasons, notes, commands: in the table, in the JSON, and where the script puts them."""
    run = made("friedman1", f"net{NASTY}", 0, 1.0, notes=[NASTY], settings={NASTY: NASTY}, ceiling=NASTY)
    run.task, run.own = f"mine{NASTY}", True
    run.provenance = {"command": f"spoton bench {NASTY}", "packages": {NASTY: NASTY}, "cpu": NASTY, "gpu": NASTY}
    failed = Run(run.task, f"bad{NASTY}", 1, status="failed", reason=NASTY, train_size=560)
    with Store.open(tmp_path / f"a{'&'}b.db") as store:
        store.add_many([run, failed])
        write(store, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "<img" not in text
    assert text.count("</script>") == 2
    assert "\u2028" not in re.search(r'type="application/json".*?</script>', text, flags=re.DOTALL)[0]  # type: ignore[index]
    assert data_of(tmp_path / "page.html")["runs"][run.id]
    page.goto((tmp_path / "page.html").as_uri())
    for place in (f"#run={run.id}", f"#compare={run.id},{failed.id}", "#failures", "#board"):
        page.evaluate("(place) => { location.hash = place; }", place)
        page.wait_for_timeout(50)
        assert page.locator("img").count() == 0
        assert page.title() != "caught"
        assert page.locator(".view:visible").inner_text().count("onerror") >= 1, place


def test_json_in_a_script() -> None:
    value = {"a": ["</script><!--", "\u2028", "ü", 1.5, None]}
    text = to_script(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028") & set(text)
    with pytest.raises(ValueError, match="JSON compliant"):
        to_script(float("nan"))


def test_the_page_says_itself_that_nothing_may_come_from_outside(report_file: Path) -> None:
    text = report_file.read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]  # type: ignore[index]
    assert policy.startswith("default-src &#39;none&#39;;")
    assert "connect-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    addresses = set(re.findall(r"https?://[^\s\"'\\<)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of a vocabulary, which nobody fetches


def test_a_file_that_cannot_be_written_leaves_what_was_there(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")
    with Store.open(stored) as store:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(DataError, match="No space left on device"):
                write(store, path)
        assert path.read_text() == "before"
        assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
        for where, words in ((tmp_path, "it is a folder"), (tmp_path / "none" / "r.html", "no such folder")):
            with pytest.raises(DataError, match=words):
                write(store, where)
        write(store, path)
    assert path.stat().st_size > 50_000
    assert path.stat().st_mode & 0o444 == 0o444
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_small_size_keeps_the_best_and_says_what_is_left_out(stored: Path, tmp_path: Path) -> None:
    path = tmp_path / "small.html"
    with Store.open(stored) as store:
        found = write(store, path, size=130_000)
        whole = write(store, tmp_path / "whole.html")
    assert 0 < found.paged < found.newest == whole.paged
    assert set(data_of(path)["runs"]) <= {line.best for line in found.board.lines} | {
        line.worst for line in found.board.lines
    }
    assert f"{found.paged} of {found.newest} runs have a page of their own" in path.read_text()
    assert "runs have a page of their own" not in (tmp_path / "whole.html").read_text()


@pytest.mark.slow
def test_12_tasks_of_20_learners_and_3_seeds_stay_below_3_mb(tmp_path: Path) -> None:
    from spoton.history import History

    tasks = ["friedman1", "friedman2", "friedman3", "diabetes", "pnist/box", "pnist/both", "pnist/topleft"]
    tasks += ["pnist/center", "pnist/top", "pnist/bottom", "pnist/digit", "pnist/pxsum"]
    rows = [
        {"train_mse": 1 / 3 / e, "valid_mse": 1 / 7 / e, "valid_hit": 1 / 9 / e, "lr": 1e-3 / e} for e in range(1, 81)
    ]
    runs = [
        made(task, f"learner{i}@pts12+ynorm?epochs=80&lr=0.0{i}", seed, 0.1 * i, history=History(rows))
        for task in tasks
        for i in range(20)
        for seed in range(3)
    ]
    with Store.open(tmp_path / "many.db") as store:
        store.add_many(runs)
        found = write(store, tmp_path / "many.html")
    size = (tmp_path / "many.html").stat().st_size
    assert size < 3_000_000, size
    assert found.paged >= 480, found.paged  # the best and the worst of each row
    drawn = sum("p" in record for record in data_of(tmp_path / "many.html")["runs"].values())
    assert drawn >= 240, drawn


def test_a_store_without_runs_and_one_that_is_not_there(tmp_path: Path) -> None:
    Store.open(tmp_path / "empty.db").close()
    for words, said in (
        (["report", "--store", str(tmp_path / "empty.db")], "has no runs yet; spoton bench makes some"),
        (["report", "--store", str(tmp_path / "none.db")], "there is no store"),
        (["serve", "--store", str(tmp_path / "none.db")], "there is no store"),
        (["report", "nothing", "--store", str(tmp_path / "empty.db")], "has no runs yet"),
    ):
        result = CliRunner().invoke(app, [*words, *(["-o", str(tmp_path / "r.html")] if words[0] == "report" else [])])
        assert said in str(result.exception), words
    assert not (tmp_path / "r.html").exists()
    with Store.open(tmp_path / "empty.db") as opened:
        with pytest.raises(UsageError, match="has no runs, so there is nothing to report"):
            write(opened, tmp_path / "r.html")
        with pytest.raises(UsageError, match="has no runs of these tasks"):
            write(opened, tmp_path / "r.html", tasks=["nothing"])


def test_one_unknown_task_among_others_is_said(stored: Path, tmp_path: Path) -> None:
    words = ["report", "friedman1", "friedman", "--store", str(stored), "-o", str(tmp_path / "r.html")]
    result = CliRunner().invoke(app, words)
    assert "is called 'friedman'; did you mean friedman1?" in str(result.exception)
    assert not (tmp_path / "r.html").exists()


def test_the_command(stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["report", "friedman1", "--store", str(stored)])
    assert result.exit_code == 0, result.output
    assert re.search(r"^report.html: 5 runs of .*, 0.\d MB$", result.stdout)
    held = data_of(tmp_path / "report.html")
    assert {held["pool"][run["t"]] for run in held["runs"].values()} == {"friedman1"}


def test_how_a_run_is_repeated() -> None:
    """The command is one, and the line of Python makes the very run."""
    import spoton

    run = spoton.evaluate("linear@pts", "pnist/topleft", 2, train_size=60, keep_predictions=True)
    how = repeat(run)
    assert shlex.split(how.command)[1:5] == ["bench", "pnist/topleft", "--learners", "linear@pts"]
    assert how.command.endswith(" --seed 2 --train-size 60 --keep-predictions --force")
    assert how.note == ""
    names: dict[str, Any] = {}
    exec(how.python, names)
    again = names["run"]
    assert again.metrics == run.metrics
    assert again.identity == run.identity


def test_what_no_name_repeats_is_said() -> None:
    assert "no command can name" in repeat(Run("t", "Ridge", details="abc")).note
    own = Run("mine", "linear", own=True, provenance={"command": "spoton bench --table a.csv --target y"})
    assert repeat(own).command == "spoton bench --table a.csv --target y"
    trial = Run("friedman1 (tuning rows)", "knn", own=True, provenance={"command": "spoton sweep friedman1 knn"})
    assert repeat(trial).command == "spoton sweep friedman1 knn"
    assert repeat(Run("mine", "linear", own=True)).command == ""
    assert "x=1'" in repeat(Run("a?x=1&y='2'", "linear?x=1")).command
    late = repeat(Run("friedman1", "linear", 103))
    assert ("--seed 103" in late.command, "seed=103" in late.python) == (True, True)
    scored = repeat(Run("friedman1", "linear", asked_history=1, asked_epochs=5))
    assert "--epochs 5 --history" in scored.command
    assert "epochs=5, history=True" in scored.python


def test_2020_stands_beside_new_figures() -> None:
    rows = beside(board(some_runs()))
    (net,) = [row for row in rows if row.learner == "net3" and row.task == "pnist/topleft"]
    assert (net.r2_then, net.model) == ("0.170", "Net3, 10 fit epochs")
    assert net.run
    assert "±" in net.r2_now
    others = [row for row in rows if row.learner == "forest"]
    assert [(row.r2_now, row.faults, row.run) for row in others] == [("–", "scrambled", "")]
    assert beside(board([made("friedman1", "linear", 0, 1.0)])) == []


def test_numbers_are_short_and_one_is_one() -> None:
    assert [short(v) for v in (1 / 3, 1234567.0, 0.0, 2.0, None, float("inf"))] == [0.333333, 1234570, 0, 2, None, None]
    assert short(1.0) == 1
    assert short(1 - 1e-12) == 1 - 1e-12


def test_the_overview_has_the_figures_of_the_board() -> None:
    found = board(some_runs())
    glance = overview(found)
    assert glance is not None
    assert [group.task for group in glance.groups] == ["pnist/topleft", "friedman1"]
    rows = dict(glance.rows)
    assert [name for name, _ in glance.rows][:2] == ["oracle", "linear@pts"]
    by = {(line.task, line.learner): line for line in found.lines}
    place = [column.key for column in found.columns].index("hit")
    net = rows["net3"][0]
    assert net is not None
    assert net.text == by["pnist/topleft", "net3"].figures[place].text
    assert net.run == by["pnist/topleft", "net3"].best
    assert rows["net3"][1] is None
    broken = rows["broken"][0]
    assert broken is not None
    assert (broken.text, broken.value) == ("failed", None)
    assert overview(board([made("friedman1", "linear", 0, 1.0)])) is None


def test_bars_lie_behind_texts_that_can_be_read() -> None:
    """Behind the figure that ranks there is a bar, or the colour of the row under the mouse."""
    style = page_style()
    for scheme in re.findall(r"\{color-scheme:\w+;([^}]*)\}", style):
        colours = dict(re.findall(r"--(\w+):(#\w{6})", scheme))
        for ink in ("ink", "dim"):
            for paper in ("paper", "panel", "hover", "bar"):
                assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
        for ink in ("s0", "bad", "good"):
            for paper in ("paper", "panel", "hover"):
                assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
