"""Copies a store to another database, row by row, and proves that the copy is equal."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from spoton._told import tell
from spoton.errors import StoreError, UsageError
from spoton.store._reading import lots
from spoton.store._rows import Row
from spoton.store._schema import ARTIFACTS, CHILDREN, METADATA, RUNS
from spoton.store._store import Store
from spoton.store._writing import insert_rows, merge_artifacts

MODULUS = 2**256


@dataclass(frozen=True)
class Proof:
    """What one table holds of the runs that were copied: a sum of the SHA-256 of its rows, so that order is nothing."""

    table: str
    rows: int
    digest: str


def copy(source: Store, target: Store) -> tuple[int, list[Proof]]:
    """Copy all runs with all that belongs to them; of runs that the target has, the files beside them alone.

    Args:
        source: where they are.
        target: where they go; it may hold other runs.

    Returns:
        How many runs were copied, and the proof of each table, the same for both.

    Raises:
        UsageError: both are one database, and its proof would prove nothing.
        StoreError: one of the two fails, or they differ afterwards.
    """
    if source is target or source.place == target.place != ":memory:":
        raise UsageError(f"{source.name} cannot be copied to itself; name another file or database")
    with source.reading() as connection:
        keys = [key for (key,) in connection.execute(select(RUNS.c.id).order_by(RUNS.c.id))]
        uuids = {uuid for (uuid,) in connection.execute(select(RUNS.c.uuid).where(RUNS.c.id <= max(keys, default=0)))}
    copied = done = 0
    for lot in lots(keys):
        with source.reading() as connection:
            records = _records(connection, list(lot))
        with target.writing() as connection:
            copied += insert_rows(connection, records)
            merge_artifacts(connection, records)
        done += len(lot)
        tell("runs copied", done, len(keys))
    query = select(RUNS.c.uuid, ARTIFACTS.c.name).select_from(ARTIFACTS.join(RUNS))
    with source.reading() as connection:
        named = {(uuid, name) for uuid, name in connection.execute(query)}
    before, after = proofs(source, uuids, named), proofs(target, uuids, named)
    for one, other in zip(before, after, strict=True):
        if one != other:
            raise StoreError(
                f"{source.name} and {target.name} differ in the table {one.table} after copying ({one.rows} and "
                f"{other.rows} rows); runs that the target had before differ, or somebody wrote meanwhile: copy again"
            )
    return copied, before


def proofs(store: Store, uuids: set[str], named: set[tuple[str, str]] | None = None) -> list[Proof]:
    """The proof of each table, of these runs alone, and of these files beside them: (uuid, name), None for all."""
    return [_proof(store, table, uuids, named) for table in METADATA.tables.values()]


def _proof(store: Store, table: Table, uuids: set[str], named: set[tuple[str, str]] | None) -> Proof:
    """Keys that a database gives by itself are left out: the run's own uuid stands for them."""
    columns = [column for column in table.columns if column.name not in ("id", "run")]
    query = select(RUNS.c.uuid.label("run_uuid"), *columns)
    if table is not RUNS:
        query = query.select_from(table.join(RUNS))
    total, count = 0, 0
    with store.reading() as connection:
        for row in connection.execution_options(yield_per=1000).execute(query):
            if count % 5000 == 0:
                tell(f"proving the table {table.name} of {store.name}: {count:,} rows")
            if row[0] not in uuids:
                continue
            if table is ARTIFACTS and named is not None and (row[0], row.name) not in named:
                continue
            line = repr([_plain(value) for value in row])
            total = (total + int.from_bytes(hashlib.sha256(line.encode()).digest(), "big")) % MODULUS
            count += 1
    return Proof(table.name, count, f"{total:064x}")


def _plain(value: Any) -> Any:
    """What the drivers give for the same thing: bytes and memoryview, 1 and True."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return int(value) if isinstance(value, bool) else value


def _records(connection: Connection, keys: list[int]) -> dict[str, dict[str, list[Row]]]:
    """uuid -> table -> rows without the keys of this database."""
    uuid_of: dict[int, str] = {}
    records: dict[str, dict[str, list[Row]]] = {}
    for row in connection.execute(select(RUNS).where(RUNS.c.id.in_(keys)).order_by(RUNS.c.id)).mappings():
        held = dict(row)
        uuid_of[held.pop("id")] = held["uuid"]
        records[held["uuid"]] = defaultdict(list, {RUNS.name: [held]})
    for table, child in _children(connection, keys):
        records[uuid_of[child.pop("run")]][table.name].append(child)
    return records


def _children(connection: Connection, keys: list[int]) -> Iterator[tuple[Table, Row]]:
    for table in CHILDREN:
        for row in connection.execute(select(table).where(table.c.run.in_(keys))).mappings():
            yield table, dict(row)
