"""Prices of houses in California: the real table, which is a download, and a synthetic one like it, made here.

`california` is R. Pace and R. Barry, "Sparse Spatial Autoregressions", Statistics and Probability Letters 33 (1997),
through scikit-learn's `fetch_california_housing`. `california-like` is synthetic: its eight columns have the names and
roughly the distributions of the real ones, and the structure that makes those hard (islands of price in latitude and
longitude, a skewed income, averages with wild outliers, ages and prices cut off at the top). No row of it is real, and
a figure on it is no figure on the real table.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from spoton.data import Array
from spoton.errors import DataError, UsageError
from spoton.tasks._family import TaskFamily
from spoton.tasks._finish import OPTIONS, SEED, Table, check, finish, noise_ceiling, units, with_superfluous
from spoton.tasks._oracles import ColumnsOracle, RuleOracle
from spoton.tasks._task import Loaded, Task

NAMES = ("MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude")
TARGET = "MedHouseVal"  # in 100,000 dollars
REAL_ROWS, ROWS, TOWNS, TOP, NOISE = 20_640, 5_000, 60, 5.0, 0.2


def fetched(*, download: bool = True) -> pd.DataFrame:
    """The real table, from scikit-learn's data folder, or downloaded into it.

    Raises:
        DataError: it is not there and cannot be downloaded.
    """
    from sklearn.datasets import fetch_california_housing

    try:
        frame: pd.DataFrame = fetch_california_housing(as_frame=True, download_if_missing=download, n_retries=1).frame
    except OSError as error:  # URLError is one
        raise DataError(
            f"the California housing table could not be downloaded ({error}); go online once, or set SCIKIT_LEARN_DATA "
            "to a folder into which scikit-learn has downloaded it, or take california-like"
        ) from error
    return frame


def at_hand() -> bool:
    """Whether the real table is there without a download."""
    try:
        fetched(download=False)
    except DataError:
        return False
    return True


def _towns() -> tuple[Array, Array, Array]:
    """Places (towns, 2) as latitude and longitude, spreads in degrees, and heights in the log of the price."""
    random = np.random.RandomState(SEED)
    along, inland = random.uniform(size=TOWNS), random.exponential(0.6, size=TOWNS)
    # the coast runs from (41, -124) in the north-west to (32.5, -117) in the south-east
    places = np.stack([41 - 8.5 * along + 0.35 * inland, -124 + 7 * along + inland], axis=1)
    heights = 1.1 * np.exp(-inland / 0.5) - 0.5 + random.normal(scale=0.35, size=TOWNS)
    return places, random.uniform(0.15, 0.5, size=TOWNS), heights


def _islands(latitude: Array, longitude: Array) -> Array:
    """What a place adds to the log of the price: the towns' heights, each weighed by how near it is."""
    places, spreads, heights = _towns()
    squares = (latitude[:, None] - places[:, 0]) ** 2 + (longitude[:, None] - places[:, 1]) ** 2
    near = np.exp(-squares / (2 * spreads**2)) + 1e-12
    found: Array = (near * heights).sum(axis=1) / (near.sum(axis=1) + 0.05)
    return found


def worth(x: Array) -> Array:
    """The law of the synthetic table: columns in the order of `NAMES` -> price before noise and cut, (n,)."""
    income, age, rooms, bedrooms, _, occupants, latitude, longitude = x.T
    log = 0.15 + 0.65 * np.log(income / 3.5) + _islands(latitude, longitude)
    log = log - 0.5 * np.log(np.clip(occupants, 1, 10) / 2.8) + 0.3 * np.log(np.clip(rooms / bedrooms, 1, 12) / 5)
    log = log + np.where(age >= 50, 0.12, 0.002 * (age - 28))
    y: Array = 1.6 * np.exp(log)
    return y


def expected(x: Array) -> Array:
    """The mean price of such a block: that of min(worth exp(s e), 5) over standard normal e. Nothing predicts better.

    With w the worth, t the cut, m = ln(t / w) / s and F the normal distribution: w exp(s^2 / 2) F(m - s) + t F(-m).
    """
    w = worth(x)
    margin = np.log(TOP / w) / NOISE
    mean: Array = w * np.exp(NOISE**2 / 2) * ndtr(margin - NOISE) + TOP * ndtr(-margin)
    return mean


