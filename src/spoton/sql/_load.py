"""`load`: writes a task into a database as tables, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Table, insert, inspect, text

from spoton._provenance import now
from spoton._version import __version__
from spoton.data import Array, PointData
from spoton.errors import StoreError
from spoton.sql import _database
from spoton.sql._bulk import insert_numbers
from spoton.sql._database import Database
from spoton.sql._rule import rule_of
from spoton.sql._tables import STAGE, tables
from spoton.sql._views import create_views
from spoton.store._migrate import VERSIONS
from spoton.tasks import Task

AT_ONCE = 500  # images: some 50,000 pixels, a megabyte of SQL


@dataclass(frozen=True)
class Loaded:
    """What was written.

    Attributes:
        task: canonical name.
        database: the file, or the URL without its password.
        images: how many.
        pixels: how many above zero.
    """

    task: str
    database: str
    images: int
    pixels: int


def load(
    task: str | Task,
    url: str | Path,
    *,
    seed: int = 0,
    replace: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Loaded:
    """Write a task of digits as the tables `task`, `images`, `pixels` and `points`, with views that find the points.

    Pixels of zero are left out: they are four fifths of a digit, and whoever needs one knows that it is zero.

    Args:
        task: name or Task, of pnist/* or qnist/*.
        url: a file of SQLite, or sqlite://, mysql://, mariadb:// or postgresql:// with user, password, host, database.
        seed: of the split into train and valid that the column `split` tells.
        replace: put it in the place of the task that is there.
        on_progress: told (images written, images).

    Returns:
        What was written. Where anything fails, or the process is killed, the database is as it was; on MariaDB tables
        that begin with `loading_` may be left, which the next load removes.

    Raises:
        UsageError: a task whose rule SQL cannot follow, or no such kind of address.
        StoreError: the database is a store of runs, holds a task already (without `replace`) or somebody else's tables,
            or it fails.
        MissingExtra: the driver of the database is not installed.
    """
    database = Database(url)
    chosen, rule = rule_of(task)
    splits = _splits(chosen, seed)
    database.check_file(create=True)
    stage = "" if database.transacts_tables else STAGE
    made = tables(rule, stage)
    try:
        with database.connected("written", writes=True) as connection, _alone(connection, database):
            _check_room(connection, database, chosen.name, replace)
            try:
                _database.drop(connection, stage)
                for table in made.values():
                    table.create(connection)
                height, width = np.shape(chosen.data().X)[2:]
                row = {"name": chosen.name, "data_hash": chosen.data_hash, "seed": seed, "width": width}
                row |= {"height": height, "version": __version__, "loaded": now()}
                connection.execute(insert(made["task"]), [row])
                written, pixels = 0, 0
                for first, some, rows in _lots(chosen):
                    pixels += _write(connection, made, first, some, splits[first : first + len(some)], rows)
                    written += len(some)
                    if not database.transacts_tables:
                        connection.commit()
                    if on_progress:
                        on_progress(written, len(splits))
                if stage:
                    _database.publish(connection)
                create_views(connection, rule)
                connection.commit()
            except BaseException:
                connection.rollback()
                if stage:
                    _database.drop(connection, stage)
                raise
    finally:
        database.engine.dispose()
    return Loaded(chosen.name, database.name, written, pixels)


@contextmanager
def _alone(connection: Connection, database: Database) -> Iterator[None]:
    """Where tables are no part of a transaction, a named lock keeps two loads apart."""
    if database.transacts_tables:
        yield
        return
    lock = "LEFT(CONCAT('spoton-sql-', DATABASE()), 64)"  # no name of a lock is longer
    if connection.execute(text(f"SELECT GET_LOCK({lock}, 0)")).scalar() != 1:
        raise StoreError(f"somebody else is loading a task into {database.name}; wait until that is done")
    try:
        yield
    finally:
        connection.execute(text(f"SELECT RELEASE_LOCK({lock})"))


def _check_room(connection: Connection, database: Database, name: str, replace: bool) -> None:
    # a load holds the lock of a file for as long as it takes, and benches that write to the store would wait in vain
    if inspect(connection).has_table(VERSIONS):
        raise StoreError(
            f"{database.name} is a store of runs; give the task a database of its own, such as digits.db beside it"
        )
    if stranger := _database.taken(connection):
        raise StoreError(
            f"{database.name} has a table or view '{stranger}' that spoton sql did not make; name an empty database"
        )
    there = _database.held(connection)
    if there is not None and not replace:
        raise StoreError(f"{database.name} holds the task {there} already; --replace puts {name} in its place")


def _splits(task: Task, seed: int) -> list[str]:
    """Of each image; with `train=N` some are on no side."""
    data, test = task.data(), task.test()
    sides = np.full(len(data), "unused", dtype=object)
    split = task.split(seed)
    sides[split.train], sides[split.valid] = "train", "valid"
    return [*sides, *["test"] * (0 if test is None else len(test))]


def _lots(task: Task) -> Iterator[tuple[int, PointData, Array]]:
    """(first key, some images, their row numbers) until there are no more."""
    first = 0
    for part in (task.data(), task.test()):
        if part is None:
            continue
        for start in range(0, len(part), AT_ONCE):
            rows = np.arange(start, min(start + AT_ONCE, len(part)))
            yield first + start, part.take(rows), rows
        first += len(part)


def _write(
    connection: Connection, made: dict[str, Table], first: int, data: PointData, splits: list[str], rows: Array
) -> int:
    """Some images with their pixels and points; how many pixels these are."""
    keys = first + np.arange(len(data))
    labels = np.asarray(data.labels, dtype=np.int64)
    connection.execute(
        insert(made["images"]),
        [
            {"id": int(key), "split": split, "row_id": int(row), "digit": int(digit)}
            for key, split, row, digit in zip(keys, splits, rows, labels, strict=True)
        ],
    )
    pixels = pixels_of(np.asarray(data.X), first)
    insert_numbers(connection, made["pixels"], pixels)
    insert_numbers(connection, made["points"], np.column_stack([keys, data.y.to_numpy().astype(np.int64)]))
    return len(pixels)


def pixels_of(images: Array, first: int = 0) -> Array:
    """Rows (image, y, x, grey) of all pixels above zero of images (n, 1, H, W) in 0..1, in the order of the key.

    Grey is a whole number from 1 to 255: what is less than half of that, as at the rim of blur, is 1 and not 0.
    """
    image, y, x = np.nonzero(images[:, 0] > 0)
    grey = np.maximum(np.rint(images[image, 0, y, x].astype(np.float64) * 255), 1).astype(np.int64)
    return np.column_stack([first + image, y, x, grey])
