"""`Task`: what is to be learned. Families build it from a name, users from their own data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from spoton.data import PointData, Split, make_split


@dataclass(frozen=True)
class Loaded:
    """A task's data: the rows to split into training and validation, and a test set where there is one."""

    data: PointData
    test: PointData | None = None


@dataclass(frozen=True)
class Task:
    """Something exact to learn.

    Attributes:
        name: the canonical name; with `data_hash` it is the task's identity.
        about: one line.
        load: gives the data; called once, the answer is kept.
        kind: `point` (answers in pixels), `number` (a regression in units of its own) or `class`.
        whole: the answers are whole numbers, or pixels to be rounded: then a hit is defined.
        make_oracle: gives the exact rule, or the linear model on the right columns, as an estimator; None where
            no rule is known.
        ceiling: why no learner can be perfect, where that is so; empty for an exact task.
        train: number of training rows that the name asks for.
        support: the columns of X that decide y, where X is a table and they are known.
        own: its name alone does not reproduce it; families say False, and their tasks travel as names.

    Example:
        >>> import spoton
        >>> task = spoton.get_task("pnist/topleft")
        >>> task.data().X.shape, list(task.data().y.columns)
        ((709, 1, 28, 28), ['topleft_x', 'topleft_y'])
    """

    name: str
    about: str
    load: Callable[[], Loaded]
    kind: str = "point"
    whole: bool = False
    make_oracle: Callable[[], BaseEstimator] | None = None
    ceiling: str = ""
    train: int | None = None
    support: tuple[str, ...] = field(default=())
    own: bool = True

    @cached_property
    def _loaded(self) -> Loaded:
        # on one thread: the last digits of a matrix product, and with them the data's hash, depend on their number
        with threadpool_limits(1):
            loaded = self.load()
        for part in (loaded.data, loaded.test):
            if part is not None:
                part.protect()
        return loaded

    def data(self) -> PointData:
        """The rows to train and validate on; `.X` images (n, C, H, W) in 0..1 or a DataFrame, `.y` in pixels."""
        return self._loaded.data.copied()

    def test(self) -> PointData | None:
        """Rows that no split ever trains on, or None."""
        test = self._loaded.test
        return None if test is None else test.copied()

    @cached_property
    def data_hash(self) -> str:
        """Changes with any value of the data, test rows included."""
        test = self.test()
        return self.data().hash() + ("" if test is None else test.hash()[:8])

    def split(self, seed: int = 0, train_size: int | None = None) -> Split:
        """The frozen split of (task, seed): 80/20, every learner meets the same one."""
        return make_split(len(self.data()), seed, train=self.train, train_size=train_size)

    def oracle(self) -> BaseEstimator | None:
        """A fresh oracle: scored like any learner, it marks the upper end of the scale."""
        return None if self.make_oracle is None else self.make_oracle()

    def _repr_html_(self) -> str:
        from spoton.tasks._card import html

        return html(self, vars(self).get("_loaded"))

    def __reduce__(self) -> tuple[Any, ...]:
        # a task of the catalogue travels to another process as its name, and its data is loaded there, once
        if not self.own:
            from spoton.tasks import get_task

            return get_task, (self.name,)
        return Task, tuple(getattr(self, part.name) for part in fields(self))

    # -- the user's own data; the work is done in tasks/_own.py ------------------------------------------------

    @staticmethod
    def from_arrays(name: str, X: Any, y: Any, labels: Any = None) -> Task:
        """A task from arrays.

        Args:
            name: any name.
            X: images (n, H, W) or (n, C, H, W), uint8 (0..255) or float (0..1); or a table (n, D), NumPy or pandas.
            y: (n, k). For images, k = 2 means a point (x, y) and k = 4 a box (left, top, right, bottom), in pixels;
                a DataFrame with columns `NAME_x`, `NAME_y` names its points. Other k are plain numbers.
            labels: (n,) integer classes, or None.

        Raises:
            DataError: NaN, infinity, points outside the image, unequal lengths, fewer than two rows.
        """
        from spoton.tasks._own import from_arrays

        return from_arrays(name, X, y, labels)

    @staticmethod
    def from_folder(images: str | Path, points: str | Path, name: str | None = None) -> Task:
        """A task from a folder of images of one size and a CSV of points.

        Args:
            images: the folder.
            points: CSV with a column `file` (names inside the folder) and `NAME_x,NAME_y` in pixels, one pair or more;
                (0, 0) is the centre of the top-left pixel.
            name: the task's name; the folder's name by default.

        Raises:
            DataError: a missing or broken file, points outside the image, NaN, names given twice, text in numbers.
        """
        from spoton.tasks._own import from_folder

        return from_folder(images, points, name)

    @staticmethod
    def from_table(table: str | Path | pd.DataFrame, target: str | Sequence[str], name: str | None = None) -> Task:
        """A task from a table: `.csv`, `.parquet` or a DataFrame; `target` names the column or columns to learn.

        Raises:
            DataError: a missing file or column, NaN, text, columns given twice, fewer than two rows.
        """
        from spoton.tasks._own import from_table

        return from_table(table, target, name)
