"""`CSVHistory`: a `History` that is also a file, complete after each epoch."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from spoton.errors import DataError, UsageError
from spoton.fastai._history import History
from spoton.fastai._quiet import quietly
from spoton.history import History as Record

with quietly():
    from fastai.torch_core import rank_distrib


class CSVHistory(History):
    """A `History` that writes each row to a CSV file when its epoch ends.

    The file has one header, is open only while a row is written, and is touched by training alone: a validation, a
    prediction or `lr_find` leaves it as it is, and `no_bar` and `no_logging` do not silence it. `learn.logger` is never
    touched, and `learn.export` works.

    Args:
        fname: the file, in `learn.path`; folders that are missing are made.
        append: go on below the rows of a file that is there, with running epochs and fits; else the first epoch of
            training takes its place.
        eval_every: see `History`.

    Attributes:
        history: the rows, those of a file that was there too; see `History`.
        fname, append: as given.

    Raises:
        DataError: when training begins: a file to go on below that this callback has not written.

    Limits: of several processes that train together, the first writes.

    Example:
        >>> learn = tabular_learner(dls, cbs=CSVHistory("runs/first.csv"))  # doctest: +SKIP
        >>> learn.fine_tune(5)  # doctest: +SKIP
        >>> learn.csv_history.read_log()  # doctest: +SKIP
    """

    def __init__(self, fname: str | Path = "history.csv", append: bool = False, eval_every: int = 0) -> None:
        super().__init__(eval_every)
        self.fname, self.append = Path(fname), append
        self.history: Record
        self.columns: list[str] = []  # of the file, once there is one

    def before_train(self) -> None:
        """Read what is to be gone on with."""
        if self.append and not self.columns and not len(self.history) and self._file().exists():
            rows, self.columns = _read(self._file())
            self.history = rows
        super().before_train()

    def after_epoch(self) -> None:
        """Write the row."""
        before = len(self.history)
        super().after_epoch()
        if len(self.history) == before or rank_distrib():
            return
        row, path = self.history[-1], self._file()
        if self.columns and set(row) <= set(self.columns) and path.exists():
            with path.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerow([row.get(name, "") for name in self.columns])
            return
        # the first row, or one with a column that the header lacks
        path.parent.mkdir(parents=True, exist_ok=True)
        self.history.to_csv(path)
        self.columns = ["epoch", "fit", *self.history.names]

    def read_log(self) -> Any:
        """The file as a DataFrame."""
        return _read(self._file())[0].to_frame()  # with all digits, which pandas alone leaves out

    def _file(self) -> Path:
        return Path(self.learn.path) / self.fname


def _read(path: Path) -> tuple[Record, list[str]]:
    """The rows of a file, and its columns."""
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        rows = [{name: _value(text) for name, text in row.items() if text} for row in table]
        columns = list(table.fieldnames or ())
    if columns[:2] != ["epoch", "fit"]:
        raise DataError(
            f"{path} was not written by CSVHistory, its columns are {', '.join(columns) or 'none'};"
            " name another file, or leave append out to write it anew"
        )
    try:
        return Record(rows), columns
    except (UsageError, ValueError) as error:
        raise DataError(f"{path} cannot be gone on with ({error}); name another file") from error


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
