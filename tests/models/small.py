"""Small tasks of every kind, on which any learner is fitted in a moment."""

from __future__ import annotations

from functools import cache

import numpy as np

from spoton import Task, get_task


@cache
def images(name: str = "pnist/topleft", rows: int = 24) -> Task:
    """The first images of a task."""
    data = get_task(name).data()
    labels = None if data.labels is None else data.labels[:rows]
    return Task.from_arrays("small", np.asarray(data.X)[:rows], data.y[:rows], labels)


@cache
def table(name: str = "friedman1", rows: int = 60) -> Task:
    """The first rows of a table."""
    data = get_task(name).data()
    return Task.from_table(data.X.join(data.y)[:rows], list(data.y.columns), "small")
