"""The leaderboard as the page shows it; its figures and their order are those of `spoton.tables`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from spoton import metrics
from spoton._run import Run
from spoton.tables import leaderboard, tell_apart
from spoton.tables._leaderboard import RANKING
from spoton.tables._render import COLUMNS, ENDS

WORDS = {
    "r2": "R² on validation rows: 1 is perfect, 0 is the mean answer",
    "recorded_r2": "R² as recorded in 2020",
    "dist_avg": "mean distance in pixels",
    "recorded_dist": "mean distance as recorded in 2020, in pixels",
    "hit": "share of rows whose every answer is exact after rounding, %",
    "hit1": "share of rows whose every point is within one pixel, %",
    "accuracy": "share of classes named right, %",
    "test_hit": "hits on the test rows, %",
    "test_accuracy": "accuracy on the test rows, %",
    "support_precision": "of the columns that the learner uses, the share that decides, %",
    "support_recall": "of the columns that decide, the share that the learner uses, %",
    "fit_seconds": "seconds to fit, on one thread",
    "parameters": "learned numbers",
}
LOW = ("dist_avg", "recorded_dist", "fit_seconds", "parameters")  # columns in which less is better


@dataclass(frozen=True)
class Column:
    """One column of figures: its key in `spoton.tables.leaderboard`, heading, meaning, and direction."""

    key: str
    heading: str
    about: str
    up: bool


@dataclass(frozen=True)
class Figure:
    """One figure as it is shown: the mean, its spread, and the number to sort by."""

    text: str
    spread: str
    value: float | None


@dataclass
class Line:
    """A learner on a task: one row of the leaderboard.

    Attributes:
        learner: its name, and what tells it from another of that name.
        figures: one a column.
        seeds: how many succeeded.
        bad: how many did not.
        reason: of the first that did not.
        runs: all of them by seed, the newest of each.
        best, worst: ids among those that succeeded, by what ranks the task; the first run where none did.
        by: what ranks the task.
    """

    task: str
    size: int | None
    learner: str
    figures: list[Figure]
    seeds: int
    bad: int
    status: str
    reason: str
    labels: bool
    end: str
    note: str
    runs: list[Run]
    best: str
    worst: str
    by: str
    place: int = 0


@dataclass
class Group:
    """All learners on one task with one number of training rows, the best first."""

    task: str
    size: int | None
    seeds: int
    ceiling: str
    by: str
    lines: list[Line] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What stands beside the task's name."""
        rows = "" if self.size is None else f"trained on {self.size:,} rows"
        seeds = "" if self.seeds < 2 else f"mean ± sd over {self.seeds} seeds"
        return ", ".join(part for part in (rows, seeds) if part)


@dataclass(frozen=True)
class Board:
    """The whole leaderboard."""

    columns: list[Column]
    groups: list[Group]

    @property
    def lines(self) -> list[Line]:
        """All rows in order."""
        return [line for group in self.groups for line in group.lines]


def board(runs: Sequence[Run]) -> Board:
    """The leaderboard of these runs.

    Args:
        runs: the newest of each cell. Their `learner` is changed where two cells would have one name.
    """
    tell_apart(runs)
    table = leaderboard(runs)
    if table.empty:
        return Board([], [])
    shown = [column for column in COLUMNS if column[0] in table and table[column[0]].notna().any()]
    columns = [Column(key, heading, WORDS.get(key, ""), key not in LOW) for key, heading, _ in shown]
    peers: dict[tuple[str, int, str], list[Run]] = {}
    for run in runs:
        peers.setdefault((run.task, _whole(run.train_size), run.learner), []).append(run)
    groups: dict[tuple[str, int], Group] = {}
    ranked = _ranked_by(table)
    for record in table.to_dict("records"):
        size = _whole(record["train_size"])
        key = (str(record["task"]), size)
        if key not in groups:
            groups[key] = Group(key[0], None if size < 0 else size, 0, str(record["ceiling"]), ranked[key])
        group = groups[key]
        group.seeds = max(group.seeds, int(record["seeds"]))
        same = sorted(peers[*key, str(record["learner"])], key=lambda run: run.seed)
        group.lines.append(_line(record, shown, same, group.by, len(group.lines)))
    for group in groups.values():
        _clear(group)
    return Board(columns, list(groups.values()))


def _clear(group: Group) -> None:
    """A column that no learner of a task has a figure in is empty there; a dash says that one has none."""
    for place in range(len(group.lines[0].figures)):
        if all(line.figures[place].value is None for line in group.lines):
            for line in group.lines:
                line.figures[place] = Figure("", "", None)


def _line(record: dict[Any, Any], shown: list[Any], runs: list[Run], by: str, place: int) -> Line:
    figures = []
    for key, _, write in shown:
        value, sd = float(record[key]), record.get(f"{key}_sd")
        text, _, spread = write(value, None if sd is None else float(sd)).partition(" ±")
        figures.append(Figure(text.replace("-", "−") or "–", spread, None if value != value else value))
    if not record["seeds"]:
        figures = [Figure("–", "", None) for _ in shown]
    good = sorted((run for run in runs if run.status == "ok"), key=lambda run: -_rank(run, by))
    name = str(record["learner"])
    return Line(
        task=str(record["task"]),
        size=None if _whole(record["train_size"]) < 0 else _whole(record["train_size"]),
        learner=name,
        figures=figures,
        seeds=int(record["seeds"]),
        bad=len(runs) - len(good),
        status=str(record["status"]),
        reason=str(record["reason"]),
        labels=bool(record["uses_labels"]),
        end=name if name in ENDS else "",
        note=str(record["recorded_note"]),
        runs=runs,
        best=(good or runs)[0].id,
        worst=(good or runs)[-1].id,
        by=by,
        place=place,
    )


def _ranked_by(table: pd.DataFrame) -> dict[tuple[str, int], str]:
    """What decides the order of each group: the first of `RANKING` that it has."""
    found = {}
    for (task, size), part in table.groupby(["task", "train_size"], sort=False, dropna=False):
        found[str(task), _whole(size)] = next((name for name in RANKING if part[name].notna().any()), "r2")
    return found


def _rank(run: Run, by: str) -> float:
    value = run.metrics.get("valid", {}).get(by)
    return float("-inf") if value is None or value != value else value


def _whole(size: Any) -> int:
    """-1 stands for a size that is not known."""
    return -1 if size is None or size != size else int(size)


def meanings() -> dict[str, dict[str, Any]]:
    """What the page says of metrics."""
    return {
        m.name: {"unit": m.unit, "up": m.greater_is_better, "about": m.about} for m in metrics.all_metrics().values()
    }