def made(rows: int) -> tuple[pd.DataFrame, Array]:
    """The synthetic table and its prices, which carry noise of `NOISE` in their logarithm before they are cut off."""
    places, spreads, heights = _towns()
    random = np.random.RandomState(SEED + 6)
    weights = 1 / np.arange(1, TOWNS + 1)  # a few large towns, many small ones
    town = random.choice(TOWNS, size=rows, p=weights / weights.sum())
    spot = places[town] + random.normal(size=(rows, 2)) * spreads[town, None] * 0.8
    income = np.clip(np.exp(1.23 + 0.2 * heights[town] + random.normal(scale=0.45, size=rows)), 0.5, 15)
    age = np.clip(np.rint(random.normal(30 + 6 * heights[town], 13, size=rows)), 1, 52)
    rooms = 5.2 * (income / 3.5) ** 0.35 * np.exp(random.normal(scale=0.18, size=rows))
    bedrooms = 1.07 * np.exp(random.normal(scale=0.07, size=rows))
    holiday = random.uniform(size=rows) < 0.01  # blocks of holiday homes: many rooms for few who live there
    wild = np.where(holiday, np.exp(random.uniform(0.5, 2.5, size=rows)), 1.0)
    people = np.rint(np.exp(random.normal(7.05, 0.7, size=rows))) + 3
    occupants = 2.8 * np.exp(random.normal(scale=0.24, size=rows))
    crowded = random.uniform(size=rows) < 0.002  # prisons and dormitories
    occupants = np.where(crowded, occupants * np.exp(random.uniform(1, 5, size=rows)), occupants)
    columns = [income, age, rooms * wild, bedrooms * wild, people, occupants, *np.round(spot, 2).T]
    X = np.round(np.stack(columns, axis=1), 4)
    # cut off after the noise, as the census cut off what people answered
    y = np.minimum(worth(X) * np.exp(random.normal(scale=NOISE, size=rows)), TOP)
    return pd.DataFrame(X, columns=list(NAMES)), y


def table(name: str, superfluous: int | None, rows: int | None) -> Table:
    """The eight columns of the real or the synthetic table."""
    if name == "california":
        frame = fetched()
        if rows is not None:  # a draw, since neighbours follow each other
            chosen = np.sort(np.random.RandomState(SEED).permutation(len(frame))[:rows])
            frame = frame.iloc[chosen].reset_index(drop=True)
        X, y = frame[list(NAMES)].astype(np.float64), frame[[TARGET]].astype(np.float64)
    else:
        X, prices = made(rows or ROWS)
        y = pd.DataFrame({TARGET: prices})
    return with_superfluous(X, superfluous), y, NAMES, ()


def load(name: str, values: dict[str, Any]) -> Loaded:
    """The data of one task."""
    return finish(table(name, values["superfluous"], values["rows"]), values)


def rule(X: pd.DataFrame, *, rescale: int) -> Array:
    """`expected` on the columns that decide, in the units that it was written for."""
    values = X[list(NAMES)].to_numpy()
    return expected(values / units(X.shape[1])[: len(NAMES)] if rescale else values)[:, None]


def make(family: str, name: str, _: str, values: dict[str, Any]) -> Task:
    """Build one of the two tasks."""
    check(values)
    oracle: Any
    if family == "california":
        if values["rows"] is not None and values["rows"] > REAL_ROWS:
            raise UsageError(f"rows={values['rows']} is not possible: california has {REAL_ROWS} rows")
        oracle = partial(ColumnsOracle, NAMES)
        reasons = ["real data: the best possible is not known, the oracle is least squares on its eight columns"]
    else:
        oracle = partial(RuleOracle, partial(rule, rescale=values["rescale"]))
        reasons = [f"prices carry noise of {100 * NOISE:.0f} %, and are cut off at {TOP:g}; the oracle is their mean"]
    if values["noise"]:
        reasons.append(noise_ceiling(values["noise"], alone=False))
    return Task(
        name=name,
        about=ABOUT[family],
        load=partial(load, family, values),
        kind="number",
        make_oracle=oracle,
        ceiling="; ".join(reasons),
        train=values["train"],
        support=NAMES,
    )


ABOUT = {
    "california": "20,640 blocks of houses, eight columns, their median price; downloaded once",
    "california-like": "5,000 synthetic blocks with the structure of california",
}


def _family(name: str) -> TaskFamily:
    return TaskFamily(
        name=name, about=ABOUT[name], members={"": ABOUT[name]}, make=partial(make, name), options=OPTIONS
    )


CALIFORNIA, CALIFORNIA_LIKE = map(_family, ("california", "california-like"))
