"""Statements that write runs."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from spoton.store._reading import keys as keys_of
from spoton.store._rows import Row
from spoton.store._schema import ARTIFACTS, CHILDREN, RUNS


def insert_rows(connection: Connection, records: dict[str, dict[str, list[Row]]]) -> int:
    """Insert records (uuid -> table -> rows) that are not there yet, and return how many."""
    there = keys_of(connection, list(records))
    fresh = {uuid: rows for uuid, rows in records.items() if uuid not in there}
    if not fresh:
        return 0
    connection.execute(insert(RUNS), [rows[RUNS.name][0] for rows in fresh.values()])
    keys = keys_of(connection, list(fresh))
    for table in CHILDREN:
        children = [{**row, "run": keys[uuid]} for uuid, rows in fresh.items() for row in rows.get(table.name, ())]
        if children:
            connection.execute(insert(table), children)
    return len(fresh)


def merge_artifacts(connection: Connection, records: dict[str, dict[str, list[Row]]]) -> None:
    """Bring what is kept beside runs that were there before up to what the records have."""
    keys = keys_of(connection, [uuid for uuid, rows in records.items() if rows.get(ARTIFACTS.name)])
    query = select(ARTIFACTS.c.run, ARTIFACTS.c.name, ARTIFACTS.c.data).where(ARTIFACTS.c.run.in_(keys.values()))
    there = {(run, name): bytes(data) for run, name, data in connection.execute(query)} if keys else {}
    for uuid, key in keys.items():
        for row in records[uuid][ARTIFACTS.name]:
            if there.get((key, row["name"])) != bytes(row["data"]):
                put_artifact(connection, uuid, row["name"], row["data"], row["media_type"])


def put_artifact(connection: Connection, uuid: str, name: str, data: bytes, media_type: str) -> bool:
    """Keep bytes beside a run in the place of what has that name; False where there is no such run."""
    key = connection.execute(select(RUNS.c.id).where(RUNS.c.uuid == uuid)).scalar()
    if key is None:
        return False
    connection.execute(ARTIFACTS.delete().where((ARTIFACTS.c.run == key) & (ARTIFACTS.c.name == name)))
    connection.execute(insert(ARTIFACTS), [{"run": key, "name": name, "media_type": media_type, "data": data}])
    return True
