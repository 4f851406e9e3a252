"""The leaderboard in the terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import pandas as pd
from rich.console import Group
from rich.table import Table
from rich.text import Text

from spoton._run import Run
from spoton.tables._leaderboard import leaderboard

LONGEST = 60  # characters of a learner's name
ENDS = {"oracle": "green", "mean": "red"}  # the two ends of the scale


def render(
    runs: Sequence[Run], split: str = "valid", *, spread: bool = True, board: pd.DataFrame | None = None
) -> Iterator[Group]:
    """For each task and train size a heading, a table and the notes below it; without spreads it fits 80 columns.

    `board` is their leaderboard, where somebody has it already.
    """
    board = leaderboard(runs, split) if board is None else board
    if board.empty:
        return
    for (task, size), part in board.groupby(["task", "train_size"], sort=False, dropna=False):
        yield _table(str(task), float(str(size)), part, split, spread)


def _table(task: str, size: float, part: pd.DataFrame, split: str, spread: bool) -> Group:
    seeds = int(part["seeds"].max())
    trained = "" if math.isnan(size) else f", trained on {int(size)} rows"
    over = f", mean{' ± sd' if spread else ''} over {seeds} seeds" if seeds > 1 else ""
    title = Text.assemble((task, "bold"), (f"  {split}{trained}{over}", "dim"))
    table = Table(header_style="bold", pad_edge=False, box=None, padding=(0, 1))
    columns = [c for c in COLUMNS if c[0] in part and part[c[0]].notna().any()]
    table.add_column("learner", overflow="fold")  # this one alone gives way where the terminal is narrow
    for _, heading, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for _, line in part.iterrows():
        learner = str(line["learner"])
        name = Text(shortened(learner) + (" *" if line["uses_labels"] else ""), ENDS.get(learner, ""))
        if line["seeds"] == 0:
            # the reason is longer than any column: it stands below the table
            table.add_row(Text(shortened(learner), "dim"), *["–"] * len(columns))
            continue
        table.add_row(
            name, *[write(line[key], line.get(f"{key}_sd", None) if spread else None) for key, _, write in columns]
        )
    notes = [f"{r['learner']} {r['status']}: {r['reason']}" for _, r in part.iterrows() if r["reason"]]
    if not spread and seeds > 1:
        notes.append("a terminal of 105 columns shows the spread as well")
    if ceiling := str(part["ceiling"].iloc[0]):
        notes.append(f"ceiling: {ceiling}")
    if part["support_recall"].notna().any():
        notes.append("prec, recall: of the columns that decide the answer, among those that a learner uses")
    if part["uses_labels"].any():
        notes.append("* was told the labels")
    if part["recorded_note"].str.contains("scrambled").any():
        notes.append("2020: scikit-learn rows were scored on wrongly paired coordinates (see spoton recorded)")
    if part["recorded_note"].str.contains("ResNet18").any():
        notes.append("2020: ResNet18 was pretrained, and trained for 90 epochs more")
    if part["recorded_note"].str.contains("swapped").any():
        notes.append("2020: x and y of center were swapped")
    return Group(title, table, *[Text(note, "dim") for note in notes])


def shortened(name: str) -> str:
    """A name without its middle where it is long, as those of changes that `why` has tried: figures need the room.

    Example:
        >>> shortened("ridge, divide all answers by one number in training: each keeps its weight in the loss")
        'ridge, divide all answers by … keeps its weight in the loss'
    """
    if len(name) <= LONGEST:
        return name
    half = (LONGEST - 3) // 2
    return f"{name[:half].rstrip()} … {name[-half:].lstrip()}"


def r2_text(value: float, sd: float | None = None) -> str:
    """An R2; close to 1 it shows how close."""
    if math.isnan(value):
        return "–"
    if value == 1:
        text = "1"
    elif value > 0.9995:
        text = f"1 - {1 - value:.0e}".replace("e-0", "e-")
    elif value < -99:
        text = f"{value:.1e}".replace("e+0", "e").replace("e+", "e")
    else:
        text = f"{value:.3f}"
    return text + _spread(sd, "{:.3f}" if value < 0.9995 and value > -99 else "")


def _spread(sd: float | None, form: str) -> str:
    if sd is None or math.isnan(sd) or not form:
        return ""
    return f" ±{form.format(sd)}".replace("±0.", "±.") if sd < 1 else f" ±{sd:.1f}"


Writer = Callable[[float, "float | None"], str]


def _number(form: str) -> Writer:
    def write(value: float, sd: float | None = None) -> str:
        if math.isnan(value):
            return "–"
        return f"{form.format(value)}{_spread(sd, form)}" if abs(value) < 1e5 else f"{value:.1e}"

    return write


def _percent(value: float, sd: float | None = None) -> str:
    if math.isnan(value):
        return "–"
    spread = "" if sd is None or math.isnan(sd) else f" ±{100 * sd:.1f}"
    return f"{100 * value:.1f}{spread}"


def _seconds(value: float, sd: float | None = None) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _count(value: float, sd: float | None = None) -> str:
    if math.isnan(value):
        return "–"
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.0f}"


def _plain_r2(value: float, sd: float | None = None) -> str:
    return "" if math.isnan(value) else r2_text(value)


def _plain_distance(value: float, sd: float | None = None) -> str:
    return "" if math.isnan(value) else f"{value:.2f}"


# key of the leaderboard, heading, how to write it
COLUMNS: list[tuple[str, str, Writer]] = [
    ("r2", "R2", r2_text),
    ("recorded_r2", "2020", _plain_r2),
    ("dist_avg", "dist px", _number("{:.2f}")),
    ("recorded_dist", "2020", _plain_distance),
    ("hit", "hit %", _percent),
    ("hit1", "≤1px %", _percent),
    ("accuracy", "acc %", _percent),
    ("test_hit", "test hit %", _percent),
    ("test_accuracy", "test acc %", _percent),
    ("support_precision", "prec %", _percent),
    ("support_recall", "recall %", _percent),
    ("fit_seconds", "fit s", _seconds),
    ("parameters", "params", _count),
]
