"""One run as compact JSON for the page."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from spoton._run import Run
from spoton.data import Array
from spoton.errors import DataError
from spoton.gallery import answers
from spoton.history import History
from spoton.report._command import repeat
from spoton.report._pictures import Hung
from spoton.report._pool import Pool, short
from spoton.report._rows import Side

EPOCHS = 120  # of a history that are drawn: of longer ones so many, the first and the last among them
STEPS = 65_534  # of a packed curve
LONG = 600  # characters of one parameter


class Album:
    """All runs that have a page, and what they share.

    Attributes:
        pool: what several have.
        runs: id -> record.
        sides: key -> `Side`.
    """

    def __init__(self) -> None:
        self.pool, self.runs, self.sides = Pool(), dict[str, dict[str, Any]](), dict[str, Side]()

    def add(self, run: Run, *, why_not: str = "", hung: Hung | None = None) -> dict[str, Any]:
        """Add a run, with the rows of its predictions if there are some and they are wanted.

        Args:
            run: with its history and predictions.
            why_not: what it predicted is not drawn for this reason.
            hung: pictures that were kept beside it.
        """
        record = self._words(run)
        if run.history is not None and len(run.history):
            record["h"] = _history(run.history, self.pool)
        if run.status == "ok":
            try:
                if why_not:
                    raise DataError(why_not)
                record["p"] = self._predictions(run)
            except DataError as error:
                record["no"] = self.pool.add(str(error))
        if hung is not None:
            record["kept"] = [[self.pool.add(words) for words in held[:3]] + held[3:] for held in hung.pictures]
            record["left"] = [self.pool.add(sentence) for sentence in hung.left]
        if why_not or (hung is not None and hung.less):
            record["less"] = 1
        self.runs[run.id] = record
        return record

    def _predictions(self, run: Run) -> dict[str, Any]:
        held = answers(run)
        key = f"{run.data_hash[:8]}{run.split_hash[:8]}{run.task}"
        if key not in self.sides:
            self.sides[key] = Side(held, "valid")
        return {"s": self.pool.add(key), **self.sides[key].packed(held)}

    def _words(self, run: Run) -> dict[str, Any]:
        origin = dict(run.provenance)
        how = repeat(run)
        record: dict[str, Any] = {
            "t": self.pool.add(run.task),
            "l": self.pool.add(run.learner),
            "seed": run.seed,
            "st": run.status,
            "n": run.train_size,
            "rows": self.pool.add(run.rows_of),
            "m": _metrics(run, self.pool),
            "s": [short(run.fit_seconds, 4), short(run.predict_seconds, 4)],
            "par": run.parameters,
            "ep": run.epochs,
            "when": [run.started[:19], run.finished[:19]],
            "hash": [self.pool.add(run.data_hash), self.pool.add(run.split_hash)],
            "v": self.pool.add(run.version),
            "set": self.pool.add({key: _cut(value) for key, value in run.settings.items()}),
            "pkg": self.pool.add(origin.pop("packages", {})),
            "cmd": self.pool.add(str(origin.pop("command", "") or "")),
            "from": self.pool.add(origin),
            "again": [self.pool.add(how.command), how.python, self.pool.add(how.note)],
        }
        more = {
            "why": self.pool.add(run.reason) if run.reason else None,
            "notes": [self.pool.add(note) for note in run.notes[:20]] or None,
            "ceil": self.pool.add(run.ceiling) if run.ceiling else None,
            "lab": run.uses_labels or None,
        }
        return record | {key: value for key, value in more.items() if value is not None}

    def document(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        sides = {key: side.record() for key, side in self.sides.items()}
        return {"pool": self.pool.values, "runs": self.runs, "sides": sides}


def _metrics(run: Run, pool: Pool) -> list[Any]:
    """[splits, names, [values of the first split], ...]: names once for all runs."""
    splits = list(run.metrics)
    names = list(dict.fromkeys(name for scores in run.metrics.values() for name in scores))
    values = [[short(run.metrics[side].get(name)) for name in names] for side in splits]
    return [pool.add(splits), pool.add(names), *values]


def _history(history: History, pool: Pool) -> dict[str, Any]:
    """Columns of numbers; of long histories every so many epochs."""
    n = len(history)
    at = np.unique(np.linspace(0, n - 1, min(n, EPOCHS)).round().astype(int))
    names = [name for name in history.names if not any(isinstance(row.get(name), str) for row in history)]
    columns = [_column(history.column(name)[at]) for name in names]
    found: dict[str, Any] = {"names": pool.add(names), "v": columns, "n": n}
    if len(at) < n:
        found["at"] = [int(history[int(i)]["epoch"]) for i in at]
    fits = [int(history[int(i)]["fit"]) for i in at]
    if fits[-1] != fits[0]:
        found["fit"] = fits
    if history.baseline:
        found["base"] = pool.add({key: short(value, 4) for key, value in history.baseline.items()})
    return found


def _column(values: Array) -> list[Any]:
    """A curve in two bytes an epoch: [value] where it is flat, else [lowest, highest, 1 for logarithms, base64].

    Between the ends there are 65,534 steps, equal in logarithms where all values are positive and differ much; the
    last number stands for what is not finite.
    """
    fine = np.isfinite(values)
    if not fine.any():
        return [None]
    low, high = float(values[fine].min()), float(values[fine].max())
    if low == high and fine.all():
        return [short(low, 5)]
    log = low > 0 and high > 20 * low
    scaled = np.log(np.where(fine, values, low)) if log else np.where(fine, values, low)
    ends = (np.log(low), np.log(high)) if log else (low, high)
    steps = np.rint(STEPS * (scaled - ends[0]) / ((ends[1] - ends[0]) or 1.0))
    numbers = np.where(fine, steps, STEPS + 1).astype("<u2")
    return [short(low, 9), short(high, 9), int(log), base64.b64encode(numbers.tobytes()).decode()]


def _cut(value: Any) -> Any:
    text = value if isinstance(value, str) else repr(value)
    return value if len(text) <= LONG else text[:LONG] + " …"
