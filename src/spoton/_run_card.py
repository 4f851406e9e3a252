"""A run in a notebook: its figures, a column a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spoton import _html

if TYPE_CHECKING:
    from spoton._run import Run

MOST = 24  # metrics
SPLITS = ("train", "valid", "test")


def html(run: Run) -> str:
    """What was scored, and what it took."""
    splits = sorted(run.metrics, key=lambda split: (split not in SPLITS, split))
    names = list(dict.fromkeys(name for split in splits for name in run.metrics[split]))
    rows: list[list[object]] = []
    if run.rows_of:
        rows.append(["rows", *(run.rows_of.get(split) for split in splits)])
    rows += [[name, *(run.metrics[split].get(name) for split in splits)] for name in names[:MOST]]
    seconds = None if run.fit_seconds is None else f"{run.fit_seconds:.3g} s"
    facts = {
        "status": run.status if run.status != "ok" else "",
        "why": run.reason,
        "fitted in": seconds,
        "parameters": run.parameters,
        "epochs": run.epochs,
        "ceiling": run.ceiling,
        "warnings": "; ".join(dict.fromkeys(run.notes)),
    }
    body = _html.table(("", *splits), rows) if splits else ""
    return _html.card(f"{run.learner} on {run.task}, seed {run.seed}", "", facts, body)
