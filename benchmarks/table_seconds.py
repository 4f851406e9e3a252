"""CPU seconds of the table nets on the tables that take them longest: the section `seconds` of tables.py.

Wall time says little of a machine that has other work. The time that a process was computing is nearer to what a quiet
core takes, though it is too long as well where others share the caches.
"""

from __future__ import annotations

import time
from statistics import mean, median

from points_tables import Bench, table
from spoton import evaluate

TASKS = ("real/fair", "friedman1?superfluous=795", "california-like", "steps")
LEARNERS = ("spottable-ladder", "spottable", "lightgbm")
COUNT = 3  # seeds, from the first
FIRST = "columns/perfect"  # run before all others, unmeasured: it imports what they need


def cpu_seconds(run: Bench) -> str:
    """9. CPU seconds of a fit, where fits take longest"""
    for learner in LEARNERS:
        evaluate(learner, FIRST, seed=run.seeds[0])
    rows = []
    for task in TASKS:
        for learner in LEARNERS:
            seconds, scores = [], []
            for seed in run.seeds[:COUNT]:
                start = time.process_time()
                done = evaluate(learner, task, seed=seed)
                seconds.append(time.process_time() - start)
                scores.append(done.metrics["valid"]["r2"])
            spent = f"{median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"
            reached = f"{mean(scores):.4f} ({min(scores):.4f} to {max(scores):.4f})"
            rows.append((f"`{task}`", f"`{learner}`", spent, reached))
            print(*rows[-1], flush=True)
    text = "Time that the process was computing, of the fit, and with it of reading the table and of all answers.\n\n"
    return text + table("task | learner | median CPU s (least to most) | mean R2 (worst to best)", rows)
