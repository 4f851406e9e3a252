"""What a task hands to a learner: `PointData` (inputs, answers, labels) and `Split` (which rows are for what)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoton.errors import DataError, UsageError

Array = NDArray[Any]


def as_input(X: Any) -> Array | pd.DataFrame:
    """Bring inputs into the one form that learners work on.

    Args:
        X: images (n, H, W) or (n, C, H, W), uint8 (0..255) or float (taken as they are); or a table
            (n, D), NumPy or pandas.

    Returns:
        Images as float32 (n, C, H, W), uint8 scaled to 0..1; tables as they came, a 1-D array as a column.

    Raises:
        DataError: another number of axes, or images that are not numbers.
    """
    if isinstance(X, pd.DataFrame):
        return X
    array: Array = np.asarray(X)
    if array.ndim in (3, 4):
        if array.ndim == 3:
            array = array[:, None]
        if array.dtype == np.uint8:
            scaled: Array = array.astype(np.float32) / np.float32(255)
            return scaled
        if array.dtype.kind not in "fiub":
            raise DataError(f"images have to be numbers, these are {array.dtype}; give uint8 (0..255) or float (0..1)")
        return array.astype(np.float32, copy=False)
    if array.ndim in (1, 2):
        return array[:, None] if array.ndim == 1 else array
    raise DataError(f"X has to be (n, H, W), (n, C, H, W) or (n, columns), this one has shape {array.shape}")


def is_images(X: Any) -> bool:
    """True for images (4 axes after `as_input`), False for a table."""
    return not isinstance(X, pd.DataFrame) and np.ndim(X) in (3, 4)


@dataclass(frozen=True, eq=False)
class PointData:
    """Inputs and exact answers.

    Attributes:
        X: images (n, C, H, W) float32 in 0..1, or a DataFrame with one row an example.
        y: DataFrame, one column an output; coordinates in `frame`.
        frame: always `px`.
        labels: (n,) integer classes carried along (the digit), or None.
        points: the pairs of columns of `y` that are points, ((x, y), ...); empty for plain numbers.
    """

    X: Array | pd.DataFrame
    y: pd.DataFrame
    frame: str = "px"
    labels: Array | None = None
    points: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        if self.frame != "px":
            raise UsageError(f"answers are stored in frame px, not {self.frame}; convert them with spoton.frames")
        if len(self.X) != len(self.y):
            raise DataError(f"X has {len(self.X)} rows and y has {len(self.y)}; they have to be the same examples")
        if self.labels is not None and len(self.labels) != len(self.y):
            raise DataError(f"there are {len(self.labels)} labels for {len(self.y)} rows; give one a row")

    def __len__(self) -> int:
        return len(self.y)

    @property
    def images(self) -> bool:
        """True where X holds images."""
        return is_images(self.X)

    def take(self, rows: Array) -> PointData:
        """The same data, those rows only."""
        X = self.X.iloc[rows] if isinstance(self.X, pd.DataFrame) else self.X[rows]
        labels = None if self.labels is None else self.labels[rows]
        return PointData(X, self.y.iloc[rows], self.frame, labels, self.points)

    def protect(self) -> None:
        """Make arrays read-only, so that nobody changes data that others share."""
        for array in (self.X, self.labels):
            if isinstance(array, np.ndarray):
                array.setflags(write=False)

    def copied(self) -> PointData:
        """The same arrays with DataFrames of its own, which a user may edit."""
        X = self.X.copy(deep=False) if isinstance(self.X, pd.DataFrame) else self.X
        return PointData(X, self.y.copy(), self.frame, self.labels, self.points)

    def hash(self) -> str:
        """Sixteen hex digits that change with any value of X, y or labels, and with the names of columns."""
        digest = hashlib.sha256()
        digest.update(repr(list(self.y.columns)).encode())
        if isinstance(self.X, pd.DataFrame):
            digest.update(repr(list(self.X.columns)).encode())
            digest.update(pd.util.hash_pandas_object(self.X, index=False).to_numpy().tobytes())
        else:
            digest.update(repr((self.X.shape, str(self.X.dtype))).encode())
            digest.update(np.ascontiguousarray(self.X).tobytes())
        digest.update(self.y.to_numpy(dtype=np.float64).tobytes())
        if self.labels is not None:
            digest.update(np.asarray(self.labels, dtype=np.int64).tobytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the training and the validation side; the same for every learner of a (task, seed)."""

    train: Array
    valid: Array

    def hash(self) -> str:
        """Sixteen hex digits of the row numbers."""
        digest = hashlib.sha256()
        for rows in (self.train, self.valid):
            digest.update(np.asarray(rows, dtype=np.int64).tobytes() + b"|")
        return digest.hexdigest()[:16]


VALID_SHARE = 0.2


def make_split(n: int, seed: int, *, train: int | None = None, train_size: int | None = None) -> Split:
    """The frozen split of `n` rows: a shuffle by `seed`, the first fifth for validation, the rest to train on.

    It depends on `n` and `seed` alone, so the variants and targets of one set of images share it.

    Args:
        n: number of rows.
        seed: 0 or more.
        train: number of training rows that the task itself asks for; may eat into the validation side.
        train_size: keep the first so many training rows; the validation side stays as it is, and smaller
            sizes are parts of larger ones.

    Raises:
        UsageError: sizes that leave no training or no validation row.
    """
    if n < 2:
        raise UsageError(f"a split needs 2 rows or more, there is {n}")
    if not 0 <= seed < 2**32:
        raise UsageError(f"a seed is 0 or more and below 2**32, this one is {seed}")
    # RandomState, not Generator: NumPy promises that its stream never changes
    order = np.random.RandomState(seed).permutation(n)
    n_valid = max(1, round(n * VALID_SHARE))
    if train is not None:
        if not 1 <= train <= n - 1:
            raise UsageError(f"train={train} is not possible: there are {n} rows, and at least one has to be left")
        n_valid = min(n_valid, n - train)
    rows = order[n_valid:][:train]
    if train_size is not None:
        if not 1 <= train_size <= len(rows):
            raise UsageError(f"a train size of {train_size} is not possible: the training side has {len(rows)} rows")
        rows = rows[:train_size]
    return Split(train=rows, valid=order[:n_valid])
