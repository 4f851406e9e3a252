"""Where Optuna keeps the trials of sweeps: a journal file, or a database of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spoton.errors import StoreError, UsageError
from spoton.optional import require
from spoton.store._url import DRIVERS, PATIENCE, place, resolve, shown

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from sqlalchemy import URL

JOURNAL = "spoton-sweeps.jsonl"
OWN = "a sweep keeps its trials in a file or a database of its own; name another with --studies"


@dataclass(frozen=True)
class Studies:
    """An address of trials; it travels to other processes, each of which opens it for itself."""

    where: str

    @classmethod
    def at(cls, where: str | Path | None, store: str | Path | None = None) -> Studies:
        """Check an address.

        Args:
            where: a file, or a URL of SQLAlchemy; `spoton-sweeps.jsonl` in the working folder by default.
            store: the database of runs, which must be another one.

        Raises:
            UsageError: no address, or the one of the runs.
            StoreError: a file that is something else.
        """
        found = cls(str(where or JOURNAL))
        if store is not None and _same(found, resolve(store)):
            raise UsageError(f"{found.shown} is the store of runs; {OWN}")
        if found._url is None:
            _check_file(Path(found.where))
        return found

    @property
    def _url(self) -> URL | None:
        return resolve(self.where) if "://" in self.where else None

    @property
    def shown(self) -> str:
        """The address without a password."""
        return self.where if self._url is None else shown(self._url)

    def open(self) -> BaseStorage:
        """Optuna's storage.

        Raises:
            StoreError: it cannot be opened, or is a store of runs.
            MissingExtra: the driver of the database is not installed.
        """
        if (url := self._url) is not None:
            return _open_database(url)
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        try:
            lock = JournalFileOpenLock(self.where)
            if Path(self.where).exists():
                _mend(Path(self.where), lock)
            return JournalStorage(JournalFileBackend(self.where, lock))
        except OSError as error:
            raise StoreError(f"the trials {self.where} cannot be kept ({error.strerror or error}); {OWN}") from error
        except (ValueError, KeyError) as error:
            raise StoreError(f"{self.where} is no journal of Optuna; {OWN}") from error


def _open_database(url: URL) -> BaseStorage:
    import optuna
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.exc import SQLAlchemyError

    require(DRIVERS[url.get_backend_name()][1])
    kind = url.get_backend_name()
    arguments = {"timeout": PATIENCE} if kind == "sqlite" else {"connect_timeout": int(PATIENCE)}
    options: dict[str, Any] = {"connect_args": arguments, "hide_parameters": True, "pool_pre_ping": kind != "sqlite"}
    try:
        engine = create_engine(url, **options)
        try:
            tables = inspect(engine).get_table_names()
        finally:
            engine.dispose()
        if "spoton_schema" in tables:
            raise StoreError(f"{shown(url)} is a store of runs; {OWN}")
        return optuna.storages.RDBStorage(url.render_as_string(hide_password=False), engine_kwargs=options)
    except (SQLAlchemyError, OSError, RuntimeError) as error:
        if isinstance(error, StoreError):
            raise
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
        if url.password:
            reason = reason.replace(str(url.password), "***")
        raise StoreError(f"the trials {shown(url)} cannot be opened ({reason})") from None


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna says nothing of each trial inside."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _check_file(path: Path) -> None:
    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "it is a folder" if path.is_dir() else "there is no such folder"
        raise StoreError(f"the trials {path} cannot be kept: {what}; name another file with --studies")
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            first = file.readline(100_000)
    except OSError as error:
        raise StoreError(
            f"the trials {path} cannot be read ({error.strerror or error}); name another with --studies"
        ) from error
    try:
        known = not first.endswith(b"\n") or "op_code" in json.loads(first)
    except ValueError:
        known = False
    if not known or first.startswith(b"SQLite format"):
        how = f"; a database is named as sqlite:///{path}" if first.startswith(b"SQLite format") else ""
        raise StoreError(f"{path} is no journal of trials; name another file with --studies{how}")


def _mend(path: Path, lock: Any) -> None:
    """Cut off half a line of a writer that was killed: Optuna would add to it, and read no further than that."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return
        file.seek(size - 1)
        if file.read() == b"\n":
            return
    lock.acquire()
    try:
        text = path.read_bytes()
        os.truncate(path, text.rfind(b"\n") + 1)
    finally:
        lock.release()


def _same(studies: Studies, store: URL) -> bool:
    """Whether both are in one place, whatever their users and drivers."""
    url = studies._url
    file = store.database if store.get_backend_name() == "sqlite" else None
    if url is None:
        return file is not None and Path(file).resolve() == Path(studies.where).resolve()
    return place(url) == place(store)
