"""Runs to tables: flat rows, and the leaderboard with mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from spoton import _recorded
from spoton._run import Run

# metric -> what decides the order of a leaderboard, the first that a task has
RANKING = ("hit", "accuracy", "r2")
SHOWN = (
    *("r2", "mse", "dist_avg", "hit", "hit1", "accuracy", "support_precision", "support_recall", "coef_error"),
    *("fit_seconds", "parameters"),
)


def rows(runs: Sequence[Run]) -> pd.DataFrame:
    """One row a (task, learner, seed, train_size, split), as `spoton bench --json` writes them."""
    return pd.DataFrame([row for run in runs for row in run.rows()])


def leaderboard(runs: Sequence[Run], split: str = "valid") -> pd.DataFrame:
    """One row a (task, train_size, learner), the best first within each task.

    Columns: for each of `SHOWN` its mean, and `<name>_sd` (sample standard deviation over seeds, NaN for one seed);
    `seeds` that succeeded, `status` and `reason` of the others, `test_*` on the test rows where there are some,
    `recorded_r2` and `recorded_dist` (pixels) of 2020, and what is to be said about those (`recorded_note`).
    """
    table = rows(runs)
    if len(table):
        each = [run for run in runs for _ in run.rows()]
        table["own"] = [run.own for run in each]
        table["ceiling"] = [run.ceiling for run in each]
        table["asked"] = [run.asked_train_size is not None or run.asked_epochs is not None for run in each]
    if table.empty:
        return table
    tested = table[(table["split"] == "test") & (table["status"] == "ok")]
    table = table[(table["split"] == split) | (table["status"] != "ok")].drop_duplicates(
        ["task", "train_size", "learner", "seed"], ignore_index=True
    )
    lines = []
    for (task, size, learner), group in table.groupby(["task", "train_size", "learner"], sort=False, dropna=False):
        good = group[group["status"] == "ok"]
        line = {"task": task, "train_size": size, "learner": learner, "seeds": len(good)}
        for name in SHOWN:
            values = pd.to_numeric(good[name])
            line[name], line[f"{name}_sd"] = values.mean(), values.std()
        same = tested[
            (tested["task"] == task) & (tested["learner"] == learner) & (tested["train_size"].fillna(-1) == _size(size))
        ]
        for name in RANKING:
            line[f"test_{name}"] = pd.to_numeric(same[name]).mean() if len(same) else float("nan")
        line["ceiling"] = str(group["ceiling"].iloc[0])
        bad = group[group["status"] != "ok"]
        line["status"] = "ok" if bad.empty else str(bad["status"].iloc[0])
        line["reason"] = "" if bad.empty else str(bad["reason"].iloc[0])
        line["uses_labels"] = bool(group["uses_labels"].any())
        line["own"] = bool(group["own"].any())
        # a figure of 2020 stands beside the same training, or none
        usual = not group["asked"].any()
        lines.append(line | _of_2020(str(task) if usual else "", str(learner), split))
    board = pd.DataFrame(lines)
    return pd.concat(
        [_ranked(part) for _, part in board.groupby(["task", "train_size"], sort=False, dropna=False)],
        ignore_index=True,
    )


def _size(size: object) -> float:
    text = str(size)
    return -1.0 if text in ("nan", "None", "<NA>") else float(text)


def _ranked(part: pd.DataFrame) -> pd.DataFrame:
    by = next((name for name in RANKING if part[name].notna().any()), "r2")
    keys = [by] if by == "r2" else [by, "r2"]
    first = part.sort_values("learner", key=lambda names: names != "oracle", kind="stable")  # it wins every tie
    return first.sort_values(keys, ascending=False, kind="stable", na_position="last")


def _of_2020(task: str, learner: str, split: str) -> dict[str, object]:
    row = _recorded.find(task, learner, split)
    if row is None:
        return {"recorded_r2": float("nan"), "recorded_dist": float("nan"), "recorded_note": ""}
    notes = [
        text for text, flag in (("x and y swapped", row["swapped"]), ("pairs scrambled", row["scrambled"])) if flag
    ]
    return {
        "recorded_r2": float(row["r2"]),
        "recorded_dist": float(row["dist_avg"]) * _recorded.PX,
        "recorded_note": f"{row['model']}, {row['details']}" + (f" ({'; '.join(notes)})" if notes else ""),
    }
