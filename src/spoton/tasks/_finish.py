"""What every table takes: superfluous and added columns, units that nobody would have chosen, noise on the answer.

The added columns are those of Cherepanova et al., "A Performance-Driven Benchmark for Feature Selection in Tabular Deep
Learning" (NeurIPS 2023), section 3.1, and their code: each kind is drawn from the columns that are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from spoton.data import Array, PointData
from spoton.errors import UsageError
from spoton.tasks._family import Option, choice, real, whole
from spoton.tasks._task import Loaded

SEED = 2020
ADDED = ("random", "corrupted", "second-order")
CORRUPTION = 0.5  # the part of a corrupted column that is noise, as in the paper

OPTIONS = {
    "superfluous": Option(whole(0, 100_000), None, "number of superfluous columns", str),
    "added": Option(choice(*ADDED), "", f"further columns behind all others: {', '.join(ADDED)}", str),
    "share": Option(real(0.01, 0.99), 0.5, "the added columns' share of all columns"),
    "rows": Option(whole(2, 1_000_000), None, "number of rows", str),
    "rescale": Option(whole(0, 1), 0, "1: multiply each column by a random power of ten, 1e-3 to 1e3"),
    "noise": Option(real(0, 100), 0.0, "extra noise on the answer, in standard deviations of the answer"),
    "train": Option(whole(1, 1_000_000), None, "exactly so many training rows", str),
}

# columns, answers, the columns that decide, the answers that are points
Table = tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...], tuple[tuple[str, str], ...]]


def check(values: Mapping[str, Any]) -> None:
    """Refuse options that mean nothing together."""
    if values["share"] != OPTIONS["share"].default and not values["added"]:
        raise UsageError(f"share={values['share']:g} is the share of added columns; say which: added={ADDED[0]}")


def added_columns(X: pd.DataFrame, kind: str, share: float, seed: int) -> pd.DataFrame:
    """Columns that take up `share` of the table when they are put behind `X`.

    Args:
        X: numbers (n, D).
        kind: `random`: standard normal noise; `corrupted`: (c + sd(c) e) / 2 of a column c, drawn with replacement,
            with standard normal e; `second-order`: the product of two columns, drawn with replacement.
        share: of all D + A columns; A = floor(D share / (1 - share)).
        seed: of the draws.

    Returns:
        (n, A), columns `a0`, `a1`, ...
    """
    random = np.random.RandomState(seed)
    # the small number: 9 columns at a share of 0.1 are one added column, and not 0.9999999999999999
    count = int(X.shape[1] * share / (1 - share) + 1e-9)
    values = X.to_numpy(dtype=np.float64)
    first, second = (values[:, random.randint(X.shape[1], size=count)] for _ in range(2))
    noise = random.normal(size=(len(X), count))
    made: dict[str, Array] = {
        "random": noise,
        "corrupted": (1 - CORRUPTION) * first + CORRUPTION * first.std(axis=0) * noise,
        "second-order": first * second,
    }
    return pd.DataFrame(made[kind], columns=[f"a{i}" for i in range(count)])


def finish(table: Table, values: Mapping[str, Any]) -> Loaded:
    """Added columns, extra noise on the answer, and columns in units that nobody would have chosen."""
    X, y, _, points = table
    if values["added"]:
        X = pd.concat([X, added_columns(X, values["added"], values["share"], SEED + 5)], axis=1)
    if noise := values["noise"]:
        y = y + np.random.RandomState(SEED + 3).normal(size=y.shape) * noise * y.std(ddof=0).to_numpy()
    if values["rescale"]:
        X = X * units(X.shape[1])
    return Loaded(PointData(X=X, y=y, points=points))


def units(n_columns: int) -> Array:
    """The powers of ten of `rescale=1`, one a column."""
    powers: Array = 10.0 ** np.random.RandomState(SEED + 4).randint(-3, 4, size=n_columns)
    return powers


def with_superfluous(X: pd.DataFrame, count: int | None) -> pd.DataFrame:
    """`X` with so many columns of uniform noise behind it."""
    if not count:
        return X
    noise = np.random.RandomState(SEED + 1).uniform(size=(len(X), count))
    return pd.concat([X, pd.DataFrame(noise, columns=[f"c{i}" for i in range(count)])], axis=1)


def noise_ceiling(noise: float, *, alone: bool = True) -> str:
    """What `noise=` leaves to be learned; with another noise beside it, the figure would not be true."""
    left = f": an R2 of {1 / (1 + noise**2):.3f} is all there is" if alone else ""
    return f"the answer carries noise of {noise:g} of its sd{left}"
