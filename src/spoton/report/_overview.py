"""All learners on all tasks at a glance: one figure each, that which ranks the task."""

from __future__ import annotations

from dataclasses import dataclass

from spoton.report._board import Board, Group, Line

MOST = (60, 24)  # learners and tasks: beyond that a glance does not help


@dataclass(frozen=True)
class Cell:
    """The figure of one learner on one task as the leaderboard has it, and the run that it leads to."""

    text: str
    value: float | None
    run: str
    about: str


@dataclass(frozen=True)
class Overview:
    """Tasks across, learners down, those first that are good on the most tasks."""

    groups: list[Group]
    rows: list[tuple[str, list[Cell | None]]]


def overview(board: Board) -> Overview | None:
    """The glance; None where there is one task alone, or too much to be seen at once."""
    names = list(dict.fromkeys(line.learner for line in board.lines))
    if not (1 < len(board.groups) <= MOST[1] and 1 < len(names) <= MOST[0]):
        return None
    keys = [column.key for column in board.columns]
    held = [{line.learner: _cell(line, keys) for line in group.lines} for group in board.groups]
    rows = [(name, [cells.get(name) for cells in held]) for name in names]
    return Overview(board.groups, sorted(rows, key=lambda row: -_standing(row[1])))


def _cell(line: Line, keys: list[str]) -> Cell:
    figure = line.figures[keys.index(line.by)] if line.by in keys else None
    if figure is None or figure.value is None:
        return Cell(line.status if line.bad else "–", None, line.best, line.reason)
    spread = f" ±{figure.spread}" if figure.spread else ""
    return Cell(figure.text, figure.value, line.best, f"{line.by} {figure.text}{spread}, {line.seeds} seeds")


def _standing(cells: list[Cell | None]) -> float:
    """The mean over all tasks; what is missing or worse than nothing counts as 0."""
    values = [0.0 if cell is None or cell.value is None else min(1.0, max(0.0, cell.value)) for cell in cells]
    return sum(values) / len(values)
