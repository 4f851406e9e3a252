"""The database that a task is in: opened, and what it holds already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from spoton.errors import StoreError, UsageError
from spoton.sql._tables import NAMES, STAGE
from spoton.sql._views import ALL_VIEWS
from spoton.store._url import connect, reason, resolve, shown

OURS = {"name", "data_hash", "seed", "width", "height", "version", "loaded"}  # columns of the table `task`


class Database:
    """A connection to SQLite, MariaDB, MySQL or PostgreSQL.

    Args:
        url: a file of SQLite, or sqlite://, mysql://, mariadb:// or postgresql:// with user, password, host, database.

    Raises:
        UsageError: no such kind of address.
        MissingExtra: the driver of the database is not installed.
    """

    def __init__(self, url: str | Path) -> None:
        if not str(url).strip():
            raise UsageError("no database is named; give a file, or an address as mysql://user:password@host/database")
        self.url = resolve(url, "database")
        self.engine = connect(self.url)

    @property
    def name(self) -> str:
        """The file, or the URL without its password."""
        return shown(self.url)

    @property
    def transacts_tables(self) -> bool:
        """Whether the making of tables is part of a transaction."""
        return self.url.get_backend_name() not in ("mysql", "mariadb")

    def check_file(self, *, create: bool) -> None:
        """Refuse a file of SQLite that is not there, or cannot be made.

        Raises:
            StoreError: with the reason.
        """
        file = self.url.database if self.url.get_backend_name() == "sqlite" else None
        if not file or file == ":memory:" or file.startswith("file:"):
            return
        if Path(file).is_dir() or not Path(file).absolute().parent.is_dir():
            what = "it is a folder" if Path(file).is_dir() else "there is no such folder"
            raise StoreError(f"the database {self.name} cannot be opened: {what}; name another")
        if not create and not Path(file).exists():
            raise StoreError(f"there is no database {self.name}; spoton sql load TASK {self.name} makes it")

    @contextmanager
    def connected(self, what: str, *, writes: bool = False) -> Iterator[Connection]:
        """A connection; what goes wrong is said in one sentence.

        Raises:
            StoreError: the database cannot be opened, read or written.
        """
        try:
            with self.engine.connect().execution_options(writes=writes) as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"the database {self.name} cannot be {what} ({reason(self.url, error)})") from error


def held(connection: Connection) -> str | None:
    """The task that the database holds; None where there is none."""
    if not _is_ours(connection, "task"):
        return None
    return connection.execute(text("SELECT name FROM task")).scalar()


def taken(connection: Connection) -> str | None:
    """A table or view that has one of the names that a task needs, and is not of a task; None where there is none."""
    if _is_ours(connection, "task"):
        return None
    found = inspect(connection)
    there = {*found.get_table_names(), *found.get_view_names()}
    return min(there & {*NAMES, *ALL_VIEWS}, default=None)


def drop(connection: Connection, prefix: str = "") -> None:
    """Drop the tables and views of a task, if it is one."""
    if not _is_ours(connection, f"{prefix}task"):
        return
    found = inspect(connection)
    if not prefix:
        for name in reversed([name for name in ALL_VIEWS if name in found.get_view_names()]):
            connection.execute(text(f"DROP VIEW {name}"))
    for name in reversed([f"{prefix}{name}" for name in NAMES]):
        connection.execute(text(f"DROP TABLE IF EXISTS {name}"))


def publish(connection: Connection) -> None:
    """The tables that were filled under other names take the place of those that are there, all at once."""
    old = "dropped_"
    drop(connection, old)  # of a load that was killed just before its end
    pairs = [(f"{STAGE}{name}", name) for name in NAMES]
    if _is_ours(connection, "task"):
        found = inspect(connection)
        for name in reversed([name for name in ALL_VIEWS if name in found.get_view_names()]):
            connection.execute(text(f"DROP VIEW {name}"))
        pairs = [(name, f"{old}{name}") for name in NAMES if name in found.get_table_names()] + pairs
    connection.execute(text("RENAME TABLE " + ", ".join(f"{one} TO {other}" for one, other in pairs)))
    drop(connection, old)


def _is_ours(connection: Connection, name: str) -> bool:
    found = inspect(connection)
    return found.has_table(name) and {column["name"] for column in found.get_columns(name)} == OURS
