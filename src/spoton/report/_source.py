"""Reads from a store what a report needs: little of every run, and all of those that get a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, column, func, select, table

from spoton._run import Run
from spoton.report._pictures import PNG
from spoton.store import Store, _reading
from spoton.store._schema import ARTIFACTS, COMMON, METRICS, RUNS
from spoton.tables._leaderboard import RANKING, SHOWN
from spoton.why._keep import NAME

NARROW = (
    *("uuid", "task", "learner", "details", "seed", "train_size", "asked_train_size", "asked_epochs", "status"),
    *("reason", "uses_labels", "own", "ceiling", "fit_seconds", "parameters", "version", "finished"),
)
# what the leaderboard asks of each side; train is not on it
SIDES = {"valid": tuple(name for name in COMMON if name in SHOWN), "test": RANKING}
APART = tuple(name for name in SHOWN if name not in (*COMMON, "fit_seconds", "parameters"))
LOT = 200


@dataclass(frozen=True)
class Stored:
    """Of the newest runs of each cell what the leaderboard takes, and how many runs the store has in all."""

    runs: list[Run]
    total: int


@dataclass(frozen=True)
class Mark:
    """Changes whenever the store has other runs, or other diagnoses and pictures (how many, and their bytes)."""

    runs: int
    newest: int
    beside: tuple[int, int]


def mark(store: Store) -> Mark:
    """Of the store as it is now; quick, however many runs there are."""
    with store.reading() as connection:
        count, newest = connection.execute(select(func.count(), func.max(RUNS.c.id)).select_from(RUNS)).one()
        size = func.sum(func.length(ARTIFACTS.c.data))
        shown = (ARTIFACTS.c.name == NAME) | (ARTIFACTS.c.media_type == PNG)
        found, held = connection.execute(select(func.count(), size).where(shown)).one()
    return Mark(int(count), int(newest or 0), (int(found), int(held or 0)))


def newest(store: Store, tasks: Sequence[str] = ()) -> Stored:
    """The newest run of each cell, with the figures of the leaderboard alone: no histories, no predictions.

    Args:
        store: to read.
        tasks: of these only; all by default.
    """
    view = table("newest", column("id"))
    scores = [(side, name) for side, names in SIDES.items() for name in names]
    wanted = [RUNS.c.id, *(RUNS.c[name] for name in NARROW), *(RUNS.c[f"{side}_{name}"] for side, name in scores)]
    query: Select[Any] = select(*wanted).where(RUNS.c.id.in_(select(view.c.id))).order_by(RUNS.c.id)
    if tasks:
        query = query.where(RUNS.c.task.in_(tasks))
    apart = select(METRICS.c.run, METRICS.c.name, METRICS.c.value).where(
        METRICS.c.name.in_(APART), METRICS.c.split == "valid"
    )
    first = 1 + len(NARROW)
    runs: dict[int, Run] = {}
    with store.reading() as connection:
        total = int(connection.execute(select(func.count()).select_from(RUNS)).scalar_one())
        for row in connection.execute(query):
            held = dict(zip(NARROW, row[1:first], strict=True))
            held["id"] = held.pop("uuid")
            metrics: dict[str, dict[str, float]] = {"valid": {}}
            for (side, name), value in zip(scores, row[first:], strict=True):
                if value is not None:
                    metrics.setdefault(side, {})[name] = value
            for key in ("uses_labels", "own"):
                held[key] = bool(held[key])
            if held["parameters"] is not None:  # a count, in a column of floats
                held["parameters"] = int(_reading.number(row[0], held["parameters"]))
            runs[row[0]] = Run(**held, metrics=metrics, rows_of=dict.fromkeys(metrics, 0), started="")
            _reading.check(row[0], runs[row[0]])
        for key, name, value in connection.execute(apart):
            if key in runs and value is not None:
                runs[key].metrics["valid"][name] = _reading.number(key, value)
    return Stored(list(runs.values()), total)


def whole(store: Store, ids: Sequence[str]) -> Iterator[Run]:
    """These runs with all that is kept of them, in the order of the ids, some at a time."""
    for start in range(0, len(ids), LOT):
        lot = ids[start : start + LOT]
        with store.reading() as connection:
            query = select(RUNS).where(RUNS.c.uuid.in_(lot))
            found = {run.id: run for _, run in _reading.runs(connection, query, predictions=True)}
        yield from (found[name] for name in lot if name in found)
