"""What a fit of the table nets costs: the sections `memory` and `seconds` of tables.py.

Seconds are those of the processor, on the tables that take the nets longest. Wall time says little of a machine that
has other work. The time that a process was computing is nearer to what a quiet core takes, though it is too long as
well where others share the caches.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import mean, median
from typing import Any

import torch
from sklearn.base import clone

from measure import Bench as Clock
from measure import peak_bytes
from points_tables import Bench, table
from spoton import evaluate, get_task
from spoton.learners import SpotTable

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


def memory(run: Bench) -> str:
    """8. Peak memory of a fit by the number of columns"""
    torch.set_num_threads(1)
    rows = []
    for superfluous in (1_000, 3_000, 10_000, 30_000):
        data: Any = get_task(f"columns/perfect?superfluous={superfluous}").data()

        def prepare(X: Any = data.X, y: Any = data.y) -> Callable[[], object]:
            learner = SpotTable(epochs=3, random_state=run.seeds[0])
            clone(learner).fit(X.iloc[:, -50:], y)  # imports and sets up
            return lambda: learner.fit(X, y)

        size, peak = data.X.to_numpy().nbytes, peak_bytes(Clock("cpu", 1, 0.0), prepare)
        rows.append((data.X.shape[1], f"{size / 1e6:.0f}", f"{peak / 1e6:.0f}", f"{peak / size:.1f}"))
    text = (
        "`spottable?epochs=3` on `columns/perfect`, 700 rows in float64; of the fit alone, beyond the table itself.\n\n"
    )
    return text + table("columns | table, MB | fit, MB | times the table", rows)
