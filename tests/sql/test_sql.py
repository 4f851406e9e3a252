"""A task as tables, its points by views alone, and the proof that NumPy finds the same: on three databases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from servers import Running
from sqlalchemy import text
from typer.testing import CliRunner, Result

from spoton import Run
from spoton import ink as geometry
from spoton.cli import app
from spoton.errors import DataError, StoreError, UsageError
from spoton.learners import PointFeatures
from spoton.sql import Problem, load
from spoton.sql import _load as loading
from spoton.sql._database import Database
from spoton.store import Store
from spoton.tasks import _cached, get_task

SECRET = "s3cr"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["sql", *map(str, words)])


def change(url: str, *statements: str) -> None:
    database = Database(url)
    with database.connected("written", writes=True) as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()
    database.engine.dispose()


def relations(url: str) -> set[str]:
    from sqlalchemy import inspect

    database = Database(url)
    with database.connected("read") as connection:
        found = inspect(connection)
        there = {*found.get_table_names(), *found.get_view_names()}
    database.engine.dispose()
    return there


def test_points_are_found_and_equal_numpy(url: str) -> None:
    """Each member, on one database after the other: `replace` puts one in the place of the other."""
    names = ["pnist/both", "pnist/box", "pnist/pxsum?digits=all", "qnist/all", "pnist/digit", "pnist/bottom?train=20"]
    for name in names:
        done: list[tuple[int, int]] = []
        loaded = load(name, url, replace=True, on_progress=lambda *both, done=done: done.append(both))
        task = get_task(name)
        total = len(task.data()) + (0 if task.test() is None else len(task.test()))
        assert done[-1] == (total, total)
        with Problem.open(url) as problem:
            assert [part.difference for part in problem.check()] == [""] * 3, name
            assert problem.counts()["pixels"] == loaded.pixels
            pts = problem.sql("SELECT * FROM pts WHERE image_id < 40 ORDER BY image_id").to_numpy()[:, 1:]
            learned = PointFeatures(["pts11", "pts12", "pts22"]).fit_transform(task.data().X)
            assert np.array_equal(pts.astype(float), learned)
            answers = problem.sql("SELECT * FROM targets ORDER BY image_id").to_numpy()[:40, 1:]
            assert np.array_equal(answers.astype(float), task.data().y.to_numpy())
    with Problem.open(url) as problem:
        assert problem.counts()["unused"] == 12  # train=20 of 40, 8 to validate


def test_all_ten_kinds_equal_numpy(url: str) -> None:
    load("pnist/top?digits=all", url)
    ink = geometry.ink_of(get_task("pnist/top?digits=all").data().X)
    with Problem.open(url) as problem:
        found = problem.sql("SELECT * FROM kinds WHERE image_id < 40 ORDER BY image_id")
        for kind in (*geometry.KINDS, "corner", "center"):
            assert np.array_equal(found[[f"{kind}_x", f"{kind}_y"]].to_numpy().astype(int), geometry.point(ink, kind))


LOOKS = ("size=40&shift=6", "haze=40&size=32", "specks=0.05", "blur=1&haze=9&size=40&specks=0.02")


@pytest.mark.parametrize("look", LOOKS)
def test_a_variant_is_taken_away(url: str, look: str) -> None:
    load(f"pnist/both?{look}", url)
    with Problem.open(url) as problem:
        assert [part.difference for part in problem.check()] == [""] * 3


def test_an_image_without_ink(url: str) -> None:
    load("pnist/both", url)
    change(url, "DELETE FROM pixels WHERE image_id = 3")
    with Problem.open(url) as problem:
        for view in ("box", "ends", "kinds", "targets", "pts"):
            assert set(problem.sql(f"SELECT * FROM {view} WHERE image_id = 3").to_numpy()[0, 1:]) == {-1}, view


def test_the_first_image_that_differs_is_named(url: str) -> None:
    load("pnist/topleft", url)
    change(url, "DELETE FROM pixels WHERE image_id IN (7, 9) AND y < 14")
    change(url, "UPDATE points SET topleft_y = 1 WHERE image_id = 5")
    result = run("points", url, "--check")
    assert result.exit_code == 1
    wrong = [line for line in result.output.splitlines() if ": image" in line]
    assert wrong[0].startswith("points: image 5 (row 5 of the data): topleft_y of points is 1 by SQL and ")
    assert wrong[1].startswith("targets: image 7 (row 7 of the data): topleft_")
    assert wrong[2].startswith("pts: image 7 (row 7 of the data): pts11_0_")
    assert all(line.endswith("2 of 40 images differ") for line in wrong[1:])
    change(url, "DELETE FROM points WHERE image_id = 5", "DELETE FROM points WHERE image_id = 39")
    with Problem.open(url) as problem:
        assert problem.check()[0].difference == "image 5 is not in points"


def test_what_is_there_is_kept(url: str) -> None:
    load("pnist/top", url, seed=3)
    with pytest.raises(StoreError, match="holds the task pnist/top already; --replace puts pnist/box in its place"):
        load("pnist/box", url)
    with Problem.open(url) as problem:
        assert (problem.task, problem.seed) == ("pnist/top", 3)
        train = problem.sql("SELECT row_id FROM images WHERE split = 'train'")["row_id"]
        assert set(train) == set(get_task("pnist/top").split(3).train)


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_all_or_nothing(url: str, stop: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    load("pnist/top", url)
    before = relations(url)
    monkeypatch.setattr(loading, "AT_ONCE", 10)

    def fail(done: int, total: int) -> None:
        if done == 30:
            raise stop("on purpose")

    with pytest.raises(stop):
        load("pnist/box", url, replace=True, on_progress=fail)
    assert relations(url) == before
    with Problem.open(url) as problem:
        assert problem.task == "pnist/top"
        assert not any(part.difference for part in problem.check())


@pytest.mark.slow
def test_a_load_that_is_killed_leaves_what_was_there(url: str) -> None:
    load("pnist/top", url)
    before = relations(url)
    code = f"""
