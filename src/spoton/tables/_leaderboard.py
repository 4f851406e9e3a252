"""Runs to tables: flat rows, and the leaderboard with mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from spoton import _recorded
from spoton._run import Run

# metric -> what decides the order of a leaderboard, the first that a task has
KEYS = ["task", "train_size", "learner"]  # of a line
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
    counted = [run for run in runs if run.status != "ok" or split in (run.rows_of or ("valid",))]
    if not counted:
        return pd.DataFrame()
    table = _table(counted, split, SHOWN).drop_duplicates([*KEYS, "seed"], ignore_index=True)
    keys = list(zip(table["task"], (_size(size) for size in table["train_size"]), table["learner"], strict=True))
    place = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    table["line"] = [place[key] for key in keys]
    whole, good = table.groupby("line"), table[table["status"] == "ok"].groupby("line")
    bad = table[table["status"] != "ok"].groupby("line")
    lines = {key: whole[key].first() for key in KEYS} | {"seeds": good.size()}
    means, spreads = good[list(SHOWN)].mean(), good[list(SHOWN)].std()
    for name in SHOWN:
        lines |= {name: means[name], f"{name}_sd": spreads[name]}
    tested = _table([run for run in runs if run.status == "ok" and "test" in run.rows_of], "test", RANKING)
    keys = list(zip(tested["task"], (_size(size) for size in tested["train_size"]), tested["learner"], strict=True))
    on_test = tested[list(RANKING)].groupby([place.get(key, -1) for key in keys]).mean()
    lines |= {f"test_{name}": on_test[name] for name in RANKING}
    lines |= {"ceiling": whole["ceiling"].first(), "status": bad["status"].first(), "reason": bad["reason"].first()}
    lines |= {name: whole[name].any() for name in ("uses_labels", "own", "asked")}
    board = pd.DataFrame(lines, index=range(len(place))).fillna({"seeds": 0, "status": "ok", "reason": ""})
    board["seeds"] = board["seeds"].astype(int)
    # a figure of 2020 stands beside the same training, or none
    usual = board.pop("asked").map({True: "", False: None}).fillna(board["task"])
    old = [_of_2020(task, learner, split) for task, learner in zip(usual, board["learner"], strict=True)]
    board = board.join(pd.DataFrame(old))
    return pd.concat(
        [_ranked(part) for _, part in board.groupby(["task", "train_size"], sort=False, dropna=False)],
        ignore_index=True,
    )


def _table(runs: Sequence[Run], split: str, names: Sequence[str]) -> pd.DataFrame:
    """One row a run: what the leaderboard takes of it, its figures on one side as numbers, NaN where there is none."""
    own = ("task", "train_size", "learner", "seed", "status", "reason", "uses_labels", "own", "ceiling")
    held: dict[str, object] = {key: [getattr(run, key) for run in runs] for key in own}
    held["asked"] = [run.asked_train_size is not None or run.asked_epochs is not None for run in runs]
    scores = [run.metrics.get(split, {}) for run in runs]
    for name in names:
        of_run = name in ("fit_seconds", "parameters")
        figures = [getattr(run, name) for run in runs] if of_run else [score.get(name) for score in scores]
        values = np.array(figures, dtype=np.float64)
        held[name] = np.where(np.isfinite(values), values, np.nan)
    return pd.DataFrame(held)


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
