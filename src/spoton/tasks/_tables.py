"""Friedman's three functions, steps, products and the diabetes table, with superfluous columns on demand.

Source of the first three: J. Friedman, "Multivariate adaptive regression splines", Annals of Statistics 19 (1991),
through scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2, make_friedman3

from spoton.data import Array
from spoton.errors import UsageError
from spoton.tasks._family import TaskFamily
from spoton.tasks._finish import OPTIONS, SEED, Table, check, finish, noise_ceiling, units, with_superfluous
from spoton.tasks._oracles import ColumnsOracle, RuleOracle
from spoton.tasks._task import Loaded, Task

ROWS = 700
# (column, threshold, height): what trees are made for
JUMPS = ((0, 0.3, 10.0), (1, 0.6, 5.0), (2, 0.2, -7.0), (2, 0.7, 4.0), (3, 0.5, 3.0))


def friedman1_rule(x: Array) -> Array:
    """10 sin(pi x0 x1) + 20 (x2 - 0.5)^2 + 10 x3 + 5 x4."""
    y: Array = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return y


def _reactance(x: Array) -> Array:
    part: Array = x[:, 1] * x[:, 2] - 1 / (x[:, 1] * x[:, 3])
    return part


def friedman2_rule(x: Array) -> Array:
    """sqrt(x0^2 + (x1 x2 - 1 / (x1 x3))^2): an impedance."""
    y: Array = np.sqrt(x[:, 0] ** 2 + _reactance(x) ** 2)
    return y


def friedman3_rule(x: Array) -> Array:
    """atan((x1 x2 - 1 / (x1 x3)) / x0): its phase."""
    y: Array = np.arctan(_reactance(x) / x[:, 0])
    return y


def steps_rule(x: Array) -> Array:
    """10 [x0 > .3] + 5 [x1 > .6] - 7 [x2 > .2] + 4 [x2 > .7] + 3 [x3 > .5]."""
    parts = [height * (x[:, column] > threshold) for column, threshold, height in JUMPS]
    y: Array = np.sum(parts, axis=0)
    return y


def products_rule(x: Array) -> Array:
    """x0 x1 + x2 x3 + x4 x5: no column says anything by itself."""
    y: Array = x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3] + x[:, 4] * x[:, 5]
    return y


def _uniform(
    rule: Callable[[Array], Array], columns: int, low: float, n_samples: int, random_state: int
) -> tuple[Array, Array]:
    x = np.random.RandomState(random_state).uniform(low, 1, size=(n_samples, columns))
    return x, rule(x)


# member -> (maker, number of columns that decide, rule, one line)
FUNCTIONS: dict[str, tuple[Callable[..., tuple[Array, Array]], int, Callable[[Array], Array], str]] = {
    "friedman1": (
        partial(make_friedman1, n_features=5),
        5,
        friedman1_rule,
        "10 sin(pi a b) + 20 (c - .5)^2 + 10 d + 5 e",
    ),
    "friedman2": (make_friedman2, 4, friedman2_rule, "sqrt(a^2 + (b c - 1 / (b d))^2)"),
    "friedman3": (make_friedman3, 4, friedman3_rule, "atan((b c - 1 / (b d)) / a)"),
    "steps": (partial(_uniform, steps_rule, 4, 0.0), 4, steps_rule, "a sum of five steps of four columns"),
    "products": (partial(_uniform, products_rule, 6, -1.0), 6, products_rule, "a b + c d + e f, around zero"),
}


def table(member: str, superfluous: int | None, rows: int | None) -> Table:
    """The columns that decide, and `superfluous` uniform ones."""
    if member == "diabetes":
        frame = load_diabetes(as_frame=True, scaled=False)
        if rows is not None and rows > len(frame.data):
            raise UsageError(f"rows={rows} is not possible: diabetes has {len(frame.data)} rows")
        X, y = frame.data[:rows].astype(np.float64), frame.target[:rows].to_frame("progression")
    else:
        values, answer = FUNCTIONS[member][0](n_samples=rows or ROWS, random_state=SEED)
        X = pd.DataFrame(values, columns=[f"x{i}" for i in range(values.shape[1])])
        y = pd.DataFrame({"y": answer})
    return with_superfluous(X, superfluous), y, tuple(X.columns), ()


def load(member: str, values: dict[str, Any]) -> Loaded:
    """The data of one task."""
    return finish(table(member, values["superfluous"], values["rows"]), values)


def rule(X: pd.DataFrame, *, member: str, rescale: int) -> Array:
    """The formula on the columns that decide, in the units it was written for."""
    _, n_columns, formula, _ = FUNCTIONS[member]
    values = X.iloc[:, :n_columns].to_numpy()
    if rescale:
        # the same draw as in `finish`, taken back
        values = values / units(X.shape[1])[:n_columns]
    return formula(values)[:, None]


def make(member: str, name: str, _: str, values: dict[str, Any]) -> Task:
    """Build one of the tables."""
    check(values)
    noise = values["noise"]
    oracle: Callable[[], Any]
    reasons = []
    if member == "diabetes":
        support = tuple(load_diabetes().feature_names)
        oracle = partial(ColumnsOracle, support)
        reasons.append("real data: the best possible is not known, the oracle is least squares on its ten columns")
    else:
        support = tuple(f"x{i}" for i in range(FUNCTIONS[member][1]))
        oracle = partial(RuleOracle, partial(rule, member=member, rescale=values["rescale"]))
    if noise:
        reasons.append(noise_ceiling(noise, alone=member != "diabetes"))
    return Task(
        name=name,
        about=ABOUT[member],
        load=partial(load, member, values),
        kind="number",
        make_oracle=oracle,
        ceiling="; ".join(reasons),
        train=values["train"],
        support=support,
    )


ABOUT = {key: value[3] for key, value in FUNCTIONS.items()} | {
    "diabetes": "442 patients, ten measurements, progression after a year"
}


def _family(member: str) -> TaskFamily:
    return TaskFamily(
        name=member,
        about=ABOUT[member],
        members={"": ABOUT[member]},
        make=partial(make, member),
        options=OPTIONS,
    )


FRIEDMAN1, FRIEDMAN2, FRIEDMAN3, DIABETES, STEPS, PRODUCTS = map(
    _family, ("friedman1", "friedman2", "friedman3", "diabetes", "steps", "products")
)
