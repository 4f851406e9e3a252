"""`History`: one row an epoch, over any number of fits; and `on_epoch`, by which others look on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from spoton.data import Array
from spoton.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Row = dict[str, Any]
Watcher = Callable[["History"], None]

COUNTS = ("epoch", "fit")
STRANGE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}  # JSON has no such numbers: they are written as words
_WATCHERS: ContextVar[tuple[Watcher, ...]] = ContextVar("watchers", default=())


class History(Sequence[Row]):
    """What happened in each epoch: a sequence of dicts, one an epoch.

    ==================  ==============================================================================================
    key                 meaning
    ==================  ==============================================================================================
    `epoch`             1, 2, ..., running on over all fits
    `fit`               number of the fit, from 1
    `train_loss`        mean over the epoch's batches of what the learner minimises, in its own units, in training mode
    `train_loss_eval`   the same after the epoch in evaluation mode: without dropout, and after the epoch's last step
    `valid_loss`        the learner's loss on rows that it holds out itself
    `lr`                learning rate of the last step
    `seconds`           of the epoch, without the time of those who look on
    `train_mse`, ...    `<side>_<metric>` in original units, where somebody scored from outside (see `on_epoch`)
    ==================  ==============================================================================================

    A learner may add keys of its own. A key that a row lacks was not measured in that epoch.

    Args:
        rows: rows to begin with; `epoch` and `fit` are counted where they are missing.
        baseline: key -> what the mean of the training answers would have there.

    Attributes:
        baseline: as given; filled in by who scores.
        fits: number of fits begun.

    Example:
        >>> history = History([{"train_loss": 4.0}, {"train_loss": 1.0, "valid_mse": 2.5}])
        >>> history[-1]
        {'epoch': 2, 'fit': 1, 'train_loss': 1.0, 'valid_mse': 2.5}
        >>> history.column("valid_mse")
        array([nan, 2.5])
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]] = (), *, baseline: Mapping[str, float] | None = None) -> None:
        self._rows: list[Row] = []
        self.fits = 0
        self.baseline = dict(baseline or {})
        for row in rows:
            self._add(row)

    def begin_fit(self) -> None:
        """The rows that follow belong to a further fit."""
        self.fits += 1

    def append(self, row: Mapping[str, Any]) -> None:
        """Add an epoch, and tell those who look on (see `on_epoch`).

        Raises:
            UsageError: an epoch that is not after the last one, or a value that is neither a number nor a text.
        """
        self._add(row)
        for watcher in reversed(_WATCHERS.get()):  # the innermost first: it may note what an outer one shows
            watcher(self)

    def note(self, **values: float) -> None:
        """Add values to the last epoch; nobody is told.

        Raises:
            UsageError: there is no epoch yet.
        """
        if not self._rows:
            raise UsageError("a history without epochs has nothing to note values to; append a row first")
        self._rows[-1].update({key: _plain(key, value) for key, value in values.items()})

    def _add(self, row: Mapping[str, Any]) -> None:
        last = self._rows[-1]["epoch"] if self._rows else 0
        epoch = int(row.get("epoch", last + 1))
        self.fits = int(row.get("fit", max(self.fits, 1)))
        if epoch <= last:
            raise UsageError(f"epochs run on, and epoch {epoch} comes after {last}; leave it out to have it counted")
        held = {key: _plain(key, value) for key, value in row.items() if key not in COUNTS and value is not None}
        self._rows.append({"epoch": epoch, "fit": self.fits, **held})

    @overload
    def __getitem__(self, i: int) -> Row: ...
    @overload
    def __getitem__(self, i: slice) -> list[Row]: ...
    def __getitem__(self, i: int | slice) -> Row | list[Row]:
        return self._rows[i]

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, History | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        counts = f"{len(self)} epoch{'s' * (len(self) != 1)}, {self.fits} fit{'s' * (self.fits != 1)}"
        return f"History({counts}: {', '.join(self.names) or 'empty'})"

    def _repr_html_(self) -> str:
        from spoton.history._card import html

        return html(self)

    @property
    def names(self) -> list[str]:
        """The keys there are besides `epoch` and `fit`, in the order in which they came."""
        return [key for key in dict.fromkeys(key for row in self._rows for key in row) if key not in COUNTS]

    def column(self, name: str) -> Array:
        """The values of one key, float64 (epochs,); NaN where it was not measured.

        Raises:
            UsageError: no row has the key, or it holds texts.
        """
        if self._rows and name not in (*COUNTS, *self.names):
            raise UsageError(f"this history has no '{name}'; it has {', '.join(self.names) or 'epochs alone'}")
        try:
            return np.array([row.get(name, math.nan) for row in self._rows], dtype=np.float64)
        except ValueError as error:
            raise UsageError(f"'{name}' holds texts, not numbers; read it from the rows") from error

    def values(self) -> Iterator[tuple[int, int, str, float]]:
        """(epoch, fit, key, value) of every number: the long form that a database takes."""
        for row in self._rows:
            for key, value in row.items():
                if key not in COUNTS and not isinstance(value, str):
                    yield row["epoch"], row["fit"], key, value

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row an epoch; NaN where a key was not measured."""
        import pandas as pd

        return pd.DataFrame(self._rows, columns=[*COUNTS, *self.names])

    def to_csv(self, path: str | Path | None = None) -> str:
        """The table as CSV text with all digits; also written to `path` where that is given.

        Raises:
            DataError: the file cannot be written.
        """
        return _write(self.to_frame().to_csv(index=False, lineterminator="\n"), path)

    def to_json(self, path: str | Path | None = None, *, digits: int | None = None) -> str:
        """JSON that `from_json` reads back, one list a key; also written to `path` where that is given.

        Args:
            path: a file.
            digits: significant digits to keep; all by default, and then what is read back is equal.

        Raises:
            DataError: the file cannot be written.
        """
        columns = {key: [_word(row.get(key), digits) for row in self._rows] for key in (*COUNTS, *self.names)}
        baseline = {key: _word(value, digits) for key, value in self.baseline.items()}
        held = {"columns": columns, **({"baseline": baseline} if baseline else {})}
        return _write(json.dumps(held, allow_nan=False, separators=(",", ":")), path)

    @classmethod
    def from_json(cls, text: str | Path) -> History:
        """Read the text of `to_json`, or the file at a Path.

        Raises:
            DataError: it is not such a text.
        """
        try:
            held = json.loads(text.read_text(encoding="utf-8") if isinstance(text, Path) else text)
            columns = held["columns"]
            lists = list(zip(*columns.values(), strict=True))
            rows = [{k: _unword(v) for k, v in zip(columns, row, strict=True) if v is not None} for row in lists]
            return cls(rows, baseline={key: float(_unword(value)) for key, value in held.get("baseline", {}).items()})
        except (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
            raise DataError(f"this is no history that to_json wrote ({type(error).__name__}: {error})") from error

    @classmethod
    def joined(cls, parts: Iterable[Iterable[Mapping[str, Any]]]) -> History:
        """Several histories as the fits of one; epochs are counted anew and run on."""
        whole = cls()
        for part in parts:
            last = 0
            for row in part:
                if row.get("fit", 1) != last:
                    whole.begin_fit()
                last = row.get("fit", 1)
                whole._add({key: value for key, value in row.items() if key not in COUNTS})
            whole.baseline |= getattr(part, "baseline", {})
        return whole

    def plot(self, ax: Axes | None = None, names: Sequence[str] | None = None) -> Axes:
        """The curves over epochs, on `ax` or on a new figure; see `spoton.plots.curves`."""
        from spoton.history._draw import draw, new_axes

        return draw(ax or new_axes(), self, names)


@contextmanager
def on_epoch(watcher: Watcher) -> Iterator[None]:
    """Call `watcher(history)` after each epoch of every fit inside.

    It needs no parameter of the learner and no clone can lose it, so that validation rows can be scored in mid-fit by
    somebody who holds them, while the learner never sees them. The watcher may add to the last row by `history.note`.
    Fits in other threads or processes are not seen.

    Example:
        >>> from spoton.history import History, on_epoch
        >>> with on_epoch(lambda history: print(history[-1])):
        ...     History().append({"train_loss": 2.0})
        {'epoch': 1, 'fit': 1, 'train_loss': 2.0}
    """
    token = _WATCHERS.set((*_WATCHERS.get(), watcher))
    try:
        yield
    finally:
        _WATCHERS.reset(token)


def _plain(key: str, value: Any) -> float | str:
    """A value as Python's own, so that rows compare, print and pickle anywhere."""
    if isinstance(value, str):
        return value
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"a history holds numbers and texts, '{key}' is {type(value).__name__}") from error


def _word(value: Any, digits: int | None) -> Any:
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return str(value)
    return value if digits is None else float(f"{value:.{digits}g}")


def _unword(value: Any) -> Any:
    return STRANGE.get(value, value) if isinstance(value, str) else value


def _write(text: str, path: str | Path | None) -> str:
    if path is not None:
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise DataError(
                f"the history {path} cannot be written ({error.strerror or error}); name another file"
            ) from error
    return text
