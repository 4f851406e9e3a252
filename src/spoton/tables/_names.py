"""Cells that have one name and are not the same get names that say in what they differ."""

from __future__ import annotations

from collections.abc import Sequence

from spoton._run import Run


def tell_apart(runs: Sequence[Run]) -> None:
    """Two cells of one name differ in epochs that were asked for, or in an estimator's parameters: names say it.

    Args:
        runs: the newest of each cell; their `learner` is changed where two cells would have one name.
    """
    held: dict[tuple[str, int | None, str], list[Run]] = {}
    for run in runs:
        held.setdefault((run.task, run.train_size, run.learner), []).append(run)
    for same in held.values():
        if len({(run.asked_epochs, run.details, run.asked_train_size) for run in same}) < 2:
            continue
        for run in same:
            parts = [f"{run.asked_epochs} epochs"] if run.asked_epochs is not None else []
            parts += [f"parameters {run.details[:6]}"] if run.details else []
            parts += ["all rows asked for"] if run.asked_train_size is not None and _unlike(same) else []
            run.learner = " · ".join([run.learner, *parts])


def _unlike(runs: Sequence[Run]) -> bool:
    """Whether some asked for that number of rows, and others got it as all that there are."""
    return len({run.asked_train_size for run in runs}) > 1
