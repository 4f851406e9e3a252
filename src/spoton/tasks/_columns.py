"""Tables in which a few columns decide the answer and hundreds do not.

`columns/perfect` is the table of 2020: scikit-learn's `make_regression` with 800 columns, 60 of them informative, and
noise of 200 on the answer; then four more columns that hold the answer plus a constant, so that a linear model on any
one of them is perfect.

`columns/sum` asks for more than one column at a time: the answer is the sum of a few among hundreds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import make_regression

from spoton import ink as geometry
from spoton.errors import UsageError
from spoton.tasks import _digits
from spoton.tasks._family import Option, TaskFamily, whole
from spoton.tasks._finish import OPTIONS, SEED, Table, check, finish, noise_ceiling
from spoton.tasks._oracles import ColumnsOracle
from spoton.tasks._task import Loaded, Task

ROWS, COLUMNS, INFORMATIVE, NOISE, TERMS = 700, 800, 60, 200.0, 5
CONSTANTS = (1.0, 2.0, 3.0, 4.0)
ANSWERS = tuple(f"answer_{i}" for i in range(len(CONSTANTS)))


def _regression(rows: int, columns: int, seed: int) -> Table:
    """make_regression as a table, with the informative columns."""
    X, y, weights = make_regression(
        n_samples=rows,
        n_features=max(columns, 1),
        n_informative=min(INFORMATIVE, max(columns, 1)),
        noise=NOISE,
        coef=True,
        random_state=seed,
    )
    names = [f"c{i}" for i in range(X.shape[1])]
    support = tuple(name for name, weight in zip(names, weights, strict=True) if weight)
    return pd.DataFrame(X, columns=names), pd.DataFrame({"y": y}), support, ()


def _with_answers(X: pd.DataFrame, y: pd.DataFrame) -> Table:
    held = pd.DataFrame({name: y["y"] + c for name, c in zip(ANSWERS, CONSTANTS, strict=True)})
    return pd.concat([X, held], axis=1), y, ANSWERS, ()


def perfect(superfluous: int | None, rows: int | None) -> Table:
    """800 columns of make_regression, and four that hold the answer plus a constant."""
    superfluous = COLUMNS if superfluous is None else superfluous
    X, y, _, _ = _regression(rows or ROWS, superfluous, SEED)
    return _with_answers(X.iloc[:, :superfluous], y)


def uniform(superfluous: int | None, rows: int | None) -> Table:
    """The same answer, the 800 columns replaced by uniform noise."""
    superfluous, rows = COLUMNS if superfluous is None else superfluous, rows or ROWS
    _, y, _, _ = _regression(rows, COLUMNS, SEED)
    X = np.random.RandomState(SEED + 1).uniform(size=(rows, superfluous))
    return _with_answers(pd.DataFrame(X, columns=[f"c{i}" for i in range(superfluous)]), y)


def plain(superfluous: int | None, rows: int | None) -> Table:
    """The 800 columns alone: 60 informative, the rest superfluous."""
    superfluous = COLUMNS - INFORMATIVE if superfluous is None else superfluous
    return _regression(rows or ROWS, INFORMATIVE + superfluous, SEED)


def pixels(superfluous: int | None, rows: int | None) -> Table:
    """The seed set as a table: 784 pixels (0..255) and the 72 columns of `pts`; the answer is topleft."""
    digits = _digits.embedded("seed")
    if rows is not None and rows > len(digits.images):
        raise UsageError(f"rows={rows} is not possible: the seed set has {len(digits.images)} images")
    n_pixels = digits.images[0].size
    if superfluous is not None and superfluous > n_pixels:
        raise UsageError(f"superfluous={superfluous} is not possible: there are {n_pixels} pixel columns")
    images = digits.images[:rows]
    ink = images > 0
    grey = pd.DataFrame(images.reshape(len(images), -1).astype(np.float64))
    grey.columns = pd.Index([f"px{i // 28}_{i % 28}" for i in range(n_pixels)])
    if superfluous is not None:
        chosen = np.sort(np.random.RandomState(SEED + 2).permutation(n_pixels)[:superfluous])
        grey = grey.iloc[:, chosen]
    found = {
        f"{key}_{i}_{axis}": points[:, i, "xy".index(axis)].astype(np.float64)
        for key, points in geometry.feature_points(ink).items()
        for i in range(points.shape[1])
        for axis in "xy"
    }
    y = pd.DataFrame(geometry.point(ink, "topleft").astype(np.float64), columns=["topleft_x", "topleft_y"])
    # point 2 of pts12 is (leftmost ink of the top row, top row): the answer itself
    return (
        pd.concat([grey, pd.DataFrame(found)], axis=1),
        y,
        ("pts12_2_x", "pts12_2_y"),
        (("topleft_x", "topleft_y"),),
    )


def summed(superfluous: int | None, rows: int | None, terms: int = TERMS) -> Table:
    """Columns of normal noise; the answer is the sum of `terms` of them, which lie anywhere among the others."""
    superfluous = max(COLUMNS - terms, 0) if superfluous is None else superfluous
    random = np.random.RandomState(SEED)
    X = pd.DataFrame(random.normal(size=(rows or ROWS, terms + superfluous)))
    X.columns = pd.Index([f"c{i}" for i in range(X.shape[1])])
    chosen = X.columns[np.sort(random.permutation(X.shape[1])[:terms])]
    return X, X[chosen].sum(axis=1).to_frame("y"), tuple(chosen), ()


MAKERS: dict[str, Callable[..., Table]] = {
    "perfect": perfect,
    "uniform": uniform,
    "plain": plain,
    "pixels": pixels,
    "sum": summed,
}


def table(member: str, values: dict[str, Any]) -> Table:
    """The table of one task, before it is finished."""
    terms = {"terms": values["terms"]} if member == "sum" else {}
    return MAKERS[member](values["superfluous"], values["rows"], **terms)


def load(member: str, values: dict[str, Any]) -> Loaded:
    """The data of one task."""
    return finish(table(member, values), values)


def make(name: str, member: str, values: dict[str, Any]) -> Task:
    """Build `columns/<member>`."""
    check(values)
    if member != "sum" and values["terms"] != TERMS:
        raise UsageError(f"terms={values['terms']} is for columns/sum; leave it out of columns/{member}")
    noise = values["noise"]
    support = table(member, values)[2] if member in ("plain", "sum") else None
    reasons = []
    if member == "plain":
        reasons.append(f"the answer carries noise of sd {NOISE:g}")
    if noise:
        reasons.append(noise_ceiling(noise, alone=member != "plain"))
    if support is None:
        support = ("pts12_2_x", "pts12_2_y") if member == "pixels" else ANSWERS
    return Task(
        name=name,
        about=FAMILY.members[member],
        load=partial(load, member, values),
        kind="point" if member == "pixels" else "number",
        whole=member == "pixels" and not noise,
        make_oracle=partial(ColumnsOracle, support),
        ceiling="; ".join(reasons),
        train=values["train"],
        support=support,
    )


FAMILY = TaskFamily(
    name="columns",
    about="tables in which a few columns decide and hundreds do not",
    members={
        "perfect": "800 columns of make_regression + 4 that hold the answer plus a constant",
        "uniform": "800 columns of uniform noise + 4 that hold the answer plus a constant",
        "plain": "the 800 columns of make_regression alone",
        "pixels": "784 pixels + 72 columns of points; the answer is topleft",
        "sum": "800 columns of normal noise; the answer is the sum of 5 of them",
    },
    make=make,
    options=OPTIONS | {"terms": Option(whole(1, 1_000), TERMS, "sum: number of columns that are added up")},
)
