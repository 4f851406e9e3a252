"""The store: whether it can be reached and read, asked within seconds and without writing to it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spoton.doctor._finding import Finding
from spoton.errors import SpotonError
from spoton.store import DEFAULT, JOURNAL, VARIABLE

GROUP = "store"
PATIENCE = 5.0  # seconds
VERSION, RUNS = "SELECT version_num FROM spoton_schema", "SELECT COUNT(*) FROM runs"


def check(store: str | None) -> Iterator[Finding]:
    """The store, and runs that wait for it."""
    yield _reached(store)
    if Path(JOURNAL).exists():
        words = f"{JOURNAL} has runs that a store did not take"
        yield Finding(GROUP, "spool", "missing", words, "spoton store sync delivers them")


def _reached(store: str | None) -> Finding:
    from spoton.store._url import resolve, shown

    came = "--store" if store else f"${VARIABLE}" if os.environ.get(VARIABLE) else "by default"
    try:
        url = resolve(store)
    except SpotonError as error:
        return Finding(GROUP, "store", "broken", str(error), "mend the address")
    name = f"{shown(url)} ({came})"
    file = url.database if url.get_backend_name() == "sqlite" else None
    if file is not None and file != ":memory:" and not Path(file).exists():
        named = came != "by default"
        words = f"{name} is not there yet; the first bench makes it"
        return Finding(
            GROUP, "store", "missing", words if named else f"no {DEFAULT} here yet; the first bench makes it"
        )
    found: list[str | Exception] = []
    asking = threading.Thread(target=_ask, args=(url, file, found), daemon=True)  # a server may take it and be silent
    asking.start()
    asking.join(PATIENCE + 2)
    if not found:
        return Finding(GROUP, "store", "broken", f"{name} does not answer within {PATIENCE:.0f} s", "is it running?")
    (answer,) = found
    if isinstance(answer, Exception):
        from spoton.store._url import reason

        said = str(answer) if isinstance(answer, SpotonError) else reason(url, answer)
        return Finding(GROUP, "store", "broken", f"{name} cannot be read ({said})", "mend it, or name another store")
    return Finding(GROUP, "store", "ok", f"{name}: {answer}")


def _ask(url: Any, file: str | None, found: list[str | Exception]) -> None:
    """What is in it, in words, or what went wrong."""
    from sqlalchemy import text

    from spoton.store._url import connect

    try:
        if file is not None and file != ":memory:":
            # for reading alone: the engine of a store makes its file and its write-ahead log. Where no log is there,
            # nobody writes, and SQLite need not make one to read
            how = "mode=ro" if Path(f"{file}-wal").exists() else "immutable=1"
            database = sqlite3.connect(f"{Path(file).absolute().as_uri()}?{how}", uri=True, timeout=PATIENCE)
            try:
                empty = not database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
                values = None if empty else [database.execute(query).fetchone()[0] for query in (VERSION, RUNS)]
            finally:
                database.close()
        else:
            engine = connect(url, patience=PATIENCE)
            try:
                with engine.connect() as connection:
                    empty = not engine.dialect.get_table_names(connection)
                    values = None if empty else [connection.execute(text(q)).scalar() for q in (VERSION, RUNS)]
            finally:
                engine.dispose()
        found.append("empty" if values is None else f"schema {values[0]}, {values[1]:,} runs")
    except Exception as error:  # said in one sentence by who asked
        found.append(error)
