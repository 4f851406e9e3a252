"""A run as rows of the tables, and back."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import String

from spoton._provenance import hide_passwords
from spoton._run import Run
from spoton.history import History
from spoton.store._packing import pack, unpack
from spoton.store._schema import COMMON, EPOCHS, METRICS, PREDICTIONS, RUNS, SPLITS

Row = dict[str, Any]
ORIGIN = (
    "spoton_commit",
    "spoton_dirty",
    "folder_commit",
    "folder_dirty",
    "python",
    "platform",
    "cpu",
    "gpu",
    "command",
)
SAME = (
    *(
        "task",
        "learner",
        "seed",
        "train_size",
        "asked_train_size",
        "asked_epochs",
        "asked_history",
        "details",
        "status",
        "reason",
    ),
    *("parameters", "epochs", "uses_labels", "own", "ceiling", "data_hash", "split_hash", "version"),
    *("started", "finished"),
)
LIMITS = {c.name: c.type.length for c in RUNS.columns if isinstance(c.type, String) and c.type.length}


def digest(parts: Iterable[object]) -> str:
    """32 hexadecimal digits of a tuple of plain values."""
    return hashlib.sha256(json.dumps(list(parts), default=str).encode()).hexdigest()[:32]


def identity(run: Run) -> str:
    """Of runs that are the same cell of a bench, on the same data, by the same version."""
    return digest(run.identity)


def to_rows(run: Run) -> dict[str, list[Row]]:
    """Rows by the name of their table; those of `runs` lack their `id`, the others their `run`."""
    origin = run.provenance
    wide = {f"{split}_{name}": finite(run.metrics.get(split, {}).get(name)) for split in SPLITS for name in COMMON}
    row: Row = {
        **{name: clean(getattr(run, name)) for name in SAME},
        **{name: clean(origin.get(name)) for name in ORIGIN},
        **wide,
        "uuid": run.id,
        "cell": digest((run.task, run.learner, run.details, run.seed, run.asked_train_size, run.asked_epochs)),
        "peers": digest((run.task, run.learner, run.details, run.asked_train_size, run.asked_epochs)),
        "identity": identity(run),
        "fit_seconds": finite(run.fit_seconds),
        "predict_seconds": finite(run.predict_seconds),
        "notes": to_text(run.notes),
        "rows_of": to_text(run.rows_of),
        "settings": to_text(run.settings),
        "packages": to_text(origin.get("packages", {})),
    }
    if row["command"]:
        row["command"] = hide_passwords(row["command"])
    # a name that is longer than its column is cut rather than lost with its run; `identity` knows all of it
    row = {name: v[: LIMITS[name]] if isinstance(v, str) and name in LIMITS else v for name, v in row.items()}
    return {
        RUNS.name: [row],
        METRICS.name: [
            {"split": split, "name": name, "value": finite(value)}
            for split, scores in run.metrics.items()
            for name, value in scores.items()
        ],
        EPOCHS.name: [] if run.history is None else _epochs(run.history),
        PREDICTIONS.name: [
            {
                "split": side,
                "n": len(array),
                "outputs": array.shape[1] if array.ndim > 1 else 1,
                "row_ids": pack(run.row_ids[side]) if run.row_ids and side in run.row_ids else None,
                "data": pack(array),
            }
            for side, array in (run.predictions or {}).items()
        ],
    }


def _epochs(history: History) -> list[Row]:
    # six digits, as in files: a run that came by the spool is the same as one that did not
    rows = [
        {"epoch": epoch, "fit": fit, "name": name, "value": _six(value)} for epoch, fit, name, value in history.values()
    ]
    return rows + [
        {"epoch": 0, "fit": 0, "name": name, "value": _six(value)} for name, value in history.baseline.items()
    ]


def _six(value: float) -> float | None:
    return finite(float(f"{value:.6g}"))


def to_run(
    row: Mapping[str, Any], metrics: Iterable[Row] = (), epochs: Iterable[Row] = (), predictions: Iterable[Row] = ()
) -> Run:
    """The run of these rows."""
    run = Run(**{name: row[name] for name in SAME}, id=row["uuid"])
    run.uses_labels, run.own, run.asked_history = bool(run.uses_labels), bool(run.own), run.asked_history or 0
    run.parameters = None if run.parameters is None else int(run.parameters)
    run.fit_seconds, run.predict_seconds = row["fit_seconds"], row["predict_seconds"]
    run.notes, run.rows_of, run.settings = (json.loads(row[name]) for name in ("notes", "rows_of", "settings"))
    flags = ("spoton_dirty", "folder_dirty")
    run.provenance = {name: bool(row[name]) if name in flags else row[name] for name in ORIGIN if row[name] is not None}
    run.provenance["packages"] = json.loads(row["packages"])
    for metric in metrics:
        value = metric["value"]
        run.metrics.setdefault(metric["split"], {})[metric["name"]] = math.nan if value is None else value
    run.history = _history(list(epochs))
    kept = list(predictions)
    if kept:
        run.predictions = {part["split"]: unpack(part["data"]) for part in kept}
        run.row_ids = {part["split"]: unpack(part["row_ids"]) for part in kept if part["row_ids"]} or None
    return run


def _history(epochs: list[Row]) -> History | None:
    rows: dict[int, Row] = {}
    baseline: dict[str, float] = {}
    for part in epochs:
        value = math.nan if part["value"] is None else float(part["value"])
        if part["epoch"] == 0:
            baseline[part["name"]] = value
        else:
            rows.setdefault(part["epoch"], {"epoch": part["epoch"], "fit": part["fit"]})[part["name"]] = value
    return History([rows[epoch] for epoch in sorted(rows)], baseline=baseline) if rows else None


def finite(value: float | None) -> float | None:
    """NULL for what is not finite, and no -0.0: the databases disagree about both."""
    return None if value is None or not math.isfinite(value) else float(value) + 0.0


def to_text(value: Any) -> str:
    """JSON with sorted keys."""
    return str(clean(json.dumps(value, sort_keys=True, default=str)))


def clean(value: Any) -> Any:
    """A text without what no database takes: NUL, and halves of characters."""
    if not isinstance(value, str):
        return value
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
