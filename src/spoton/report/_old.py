"""The figures of 2020 beside those of the leaderboard."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spoton import _recorded
from spoton.report._board import Board, Line
from spoton.tables._render import r2_text

TASKS = ("pnist/topleft", "pnist/center")


@dataclass(frozen=True)
class Old:
    """One learner of 2020: texts, ready to be shown."""

    task: str
    learner: str
    model: str
    r2_then: str
    r2_now: str
    px_then: str
    px_now: str
    faults: str
    run: str = ""


def beside(board: Board) -> list[Old]:
    """All pairs of `spoton._recorded` on the tasks that the board has; new figures are those of the board."""
    there = {group.task for group in board.groups}
    rows = []
    for task in TASKS:
        if task not in there:
            continue
        lines = [line for line in board.lines if line.task == task and line.note]
        known = {line.learner for line in lines}
        # those that the store has first, then what else was recorded
        rows += [_old(task, line.learner, *_now(board, line), line.best) for line in lines]
        others = [name for name, _, _ in _recorded.PAIRS if name not in known and not _long(name, known)]
        rows += [_old(task, name, "–", "–") for name in others if _recorded.find(task, name) is not None]
    return rows


def _long(name: str, known: set[str]) -> bool:
    """A net that is there with parameters of its own."""
    return name in _recorded.LONG and any(other.partition("?")[0] == name for other in known)


def _now(board: Board, line: Line) -> tuple[str, str]:
    found = dict(zip((column.key for column in board.columns), line.figures, strict=True))
    texts = []
    for key in ("r2", "dist_avg"):
        figure = found.get(key)
        spread = f" ±{figure.spread}" if figure is not None and figure.spread else ""
        texts.append("–" if figure is None else figure.text + spread)
    return texts[0], texts[1]


def _old(task: str, learner: str, r2: str, px: str, run: str = "") -> Old:
    row = _recorded.find(task, learner)
    if row is None:
        return Old(task, learner, "", "–", r2, "–", px, "", run)
    faults = [word for word in ("scrambled", "swapped") if row[word]]
    distance = float(row["dist_avg"]) * _recorded.PX
    return Old(
        task,
        learner,
        f"{row['model']}, {row['details']}",
        r2_text(float(row["r2"])).replace("-", "−"),
        r2,
        "–" if math.isnan(distance) else f"{distance:.2f}",
        px,
        ", ".join(faults),
        run,
    )
