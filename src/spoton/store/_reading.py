"""Queries that read runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, column, func, select, table

from spoton._run import Run, check_fields
from spoton._told import tell
from spoton.errors import StoreError
from spoton.store._rows import Row, to_run
from spoton.store._schema import ARTIFACTS, EPOCHS, METADATA, METRICS, PREDICTIONS, RUNS

# what values of other kinds than ours lead to
STRANGE = (ValueError, TypeError, AttributeError, OverflowError, RecursionError)
LOT = 500  # keys in one question: SQLite takes 32,766, old ones 999


def lots(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The items in lots that one query can name."""
    for start in range(0, len(items), LOT):
        yield items[start : start + LOT]


def check(key: int, run: Run) -> None:
    """Refuse a run whose row holds values of other kinds than ours: SQLite takes any into any column.

    Raises:
        StoreError: with the row's number.
    """
    try:
        check_fields(run)
    except STRANGE as error:
        raise damaged(key, error) from error


def number(key: int, value: Any) -> float:
    """A value as a float.

    Raises:
        StoreError: it is none.
    """
    if not isinstance(value, int | float):
        raise damaged(key, TypeError(f"a number is expected, not {value!r}"))
    return float(value)


def damaged(key: int, error: Exception) -> StoreError:
    """What to say of a run that cannot be read."""
    return StoreError(
        f"run {key} of the store is damaged ({error}); take it out with DELETE FROM runs WHERE id = {key}"
    )


def chosen(where: dict[str, Any], newest: bool, limit: int | None) -> Select[Any]:
    """Rows of `runs` with these values, newest version or all, the last `limit`."""
    query = select(RUNS).where(*(RUNS.c[key] == value for key, value in where.items()))
    if newest:
        view = table("newest", column("id"))
        query = query.where(RUNS.c.id.in_(select(view.c.id)))
    return query.order_by(RUNS.c.id.desc()).limit(limit) if limit is not None else query.order_by(RUNS.c.id)


def runs(connection: Connection, query: Select[Any], predictions: bool) -> Iterator[tuple[Row, Run]]:
    """Each row of the query with its run, oldest first."""
    rows = sorted((dict(row) for row in connection.execute(query).mappings()), key=lambda row: row["id"])
    done = 0
    for lot in lots(rows):
        keys = [row["id"] for row in lot]
        metrics, epochs = _children(connection, METRICS, keys), _children(connection, EPOCHS, keys)
        kept = _children(connection, PREDICTIONS, keys) if predictions else {}
        for row in lot:
            key = row["id"]
            try:
                run = to_run(row, metrics.get(key, ()), epochs.get(key, ()), kept.get(key, ()))
            except STRANGE as error:
                raise damaged(key, error) from error
            check(key, run)
            yield row, run
        if len(rows) > LOT:
            done += len(lot)
            tell("runs read from the store", done, len(rows))


def _children(connection: Connection, narrow: Table, keys: Sequence[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in connection.execute(select(narrow).where(narrow.c.run.in_(keys))).mappings():
        found[row["run"]].append(dict(row))
    return found


def done(connection: Connection, identities: Sequence[str], predictions: bool) -> Iterator[tuple[str, Run]]:
    """(identity, run) of those that are ok; the newest comes last."""
    for lot in lots(identities):
        query = select(RUNS).where(RUNS.c.identity.in_(lot), RUNS.c.status == "ok")
        found = sorted(runs(connection, query, predictions), key=lambda pair: (pair[0]["finished"], pair[0]["id"]))
        yield from ((row["identity"], run) for row, run in found)


def keys(connection: Connection, uuids: Sequence[str]) -> dict[str, int]:
    """uuid -> id of those that are there."""
    found: dict[str, int] = {}
    for lot in lots(uuids):
        for uuid, key in connection.execute(select(RUNS.c.uuid, RUNS.c.id).where(RUNS.c.uuid.in_(lot))):
            found[uuid] = key
    return found


def artifacts(connection: Connection, uuid: str) -> dict[str, tuple[str, bytes]]:
    """Name -> (media type, bytes) of what was kept beside a run."""
    query = select(ARTIFACTS).join(RUNS).where(RUNS.c.uuid == uuid)
    return {row.name: (row.media_type, bytes(row.data)) for row in connection.execute(query)}


def counts(connection: Connection) -> dict[str, int]:
    """Rows of each table."""
    return {
        name: int(connection.execute(select(func.count()).select_from(part)).scalar_one())
        for name, part in METADATA.tables.items()
    }
