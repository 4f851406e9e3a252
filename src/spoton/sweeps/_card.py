"""A sweep in a notebook: the best trials, and what the choice is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spoton import _html

if TYPE_CHECKING:
    from spoton.sweeps._result import Sweep

MOST = 8  # trials


def html(sweep: Sweep) -> str:
    """The best trials by the metric that chose, and that metric on the rows that had no say in it."""
    plan, ranked = sweep.plan, sweep.ranked()
    rows = [[row.number, row.learner, row.value] for row in ranked[:MOST]]
    chosen = sweep.best.learner if sweep.best else "none: no trial was completed"
    facts: dict[str, object] = {
        "trials": f"{len(sweep.trials)} by {plan.sampler}, {len(ranked)} completed",
        "best": chosen,
    }
    for name in dict.fromkeys(run.learner for run in sweep.report):
        runs = [run for run in sweep.report if run.learner == name]
        values = [run.metrics.get("valid", {}).get(plan.metric) for run in runs]
        found = [value for value in values if value is not None]
        if found:
            mean = sum(found) / len(found)
            facts[f"{plan.metric} of {name}"] = f"{mean:.4g} on {len(found)} seeds that chose nothing"
    body = _html.table(("trial", "learner", plan.metric), rows) if rows else ""
    return _html.card(f"{plan.family.name} on {plan.task.name}", "", facts, body)
