"""One sentence on what to try next, from what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from spoton._run import Run
from spoton.tables._leaderboard import RANKING, leaderboard

ENDS = ("oracle", "mean")
LEVEL = 0.005  # closer than this to the oracle is level with it


def advice(runs: Sequence[Run], board: pd.DataFrame | None = None) -> str:
    """What the runs suggest to try next, on the first task; says no more than was measured.

    `board` is their leaderboard, where somebody has it already.
    """
    board = leaderboard(runs) if board is None else board
    if board.empty:
        return ""
    good = board[(board["seeds"] > 0) & ~board["learner"].isin(ENDS)]
    if good.empty:
        failed = board[board["status"] == "failed"]
        if len(failed):
            return f"Nothing finished: {failed['reason'].iloc[0]}"
        return "Only the ends of the scale are here; spoton learners lists what else can take part."
    task = good["task"].iloc[0]
    board = board[(board["task"] == task) & (board["train_size"] == board[board["task"] == task]["train_size"].max())]
    part = board[(board["seeds"] > 0) & ~board["learner"].isin(ENDS)]
    metric = next((name for name in RANKING if part[name].notna().any()), None)
    if metric is None:
        return f"On {task}, too few rows validate to say anything; give more rows."
    mean = board[board["learner"] == "mean"]
    if metric != "accuracy" and len(mean):
        # a learner that hits some answers and explodes on others is no best one
        part = part[part["r2"] > max(0.0, mean["r2"].iloc[0])]
        if part.empty:
            return (
                f"On {task}, nothing beats the mean answer; try scaled answers (+ynorm), other features, or more rows."
            )
    return _of_best(str(task), board, part, metric)


def _of_best(task: str, board: pd.DataFrame, part: pd.DataFrame, metric: str) -> str:
    # among equals one that needs no features made for it, then the quicker one
    part = part.assign(given=part["learner"].str.contains("@"))
    best = part.sort_values([metric, "given", "fit_seconds"], ascending=[False, True, True]).iloc[0]
    plain = part[~part["learner"].str.contains("@")]
    if "@" in str(best["learner"]) and len(plain):
        without = plain.sort_values(metric, ascending=False).iloc[0]
        if best[metric] - without[metric] > 0.1:
            return (
                f"On {task}, {best['learner']} reaches {_say(metric, best)}, the best without given features "
                f"({without['learner']}) {_say(metric, without)}: the features make the difference"
                + _again(best, "so see how few rows they need")
            )
    oracle = board[(board["learner"] == "oracle") & (board["seeds"] > 0)]
    top = oracle[metric].iloc[0] if len(oracle) else 1.0
    if abs(top - best[metric]) < LEVEL:
        level = "level with the oracle" if len(oracle) else "as good as can be"
        return f"On {task}, {best['learner']} is {level}" + _again(best, "see how few rows it needs")
    return f"On {task}, the best is {best['learner']} with {_say(metric, best)}" + _again(
        best, "see by how much fewer rows hurt, and so whether more would help"
    )


def _again(line: pd.Series, why: str) -> str:
    """The command with an eighth, a quarter, a half of the rows; own data is named by the options that named it."""
    size = int(line["train_size"])
    if size < 16:
        return "."
    sizes = ",".join(str(size // share) for share in (8, 4, 2))
    options = f"--learners {_quoted(str(line['learner']))} --train-size {sizes}"
    command = f"add {options}" if line["own"] else f"spoton bench {_quoted(str(line['task']))} {options}"
    return f"; {why}: {command}"


def _say(metric: str, line: pd.Series) -> str:
    if metric == "hit":
        return f"the exact answer in {100 * line[metric]:.0f} %"
    if metric == "accuracy":
        return f"an accuracy of {100 * line[metric]:.0f} %"
    return f"an R2 of {line[metric]:.3f}"


def _quoted(name: str) -> str:
    return f"'{name}'" if set(name) & set("?&*") else name
