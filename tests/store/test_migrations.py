"""Schemas move forward, and only forward."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from made_runs import made
from sqlalchemy import inspect, literal, select, text

from spoton.errors import StoreError
from spoton.store import Store
from spoton.store import _migrate as migrations
from spoton.store._rows import to_rows
from spoton.store._schema import METADATA, RUNS
from spoton.store._url import connect, resolve
from spoton.store._views import VIEWS

NEXT = '''"""A change of the future."""
from alembic import op
from sqlalchemy import Column, Integer, text
revision, down_revision = "9999", "{head}"
def upgrade():
    op.add_column("runs", Column("stars", Integer, server_default=text("3")))
'''


def test_the_versions_end_in_one_head_that_the_code_knows() -> None:
    directory = migrations._scripts(migrations.SCRIPTS)
    assert directory.get_heads() == [migrations.HEAD]


def test_the_versions_make_the_tables_of_the_code(url: str) -> None:
    """Otherwise a fresh store and an upgraded one would differ."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with Store.open(url) as opened, opened.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrations.VERSIONS})
        assert compare_metadata(context, METADATA) == []
        assert set(inspect(connection).get_view_names()) == set(VIEWS)
        assert opened.schema == migrations.HEAD


def test_a_store_of_the_next_version_keeps_its_runs_and_is_refused_by_this_one(url: str, tmp_path: Path) -> None:
    """The way from each version on: one more file in the folder of versions."""
    scripts = tmp_path / "scripts"
    shutil.copytree(migrations.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "v9999_next.py").write_text(NEXT.format(head=migrations.HEAD))
    with Store.open(url) as opened:
        opened.add(made())
    engine = connect(resolve(url))
    for _ in range(2):
        migrations.migrate(engine, "it", scripts=scripts)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT learner, stars FROM newest")).fetchall() == [("linear@pts", 3)]
        assert connection.execute(text("SELECT n FROM leaderboard")).scalar() == 1
    engine.dispose()
    with pytest.raises(
        StoreError, match=rf"has schema 9999, and this spoton knows {migrations.HEAD} at most; install a newer"
    ):
        Store.open(url)


OLDER = [r.revision for r in migrations._scripts(migrations.SCRIPTS).walk_revisions() if r.revision != migrations.HEAD]


@pytest.mark.parametrize("version", OLDER)
def test_a_store_of_each_older_version_comes_forward_with_its_runs(url: str, version: str) -> None:
    """As that version wrote them: without the columns that came later."""
    engine = connect(resolve(url))
    migrations.migrate(engine, "it", target=version)
    runs = [made(seed) for seed in range(3)] + [made(0, asked_train_size=50)]
    with engine.connect() as connection, connection.begin():
        there = {held["name"] for held in inspect(connection).get_columns("runs")}
        for run in runs:
            row = {name: value for name, value in to_rows(run)["runs"][0].items() if name in there}
            connection.execute(RUNS.insert().from_select(list(row), select(*(literal(v) for v in row.values()))))
    assert migrations.version(engine) == version
    engine.dispose()
    with Store.open(url) as opened:
        assert opened.schema == migrations.HEAD
        board = opened.leaderboard()
        assert list(board["n"]) == [1, 3]
        fresh = made(3)
        opened.add(fresh)
        # old and new runs of one learner are one line
        assert list(opened.leaderboard()["n"]) == [1, 4]
        assert [run.id for run in opened.runs()] == [run.id for run in [*runs, fresh]]
        assert {run.asked_history for run in opened.runs()} == {0}


def test_a_half_made_store_is_completed(url: str) -> None:
    """As a killed process leaves it on MariaDB, whose tables are no part of a transaction."""
    with Store.open(url) as opened, opened.writing() as connection:
        for name in reversed(VIEWS):
            connection.execute(text(f"DROP VIEW {name}"))
        connection.execute(text("DROP TABLE artifacts"))
        connection.execute(text(f"DELETE FROM {migrations.VERSIONS}"))
    with Store.open(url) as opened:
        opened.add(made())
        assert opened.counts()["artifacts"] == 0
        assert len(opened.leaderboard()) == 1
    with Store.open(url) as opened, opened.writing() as connection:
        connection.execute(text("DROP VIEW leaderboard"))
    with Store.open(url) as opened:
        assert len(opened.leaderboard()) == 1


def test_tables_of_somebody_else_are_left_alone(url: str) -> None:
    engine = connect(resolve(url))
    with engine.connect() as connection, connection.begin():
        connection.execute(text("CREATE TABLE runs (marathon INTEGER)"))
    engine.dispose()
    with pytest.raises(StoreError, match="a table 'runs' that is not of a spoton store"):
        Store.open(url)


def test_whoever_waits_too_long_for_another_process_is_told(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise both would make the tables at once, which on MariaDB are no part of a transaction."""
    monkeypatch.setattr(migrations, "PATIENCE", 0)
    url = running["mariadb"].url()
    engine = connect(resolve(url))
    with engine.connect() as other:
        assert other.execute(text(f"SELECT GET_LOCK({migrations.NAMED}, 0)")).scalar() == 1
        with pytest.raises(StoreError, match="another process has been making the tables"):
            Store.open(url)
    engine.dispose()
    with Store.open(url) as opened:
        assert opened.schema == migrations.HEAD
