"""Brings a database to the schema of this version of spoton, forward only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from spoton.errors import StoreError
from spoton.store import _views
from spoton.store._schema import METADATA

HEAD = "0002"
VERSIONS = "spoton_schema"  # the table that holds the version
TASK = {"task", "images", "pixels", "points"}  # the tables that `spoton sql load` makes
SCRIPTS = Path(__file__).parent / "_migrations"
LOCK = 7_071_067  # any number, the same for all of spoton
NAMED = "LEFT(CONCAT('spoton-', DATABASE()), 64)"  # MySQL takes no longer name of a lock
PATIENCE = 60  # seconds for another process to make the tables


def migrate(engine: Engine, shown: str, target: str = "head", scripts: Path = SCRIPTS) -> None:
    """Make or upgrade the tables and views; at once where there is nothing to do.

    Args:
        engine: of the database.
        shown: how errors name it.
        target: a version, for tests.
        scripts: folder of the versions, for tests.

    Raises:
        StoreError: the database is of a newer spoton, or holds tables of somebody else.
    """
    if target == "head" and scripts == SCRIPTS and _ready(engine):
        return
    with engine.connect().execution_options(writes=True) as connection, _alone(connection, shown):
        _check(connection, shown, scripts)
        _views.drop(connection)
        _upgrade(connection, target, scripts)
        if target == "head":
            _views.create(connection)


def version(engine: Engine) -> str | None:
    """The version of the schema; None where there is none yet."""
    with engine.connect() as connection:
        return _version(connection)


def _ready(engine: Engine) -> bool:
    """At the newest version, with its views: who was killed between the two on MariaDB left none."""
    with engine.connect() as connection:
        return _version(connection) == HEAD and set(_views.VIEWS) <= set(inspect(connection).get_view_names())


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSIONS):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar()


def _check(connection: Connection, shown: str, scripts: Path) -> None:
    there = set(inspect(connection).get_table_names())
    theirs = sorted(there & set(METADATA.tables))
    if theirs and VERSIONS not in there:
        raise StoreError(
            f"{shown} has a table '{theirs[0]}' that is not of a spoton store; give the store a database of its own"
        )
    if there >= TASK and VERSIONS not in there:
        raise StoreError(f"{shown} holds a task that spoton sql loaded; give the store a database of its own")
    found = _version(connection)
    known = sorted(revision.revision for revision in _scripts(scripts).walk_revisions())
    if found is not None and found not in known:
        raise StoreError(
            f"the store {shown} has schema {found}, and this spoton knows {known[-1]} at most; install a newer spoton"
        )


def _scripts(folder: Path) -> Any:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _upgrade(connection: Connection, target: str, scripts: Path) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    directory = _scripts(scripts)
    context = EnvironmentContext(
        Config(), directory, fn=lambda revision, _: directory._upgrade_revs(target, revision), destination_rev=target
    )
    with context:
        context.configure(connection=connection, version_table=VERSIONS, target_metadata=METADATA)
        context.run_migrations()


@contextmanager
def _alone(connection: Connection, shown: str) -> Iterator[None]:
    """In a transaction that no other process migrates in."""
    kind = connection.dialect.name
    named = kind in ("mysql", "mariadb")  # its tables are no part of a transaction, so the lock is a named one
    with connection.begin():
        if kind == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if named and connection.execute(text(f"SELECT GET_LOCK({NAMED}, {PATIENCE})")).scalar() != 1:
            raise StoreError(f"another process has been making the tables of {shown} for a minute; try again later")
        try:
            yield
        finally:
            if named:
                connection.execute(text(f"SELECT RELEASE_LOCK({NAMED})"))
