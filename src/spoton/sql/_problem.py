"""`Problem`: a task in a database, its points found by SQL, and the proof that NumPy finds the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Engine, inspect, text

from spoton import ink as geometry
from spoton.data import Array, PointData
from spoton.errors import DataError, StoreError
from spoton.sql._database import Database, held
from spoton.sql._rule import Rule, rule_of
from spoton.sql._views import create_views, feature_columns, views
from spoton.tasks import Task

if TYPE_CHECKING:
    import pandas as pd


SIDES = ("train", "valid", "unused", "test")


@dataclass(frozen=True)
class Checked:
    """One table or view, compared with NumPy.

    Attributes:
        name: `points`, `targets` or `pts`.
        rows: images compared.
        columns: numbers of each.
        difference: the first that differs, in words; empty where all are equal.
    """

    name: str
    rows: int
    columns: int
    difference: str = ""


class Problem:
    """A task that `load` wrote into a database. Open one with `Problem.open`.

    Attributes:
        task: its name.
        seed: of its split.

    Example:
        >>> load("pnist/topleft", "digits.db")  # doctest: +SKIP
        >>> with Problem.open("digits.db") as problem:  # doctest: +SKIP
        ...     points = problem.sql("SELECT * FROM targets WHERE image_id < :n", n=5)
    """

    def __init__(self, database: Database, task: Task, rule: Rule, row: dict[str, Any]) -> None:
        self._database, self._task, self._rule = database, task, rule
        self.task, self.seed, self._hash = task.name, int(row["seed"]), str(row["data_hash"])

    @classmethod
    def open(cls, url: str | Path) -> Problem:
        """Open it, and make views that are missing.

        Raises:
            UsageError: no such kind of address.
            MissingExtra: the driver of the database is not installed.
            StoreError: it cannot be opened, or holds no task.
        """
        database = Database(url)
        database.check_file(create=False)
        try:
            with database.connected("read") as connection:
                if held(connection) is None:
                    raise StoreError(f"{database.name} holds no task; spoton sql load TASK URL writes one")
                row = dict(connection.execute(text("SELECT * FROM task")).mappings().one())
                task, rule = rule_of(row["name"])
                whole = set(views(rule)) <= set(inspect(connection).get_view_names())
            if not whole:  # a load was killed on MariaDB between its tables and its views
                with database.connected("written", writes=True) as connection:
                    create_views(connection, rule)
                    connection.commit()
        except BaseException:
            database.engine.dispose()
            raise
        return cls(database, task, rule, row)

    def close(self) -> None:
        """End all connections."""
        self._database.engine.dispose()

    def __enter__(self) -> Problem:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Problem({self.task!r}, {self.name!r})"

    @property
    def name(self) -> str:
        """The file, or the URL without its password."""
        return self._database.name

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, for `pandas.read_sql` and queries of your own."""
        return self._database.engine

    def sql(self, query: str, **values: Any) -> pd.DataFrame:
        """The answer to a query, as in `sql("SELECT * FROM targets WHERE image_id = :i", i=7)`.

        Raises:
            StoreError: the database does not understand it, or fails.
        """
        import pandas as pd

        with self._database.connected("read") as connection:
            return pd.read_sql(text(query), connection, params=values)

    def counts(self) -> dict[str, int]:
        """Images of each split, and pixels."""
        splits = self.sql("SELECT split, COUNT(*) AS n FROM images GROUP BY split")
        found = dict(zip(splits["split"], map(int, splits["n"]), strict=True))
        pixels = int(self.sql("SELECT COUNT(*) AS n FROM pixels")["n"][0])
        return {name: found[name] for name in ("train", "valid", "unused", "test") if name in found} | {
            "pixels": pixels
        }

    def summary(self) -> pd.DataFrame:
        """One row an answer: lowest, mean and highest, computed by the database in one pass."""
        # + 0e0: the mean of whole numbers has four digits on MariaDB
        import pandas as pd

        asked = ", ".join(
            f"MIN({name}) AS low_{name}, AVG({name} + 0e0) AS mean_{name}, MAX({name}) AS high_{name}"
            for name in self._rule.columns
        )
        (row,) = self.sql(f"SELECT {asked} FROM targets").to_dict("records")
        found = {name: [float(row[f"{key}_{name}"]) for key in ("low", "mean", "high")] for name in self._rule.columns}
        return pd.DataFrame.from_dict(found, orient="index", columns=["lowest", "mean", "highest"])

    def check(self) -> list[Checked]:
        """Compare the table `points` and the views `targets` and `pts` with NumPy, image by image and exactly.

        Raises:
            DataError: the task's data is not here what it was when it was loaded.
            StoreError: the database fails.
        """
        if self._task.data_hash != self._hash:
            raise DataError(
                f"the data of {self.task} is not what was loaded into {self.name} (hash {self._task.data_hash}, loaded "
                f"{self._hash}); set SPOTON_DATA as it was then, or load it again"
            )
        parts = [part for part in (self._task.data(), self._task.test()) if part is not None]
        answers = np.concatenate([part.y.to_numpy(dtype=np.float64) for part in parts])
        columns = list(self._rule.columns)
        return [
            self._compared("points", columns, answers),
            self._compared("targets", columns, answers),
            self._compared("pts", list(feature_columns()), np.concatenate([features(part) for part in parts])),
        ]

    def _compared(self, name: str, columns: list[str], expected: Array) -> Checked:
        with self._database.connected("read") as connection:
            answer = connection.execute(text(f"SELECT image_id, {', '.join(columns)} FROM {name} ORDER BY image_id"))
            found = np.array([tuple(row) for row in answer.fetchall()], dtype=np.float64).reshape(-1, len(columns) + 1)
        return Checked(name, len(expected), len(columns), self._difference(name, columns, found, expected))

    def _difference(self, name: str, columns: list[str], found: Array, expected: Array) -> str:
        n = min(len(found), len(expected))
        keys = found[:n, 0] != np.arange(n)
        wrong = keys | (found[:n, 1:] != expected[:n]).any(axis=1)
        if not wrong.any():
            few = f"{name} has {len(found)} rows, and the task has {len(expected)} images"
            return "" if len(found) == len(expected) else few
        first = int(wrong.argmax())
        if keys[first]:
            return f"image {first} is not in {name}"
        column = int((found[first, 1:] != expected[first]).argmax())
        length = len(self._task.data())
        where = f"row {first} of the data" if first < length else f"row {first - length} of the test data"
        return (
            f"image {first} ({where}): {columns[column]} of {name} is {found[first, column + 1]:.15g} by SQL and "
            f"{expected[first, column]:.15g} by NumPy; {int(wrong.sum())} of {len(expected)} images differ"
        )


def features(data: PointData) -> Array:
    """The columns of `pts11`, `pts12` and `pts22` of images (n, 1, H, W), as learners get them: (n, 72)."""
    found = geometry.feature_points(geometry.ink_of(np.asarray(data.X)))
    return np.concatenate([group.reshape(len(data), -1) for group in found.values()], axis=1).astype(np.float64)
