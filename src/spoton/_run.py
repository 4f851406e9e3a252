"""`Run`: all that is known of one fit, and its forms for files."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from operator import attrgetter
from typing import Any
from uuid import uuid4

from spoton._provenance import now
from spoton._version import __version__
from spoton.data import Array
from spoton.history import History


@dataclass
class Run:
    """One learner on one task with one seed.

    Attributes:
        task: canonical name of the task.
        learner: name of the learner.
        seed: seed of the split and of the learner.
        status: `ok`, `skipped` (declined) or `failed` (crashed or diverged).
        reason: why, where it is not ok.
        metrics: split -> metric -> value, as in `run.metrics["valid"]["r2"]`.
        train_size: rows trained on.
        rows_of: rows of each split.
        fit_seconds: seconds of the fit, on one thread.
        predict_seconds: seconds to predict the validation side.
        parameters: learned numbers, where that can be counted.
        epochs: passes over the data, where there are such.
        uses_labels: whether the learner was told the labels.
        data_hash: of the task's data.
        split_hash: of the row numbers.
        notes: warnings that were raised during the fit.
        version: of spoton.
        asked_train_size: the train size that was asked for, None for all.
        asked_epochs: the epochs that were asked for, None for the learner's own.
        asked_history: score every so many epochs, as was asked for; 0 for not.
        details: for an estimator, a hash of its class and parameters.
        own: the task is the user's own data.
        ceiling: why no learner can be perfect on the task; empty where one can.
        id: 32 hexadecimal digits, its own.
        started: time in UTC.
        finished: time in UTC.
        settings: all parameters of the estimator.
        provenance: code, packages, machine and command; see `spoton.store`.
        history: what happened in each epoch, where there are such; in files with six digits.
        predictions: split -> (n, k), only where they were to be kept; in a store, not in a journal of `to_json`.
        row_ids: split -> (n,) row numbers of the predictions in the task's data (`test`: in its test data).
    """

    task: str
    learner: str
    seed: int = 0
    status: str = "failed"
    reason: str = ""
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    train_size: int | None = None
    rows_of: dict[str, int] = field(default_factory=dict)
    fit_seconds: float | None = None
    predict_seconds: float | None = None
    parameters: int | None = None
    epochs: int | None = None
    uses_labels: bool = False
    data_hash: str = ""
    split_hash: str = ""
    notes: list[str] = field(default_factory=list)
    version: str = __version__
    asked_train_size: int | None = None
    asked_epochs: int | None = None
    asked_history: int = 0
    details: str = ""
    own: bool = False
    ceiling: str = ""
    id: str = field(default_factory=lambda: uuid4().hex, repr=False, compare=False)
    started: str = field(default_factory=now, repr=False, compare=False)
    finished: str = field(default="", repr=False, compare=False)
    settings: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    provenance: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    history: History | None = field(default=None, repr=False, compare=False)
    predictions: dict[str, Array] | None = field(default=None, repr=False, compare=False)
    row_ids: dict[str, Array] | None = field(default=None, repr=False, compare=False)

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two runs the same cell of a bench."""
        return (
            self.task,
            self.data_hash,
            self.learner,
            self.details,
            self.seed,
            self.asked_train_size,
            self.asked_epochs,
            self.version,
        )

    def _repr_html_(self) -> str:
        from spoton._run_card import html

        return html(self)

    def rows(self) -> list[dict[str, Any]]:
        """Flat rows, one a split, the metrics as keys; None stands for what does not apply."""
        from spoton.metrics import all_metrics

        shared = {
            "task": self.task,
            "learner": self.learner,
            "seed": self.seed,
            "train_size": self.train_size,
        }
        rest = {
            name: getattr(self, name)
            for name in (
                "status",
                "reason",
                "fit_seconds",
                "predict_seconds",
                "parameters",
                "epochs",
                "uses_labels",
                "data_hash",
                "split_hash",
                "version",
            )
        }
        rows = []
        for split in self.rows_of or {"valid": 0}:
            scores = dict.fromkeys(all_metrics()) | {k: _finite(v) for k, v in self.metrics.get(split, {}).items()}
            rows.append(
                {
                    **shared,
                    "split": split,
                    "rows": self.rows_of.get(split),
                    **scores,
                    **rest,
                    "notes": self.notes,
                }
            )
        return rows

    def to_json(self) -> str:
        """One line of JSON that `from_json` reads back; without predictions."""
        held = asdict(replace(self, predictions=None, row_ids=None, history=None))
        del held["predictions"], held["row_ids"]
        held["history"] = None if self.history is None else json.loads(self.history.to_json(digits=6))
        held["metrics"] = {s: {k: _finite(v) for k, v in m.items()} for s, m in self.metrics.items()}
        return json.dumps(held, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> Run:
        """Read a line of `to_json`; what a newer version added is left out. Raises ValueError where it is not one."""
        try:
            held = json.loads(line)
        except RecursionError as error:  # lists in lists in lists
            raise ValueError("this line is not a run of spoton") from error
        known = {f.name for f in fields(cls)} - {"predictions", "row_ids"}
        if not isinstance(held, dict) or not {"task", "learner", "seed", "status"} <= held.keys():
            raise ValueError("this line is not a run of spoton")
        # lines of older versions have no id: the line itself gives it one, always the same
        held.setdefault("id", hashlib.sha256(line.strip().encode("utf-8", "replace")).hexdigest()[:32])
        held.setdefault("started", "")
        run = cls(**{key: value for key, value in held.items() if key in known})
        history, run.history = run.history, None
        check_fields(run)
        run.history = None if history is None else History.from_json(json.dumps(history))
        nan = float("nan")
        run.metrics = {s: {k: nan if v is None else v for k, v in m.items()} for s, m in run.metrics.items()}
        return run


TEXTS = (
    *("task", "learner", "status", "reason", "data_hash", "split_hash", "version", "details", "ceiling"),
    *("id", "started", "finished"),
)
COUNTS = ("train_size", "parameters", "epochs", "asked_train_size", "asked_epochs")
_texts, _counts = attrgetter(*TEXTS), attrgetter("seed", "asked_history", *COUNTS)
_STR, _INT, _NUMBER = {str}, {int, type(None)}, {int, float, type(None)}


def check_fields(run: Run) -> None:
    """Refuse a run from a file whose fields are of other kinds than ours: it would be stored, and fail at every look.

    A report asks it of each of 100,000 runs, so kinds are compared as sets.

    Raises:
        ValueError: with the name of the field.
    """
    notes: Any = run.notes  # of whatever kind, as all of them
    tables: tuple[Any, ...] = (run.metrics, run.rows_of, run.settings, run.provenance)
    tables += (run.predictions or {}, run.row_ids or {})
    if not all(isinstance(table, dict) and set(map(type, table)) <= _STR for table in tables):
        wrong = "tables"
    elif not set(map(type, _texts(run))) <= _STR or not 0 < len(run.id) <= 32:
        wrong = "texts"
    elif " " in run.id or not run.id.isprintable():  # a database would change it, and not find it again
        wrong = "id"
    elif not _are(_counts(run), _INT, 2**53) or run.seed is None or run.asked_history is None:
        wrong = "counts"
    elif not _are((run.fit_seconds, run.predict_seconds), _NUMBER, 2**1000):
        wrong = "seconds"
    elif {type(run.uses_labels), type(run.own)} != {bool}:
        wrong = "flags"
    elif not all(map(_are_scores, run.metrics.values())):
        wrong = "metrics"
    elif not _are(run.rows_of.values(), {int}, 2**53):
        wrong = "rows_of"
    elif not isinstance(notes, list) or not set(map(type, notes)) <= _STR:
        wrong = "notes"
    elif not all(isinstance(v, _kind_of_origin(k)) for k, v in run.provenance.items()):
        wrong = "provenance"
    else:
        if run.settings or run.provenance:
            json.dumps([run.settings, run.provenance], allow_nan=False)
        return
    raise ValueError(f"this is not a run of spoton: its {wrong} are of another kind")


def _kind_of_origin(key: str) -> Any:
    if key == "packages":
        return dict
    return bool | None if key.endswith("_dirty") else str | None


def _are_scores(part: Any) -> bool:
    """Whether it is a table from the names of metrics to numbers."""
    return isinstance(part, dict) and set(map(type, part)) <= _STR and _are(part.values(), _NUMBER, 2**1000)


def _are(values: Iterable[Any], kinds: set[Any], limit: int) -> bool:
    """Whether all are of these kinds; and whole numbers below the limit, above which they are no columns or floats."""
    held = list(values)
    return set(map(type, held)) <= kinds and not any(type(v) is int and abs(v) >= limit for v in held)


def fingerprint(estimator: Any) -> str:
    """A hash of an estimator's class and parameters: two of one class are two learners."""
    parameters = estimator.get_params() if hasattr(estimator, "get_params") else {}
    text = repr((type(estimator).__module__, type(estimator).__qualname__, sorted(parameters.items(), key=str)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _finite(value: float) -> float | None:
    """JSON has no NaN and no infinity."""
    return float(value) if math.isfinite(value) else None
