"""One sentence on what to try next, from what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from spoton._run import Run
from spoton.tables._leaderboard import RANKING, leaderboard

ENDS = ("oracle", "mean")


def advice(runs: Sequence[Run]) -> str:
    """What the runs suggest to try next; says no more than was measured."""
    board = leaderboard(runs)
    if board.empty:
        return ""
    failed = board[board["status"] == "failed"]
    good = board[(board["seeds"] > 0) & ~board["learner"].isin(ENDS)]
    if good.empty:
        return (
            f"Nothing finished: {failed['reason'].iloc[0]}"
            if len(failed)
            else "Only the ends of the scale are here; spoton learners lists more."
        )
    task = str(good["task"].iloc[0])
    part = good[good["task"] == task]
    metric = next((name for name in RANKING if part[name].notna().any()), None)
    if metric is None:
        return f"On {task}, too few rows validate to say anything; give more rows."
    best = part.sort_values(metric, ascending=False).iloc[0]
    plain = part[~part["learner"].str.contains("@")]
    if "@" in str(best["learner"]) and len(plain):
        without = plain.sort_values(metric, ascending=False).iloc[0]
        if best[metric] - without[metric] > 0.1:
            return (
                f"On {task}, {best['learner']} reaches {_say(metric, best)}, the best without given features "
                f"({without['learner']}) {_say(metric, without)}: the features make the difference, so see how few "
                f"rows they need: {_again(best, _part_sizes(best))}"
            )
    oracle = board[(board["learner"] == "oracle") & (board["task"] == task) & (board["seeds"] > 0)]
    top = oracle[metric].iloc[0] if len(oracle) else 1.0
    if top - best[metric] < 0.005:
        level = "level with the oracle" if len(oracle) else "as good as can be"
        return f"On {task}, {best['learner']} is {level}; see how few rows it needs: {_again(best, _part_sizes(best))}"
    return (
        f"On {task}, the best is {best['learner']} with {_say(metric, best)}; see whether more rows would help, "
        f"by how much fewer hurt: {_again(best, _part_sizes(best))}"
    )


def _part_sizes(line: pd.Series) -> str:
    """An eighth, a quarter, a half of the training rows."""
    size = int(line["train_size"])
    return ",".join(str(part) for part in dict.fromkeys(max(2, size // share) for share in (8, 4, 2)) if part <= size)


def _again(line: pd.Series, sizes: str) -> str:
    """The command with other sizes; the user's own data is named by the options that named it."""
    options = f"--learners {_quoted(str(line['learner']))} --train-size {sizes}"
    task = str(line["task"])
    return f"spoton bench {_quoted(task)} {options}" if not line["own"] else f"add {options}"


def _say(metric: str, line: pd.Series) -> str:
    if metric == "hit":
        return f"the exact answer in {100 * line[metric]:.0f} %"
    if metric == "accuracy":
        return f"an accuracy of {100 * line[metric]:.0f} %"
    return f"an R2 of {line[metric]:.3f}"


def _quoted(name: str) -> str:
    return f"'{name}'" if set(name) & set("?&*") else name
