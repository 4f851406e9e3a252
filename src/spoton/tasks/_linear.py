"""Linear laws of many columns: `linear/dense`, in which every column counts and none can be left out.

The counterpart of the sparse `columns/*`. What makes such a law hard for gradient descent is the condition number of
its columns: the ratio of the longest to the shortest axis of their cloud. The answer is exact for any of them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from spoton.errors import UsageError
from spoton.tasks._family import Option, TaskFamily, real, whole
from spoton.tasks._finish import OPTIONS, SEED, Table, check, finish, noise_ceiling, with_superfluous
from spoton.tasks._oracles import ColumnsOracle
from spoton.tasks._task import Loaded, Task

ROWS, INTERCEPT = 700, 10.0


def dense(columns: int, condition: float, superfluous: int | None, rows: int | None) -> Table:
    """y = 10 + X w, with weights of either sign between 0.5 and 1.5 in size.

    X has normal scores with singular values in a geometric row from 1 to 1 / `condition`, turned at random, so that the
    columns hang together. The condition number is that of all rows, about their mean; those of the training side, and
    of columns that are standardised, are near it.
    """
    rows = rows or ROWS
    if rows <= columns:
        raise UsageError(f"rows={rows} is not possible: a law of {columns} columns needs {columns + 1} rows or more")
    random = np.random.RandomState(SEED)
    scores = random.normal(size=(rows, columns))
    basis, _ = np.linalg.qr(scores - scores.mean(axis=0))
    turn, _ = np.linalg.qr(random.normal(size=(columns, columns)))
    X = np.sqrt(rows) * basis * np.geomspace(1, 1 / condition, columns) @ turn.T
    weights = random.uniform(0.5, 1.5, size=columns) * random.choice([-1, 1], size=columns)
    frame = pd.DataFrame(X, columns=_support(columns))
    return with_superfluous(frame, superfluous), pd.DataFrame({"y": X @ weights + INTERCEPT}), _support(columns), ()


def _support(columns: int) -> tuple[str, ...]:
    return tuple(f"x{i}" for i in range(columns))


def load(values: dict[str, Any]) -> Loaded:
    """The data of one task."""
    return finish(dense(*(values[key] for key in ("columns", "condition", "superfluous", "rows"))), values)


def make(name: str, member: str, values: dict[str, Any]) -> Task:
    """Build `linear/dense`."""
    check(values)
    support = _support(values["columns"])
    return Task(
        name=name,
        about=FAMILY.members[member],
        load=partial(load, values),
        kind="number",
        make_oracle=partial(ColumnsOracle, support),
        ceiling=noise_ceiling(values["noise"]) if values["noise"] else "",
        train=values["train"],
        support=support,
    )


FAMILY = TaskFamily(
    name="linear",
    about="linear laws of many columns, all of which count",
    members={"dense": "20 columns, the answer an exact linear law of all of them"},
    make=make,
    options=OPTIONS
    | {
        "columns": Option(whole(1, 10_000), 20, "number of columns that decide"),
        "condition": Option(real(1, 1e6), 1.0, "condition number of the columns about their mean"),
    },
)
