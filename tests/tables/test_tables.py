from __future__ import annotations

import io
import math

import pytest
from rich.console import Console

from spoton import Run, leaderboard
from spoton.tables import advice, render, rows
from spoton.tables._render import r2_text


def run(learner: str, seed: int, hit: float, r2: float = 0.5, task: str = "pnist/topleft", **more: object) -> Run:
    values = {"r2": r2, "mse": 1.0, "dist_avg": 2.0, "hit": hit, "hit1": hit}
    fields = {
        "status": "ok",
        "metrics": {"valid": values},
        "rows_of": {"valid": 10},
        "train_size": 50,
        "fit_seconds": 0.1,
    }
    return Run(task, learner, seed, **(fields | more))  # type: ignore[arg-type]


RUNS = [
    run("oracle", 0, 1.0, 1.0), run("oracle", 1, 1.0, 1.0),
    run("mean", 0, 0.0, 0.0), run("mean", 1, 0.0, 0.0),
    run("linear@pts", 0, 1.0, 1 - 1e-9), run("linear@pts", 1, 1.0, 1 - 1e-9),
    run("net3", 0, 0.1), run("net3", 1, 0.3),
    run("broken", 0, 0, status="failed", reason="ValueError: no", metrics={}), run("broken", 1, 0.2),
    run("shy", 0, 0, status="skipped", reason="takes images", metrics={}),
]  # fmt: skip


def test_mean_and_spread_worked_out_by_hand() -> None:
    board = leaderboard(RUNS).set_index("learner")
    assert board.loc["net3", "hit"] == pytest.approx(0.2)
    assert board.loc["net3", "hit_sd"] == pytest.approx(math.sqrt(0.02))
    assert board.loc["net3", "seeds"] == 2
    assert board.loc["net3", "recorded_r2"] == pytest.approx(0.17015, abs=1e-5)
    assert board.loc["net3", "recorded_dist"] == pytest.approx(0.166889697 * 14)
    assert math.isnan(board.loc["mean", "recorded_r2"])
    assert board.loc["broken", ["seeds", "status", "reason"]].tolist() == [1, "failed", "ValueError: no"]
    assert board.loc["shy", "seeds"] == 0


def test_the_best_stands_first_and_those_without_a_figure_last() -> None:
    assert leaderboard(RUNS)["learner"].tolist() == ["oracle", "linear@pts", "net3", "broken", "mean", "shy"]


def test_tasks_and_sizes_are_tables_of_their_own() -> None:
    runs = [
        run("a", 0, 0.5, task="t1"),
        run("a", 0, 0.5, task="t2"),
        run("a", 0, 0.4, task="t1", train_size=9),
    ]
    assert len(list(render(runs))) == 3
    assert rows(runs)["train_size"].tolist() == [50, 50, 9]


def test_nothing_gives_nothing() -> None:
    assert leaderboard([]).empty
    assert list(render([])) == []
    assert advice([]) == ""


def test_a_ceiling_and_test_rows_are_shown() -> None:
    tested = run("net3", 0, 0.1, ceiling="the answers carry noise")
    tested.metrics["test"], tested.rows_of = {"r2": 0.5, "hit": 0.07}, {"valid": 10, "test": 20}
    console = Console(width=120)
    with console.capture() as capture:
        for table in render([tested]):
            console.print(table)
    assert "ceiling: the answers carry noise" in capture.get()
    assert "test hit %" in capture.get()
    assert "7.0" in capture.get()
    assert leaderboard([tested])["test_hit"].tolist() == [0.07]


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_shows_everything_that_matters(width: int) -> None:
    console = Console(width=width)
    with console.capture() as capture:
        for table in render(RUNS, spread=width > 100):
            console.print(table)
    text = capture.get()
    assert "…" not in text
    for words in (
        "oracle",
        "linear@pts",
        "1 - 1e-9",
        "20.0" + " ±14.1" * (width > 100),
        "shy skipped: takes images",
        "broken failed",
        "2020",
    ):
        assert words in text, words
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize(
    ("value", "sd", "text"),
    [
        (1.0, 0.0, "1"),
        (1 - 3e-12, 0.0, "1 - 3e-12"),
        (0.5, 0.01, "0.500 ±.010"),
        (-947.9, 2.0, "-9.5e2"),
        (-0.25, None, "-0.250"),
        (float("nan"), None, "–"),
        (-7.9e22, None, "-7.9e22"),
        (0.9998, 0.0001, "1 - 2e-4"),
    ],
)
def test_r2_shows_how_close_to_one_it_is(value: float, sd: float | None, text: str) -> None:
    assert r2_text(value, sd) == text


def test_advice_follows_from_what_was_measured() -> None:
    assert "the features make the difference" in advice(RUNS)
    assert "linear@pts reaches the exact answer in 100 %" in advice(RUNS)
    assert "is level with the oracle" in advice([run("oracle", 0, 1.0), run("x", 0, 1.0)])
    assert "by how much fewer rows hurt" in advice([run("oracle", 0, 1.0), run("x", 0, 0.3)])
    assert "nothing beats the mean" in advice([run("mean", 0, 0.1, r2=0.0), run("x", 0, 0.3, r2=-5.0)])
    assert "level" not in advice([run("oracle", 0, 0.0, r2=-17.0), run("x", 0, 0.3, r2=0.4)])
    exploding = [run("mean", 0, 0.0, r2=0.0), run("wild", 0, 0.4, r2=-1e12), run("tame", 0, 0.2, r2=0.7)]
    assert "the best is tame" in advice(exploding)
    assert "--train-size 6,12,25" in advice(exploding)
    assert advice([run("x", 0, 1.0, train_size=2)]).endswith("as good as can be.")
    assert advice([run("mean", 0, 0.1)]).startswith("Only the ends of the scale")
    assert advice([run("x", 0, 0, status="failed", reason="boom", metrics={})]) == "Nothing finished: boom"


def test_long_names_give_way_to_figures() -> None:
    long = "ridge, divide all answers by one number in training: each keeps its weight in the loss"
    runs = [
        Run("t", name, seed=0, status="ok", train_size=10, metrics={"valid": {"r2": 0.5, "mae": 1.25}})
        for name in (long, "mean")
    ]
    screen = Console(width=46, file=io.StringIO())
    for part in render(runs, spread=False):
        screen.print(part, highlight=False)
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("0.500") == 2
    assert "…" in text
    assert "loss" in text
