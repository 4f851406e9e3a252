"""Which database a store is in: addresses, drivers, engines; passwords are never shown."""

from __future__ import annotations

import os
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from spoton._provenance import HIDDEN, hide_passwords
from spoton.errors import MissingExtra, UsageError
from spoton.optional import require
from spoton.store._names import DEFAULT, VARIABLE

DRIVERS = {
    "sqlite": ("sqlite", "sqlite3"),
    "mysql": ("mysql+pymysql", "pymysql"),
    "mariadb": ("mariadb+pymysql", "pymysql"),
    "postgresql": ("postgresql+psycopg", "psycopg"),
    "postgres": ("postgresql+psycopg", "psycopg"),
}
PATIENCE = 30.0  # seconds for a lock or a connection


def resolve(url: str | Path | None, what: str = "store") -> URL:
    """The address: what is given, or the environment's SPOTON_STORE, or `spoton.db` in the working folder.

    `what` is the word for it in errors.

    Raises:
        UsageError: an address that no driver knows.
    """
    given = str(url or os.environ.get(VARIABLE) or DEFAULT)
    if "://" not in given:
        return URL.create("sqlite", database=given)
    kinds = "a file, or sqlite://, mysql://, mariadb:// or postgresql:// as in mysql://user:password@host/database"
    try:
        found = make_url(given)
    except (ArgumentError, ValueError) as error:
        # the message of SQLAlchemy may quote the address, and the chain would show it
        raise UsageError(f"the {what} {hide_passwords(given)} is no address; give {kinds}") from error.__cause__
    kind = found.drivername.partition("+")[0]
    if kind not in DRIVERS:
        raise UsageError(f"a {what} is {kinds}; '{kind}' is none of them")
    if "+" not in found.drivername:
        found = found.set(drivername=DRIVERS[kind][0])
    if kind != "sqlite" and not found.database:
        raise UsageError(f"the {what} {shown(found)} names no database; end the address with /DATABASE")
    return found


def shown(url: URL) -> str:
    """The address as people may read it: the file of SQLite, else the URL with *** for the password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    plain = url.set(drivername=url.get_backend_name())  # the driver is nobody's concern
    return hide_passwords(plain.render_as_string(hide_password=True))


def place(url: URL) -> str:
    """The same text for all addresses of one database, without user and password; `:memory:` has no place."""
    kind = url.get_backend_name()
    if kind == "sqlite":
        return str(Path(url.database).resolve()) if url.database and url.database != ":memory:" else ":memory:"
    kind, port = ("mysql", 3306) if kind in ("mysql", "mariadb") else (kind, 5432)
    host = "localhost" if url.host in (None, "", "127.0.0.1", "::1") else url.host.lower()
    return f"{kind}://{host}:{url.port or port}/{url.database}"


def reason(url: URL, error: Exception) -> str:
    """What a database says is wrong, on one line and without the password of its address."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = hide_passwords(" ".join(str(cause).split()))[:300]
    return said.replace(str(url.password), HIDDEN) if url.password else said


def connect(url: URL, patience: float = PATIENCE) -> Engine:
    """An engine; nothing is opened before it is used. A server has `patience` seconds to take a connection.

    Raises:
        MissingExtra: the driver is not installed.
    """
    require(DRIVERS[url.get_backend_name()][1])
    try:
        return _engine(url, patience)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError, TypeError) as error:
        said = hide_passwords(str(error).partition("\n")[0])
        raise UsageError(
            f"the address {shown(url)} cannot be used ({said}); leave out a driver behind '+' and options behind '?'"
        ) from error


def _engine(url: URL, patience: float) -> Engine:
    kind = url.get_backend_name()
    if kind == "sqlite":
        if _only_readable(url.database):
            engine = create_engine(url, creator=partial(_open_to_read, str(url.database)), hide_parameters=True)
            event.listen(engine, "connect", _prepare_to_read)
            return engine
        engine = create_engine(url, connect_args={"timeout": PATIENCE}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options: dict[str, Any] = {"connect_timeout": int(patience)}
    if kind in ("mysql", "mariadb"):
        options["charset"] = "utf8mb4"
    # a connection that died while a net was trained is noticed before it is used
    engine = create_engine(url, connect_args=options, pool_pre_ping=True, hide_parameters=True)
    if kind in ("mysql", "mariadb"):
        event.listen(engine, "do_connect", _connect_mysql)
    return engine


def _connect_mysql(dialect: Any, _: object, positional: Any, named: Any) -> Any:
    """PyMySQL looks for the package of an account's kind of password only when the server asks for it."""
    try:
        return dialect.connect(*positional, **named)
    except RuntimeError as error:
        raise MissingExtra(
            f"this account needs a package that is not installed ({error}); pip install 'pymysql[rsa,ed25519]'"
        ) from error


def _only_readable(file: str | None) -> bool:
    """Whether there is such a file, and it or its folder takes no writing: SQLite needs files beside it."""
    if not file or file == ":memory:" or file.startswith("file:") or not os.path.isfile(file):
        return False
    # for whom we act, not for who began: they differ where rights were given up
    acting = os.access in os.supports_effective_ids
    places = (file, os.path.dirname(os.path.abspath(file)))
    return not all(os.access(place, os.W_OK, effective_ids=acting) for place in places)


def _open_to_read(file: str) -> sqlite3.Connection:
    """A connection that reads what nobody can write; where others may write, with their locks."""
    address = f"file:{quote(os.path.abspath(file))}?mode=ro"
    raw = sqlite3.connect(address, uri=True, timeout=PATIENCE, check_same_thread=False)
    try:
        raw.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        return raw
    except sqlite3.OperationalError:
        raw.close()
        waiting = f"{file}-wal"
        if os.path.exists(waiting) and os.path.getsize(waiting):
            raise  # runs in it would not be seen
    return sqlite3.connect(f"{address}&immutable=1", uri=True, timeout=PATIENCE, check_same_thread=False)


def _prepare_to_read(raw: Any, _: object) -> None:
    _with_sqrt(raw)


def _prepare_sqlite(raw: Any, _: object) -> None:
    raw.isolation_level = None  # transactions begin where SQLAlchemy says so, see below
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
    _to_wal(raw)
    raw.execute("PRAGMA synchronous = FULL")  # a run that is said to be stored has reached the disk
    _with_sqrt(raw)


def _with_sqrt(raw: Any) -> None:
    try:
        raw.execute("SELECT SQRT(2.0)")
    except sqlite3.OperationalError:  # built without its mathematics, which the leaderboard needs
        raw.create_function("SQRT", 1, lambda value: None if value is None else float(value) ** 0.5, deterministic=True)


def _to_wal(raw: Any) -> None:
    """Readers and a writer at once. Two who open a new file together do not wait for each other here by themselves."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Any) -> None:
    """Writers take the lock when they begin: a reader that turns writer half-way gets 'locked' without a wait."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