import os, spoton.sql._load as loading
loading.AT_ONCE = 100
loading.load("pnist/box", {url!r}, replace=True, on_progress=lambda done, total: os._exit(9) if done > 300 else None)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    left = relations(url) - before
    assert all(name.startswith("loading_") for name in left)
    with Problem.open(url) as problem:
        assert problem.task == "pnist/top"
        assert not any(part.difference for part in problem.check())
    load("pnist/top", url, replace=True)
    assert relations(url) == before


def test_two_loads_at_once_on_mariadb(running: Running) -> None:
    """Its tables are no part of a transaction: the second load is refused."""
    url = running["mariadb"].url()
    other = Database(url)
    with other.connected("read") as connection:
        connection.execute(text("SELECT GET_LOCK(LEFT(CONCAT('spoton-sql-', DATABASE()), 64), 0)"))
        with pytest.raises(StoreError, match="somebody else is loading a task into"):
            load("pnist/top", url)
    other.engine.dispose()
    assert not relations(url)
    load("pnist/top", url)


def test_what_killed_loads_left_on_mariadb_is_removed(running: Running) -> None:
    url = running["mariadb"].url()
    load("pnist/top", url)
    before = relations(url)
    for prefix in ("loading_", "dropped_"):
        change(url, *(f"CREATE TABLE {prefix}{name} LIKE {name}" for name in ("task", "images", "pixels")))
    load("pnist/box", url, replace=True)
    assert relations(url) == before
    with Problem.open(url) as problem:
        assert (problem.task, problem.counts()["pixels"]) == ("pnist/box", 5908)


def test_nothing_of_others_is_touched(url: str) -> None:
    change(url, "CREATE TABLE pixels (a INTEGER)", "CREATE TABLE mine (a INTEGER)")
    for replace in (False, True):
        with pytest.raises(StoreError, match="'pixels' that spoton sql did not make"):
            load("pnist/top", url, replace=replace)
    assert relations(url) == {"pixels", "mine"}
    with pytest.raises(StoreError, match="holds no task"):
        Problem.open(url)


def test_a_task_and_a_store_have_databases_of_their_own(url: str) -> None:
    with Store.open(url) as store:
        store.add(Run("pnist/top", "mean", status="ok"))
        before = relations(url)
        for replace in (False, True):
            with pytest.raises(StoreError, match=r"is a store of runs; give the task a database of its own"):
                load("pnist/top", url, replace=replace)
        assert relations(url) == before
        assert store.counts()["runs"] == 1


def test_a_store_is_not_begun_beside_a_task(url: str) -> None:
    load("pnist/top", url)
    before = relations(url)
    with pytest.raises(StoreError, match="holds a task that spoton sql loaded; give the store a database of its own"):
        Store.open(url)
    assert relations(url) == before


def test_views_that_are_missing_are_made(url: str) -> None:
    load("pnist/top", url)
    change(url, "DROP VIEW pts", "DROP VIEW targets")
    with Problem.open(url) as problem:
        assert not any(part.difference for part in problem.check())


def test_the_commands(url: str) -> None:
    first = run("load", "pnist/center?digits=all", url, "--seed", "1")
    assert first.exit_code == 0, first.output
    assert "80 images" in first.output
    again = run("points", url, "--check")
    assert again.exit_code == 0, again.output
    assert "32 train, 8 valid, 40 test" in again.output
    assert "split of seed 1" in again.output
    assert "targets: 80 images x 2 columns, equal to NumPy" in again.output
    assert "pts: 80 images x 72 columns, equal to NumPy" in again.output
    y = get_task("pnist/center?digits=all")
    both = np.concatenate([y.data().y.to_numpy(), y.test().y.to_numpy()])  # type: ignore[union-attr]
    assert f"{both[:, 0].mean():.6g}" in again.output
    assert SECRET not in first.output + again.output


def test_what_sql_cannot_know_is_refused(tmp_path: Path) -> None:
    url = str(tmp_path / "s.db")
    for name, words in (
        ("friedman1", "is not made of digits"),
        ("pnist/top?ynoise=1", "noise"),
        ("pnist/pxsum?haze=9", "for good"),
        ("pnist/none", "no task is called"),
    ):
        with pytest.raises(UsageError, match=words):
            load(name, url)
    with pytest.raises(UsageError, match="'oracle' is none of them"):
        load("pnist/top", "oracle://u:secret@h/d")
    with pytest.raises(StoreError, match="no such folder"):
        load("pnist/top", tmp_path / "none" / "s.db")
    with pytest.raises(StoreError, match="there is no database"):
        Problem.open(url)
    assert not Path(url).exists()


def test_other_data_under_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load("pnist/top", tmp_path / "s.db")
    from spoton.tasks import _digits

    fewer = _digits.embedded
    monkeypatch.setattr(_digits, "embedded", lambda part: fewer(part).only((3,)))
    _cached.cache_clear()
    with Problem.open(tmp_path / "s.db") as problem, pytest.raises(DataError, match="is not what was loaded"):
        problem.check()


def test_the_address_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTON_SQL_URL", str(tmp_path / "s.db"))
    assert run("load", "pnist/top").exit_code == 0
    assert run("points").exit_code == 0


def test_a_wrong_query_is_one_sentence(url: str) -> None:
    load("pnist/top", url)
    with Problem.open(url) as problem, pytest.raises(StoreError, match="cannot be read") as caught:
        problem.sql("SELECT nothing FROM targets")
    assert SECRET not in str(caught.value)
