"""Lists of numbers: the question of 2020 whether a net can learn the argmax, the maximum and the order of a list.

A list is one row of a table. It fills the first columns `x0`, `x1`, ...; the columns behind it hold the padding.
Numbers are never negative, and padding is as far below zero as numbers can go above it (-1 for numbers from 0 to 1,
-100 for 0 to 99), so it cannot be taken for a number, and every learner of tables can take part. Lists to train and
validate on have `shortest` to `length` numbers, those of the test set `length + 1` to `longest`: more than any learner
was shown.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from spoton.data import Array, PointData
from spoton.errors import UsageError
from spoton.tasks._family import Option, TaskFamily, choice, real, whole
from spoton.tasks._oracles import RuleOracle
from spoton.tasks._task import Loaded, Task

TEST_ROWS = 1000
FINEST = 2**24  # float32 holds every whole number up to here, and every multiple of 1/2**24 below 1

OPTIONS = {
    "length": Option(whole(1, 1000), 8, "the longest list to train and validate on"),
    "shortest": Option(whole(1, 1000), 1, "the shortest list to train and validate on"),
    "longest": Option(whole(1, 1000), 32, "the longest list of the test set: the number of columns"),
    "rows": Option(whole(2, 1_000_000), 2000, "number of lists to train and validate on"),
    "numbers": Option(choice("whole", "real"), "whole", "whole: 0 to highest; real: 0 to 1, in float32", str),
    "highest": Option(whole(1, FINEST - 1), 99, "the highest of the whole numbers"),
    "ties": Option(real(0, 1), 0.0, "chance of each number to repeat one before it; 0: all numbers of a list differ"),
    "train": Option(whole(1, 1_000_000), None, "exactly so many training rows", str),
}


def draw(n: int, lengths: tuple[int, int], columns: int, levels: int, ties: float, seed: int) -> Array:
    """Lists as whole numbers 0..levels - 1, padded with -levels.

    Args:
        n: number of lists.
        lengths: fewest and most numbers of a list, each length as likely as any other.
        columns: width of the table.
        levels: number of different numbers.
        ties: chance of each number to repeat one before it; with 0 all numbers of a list differ.
        seed: of the random numbers.

    Returns:
        (n, columns) whole numbers as float64.
    """
    random = np.random.RandomState(seed)
    low, high = lengths
    found = random.randint(0, levels, size=(n, high))
    while (again := _repeated(found)).any():
        found[again] = random.randint(0, levels, size=int(again.sum()))
    copies = random.rand(n, high) < ties
    earlier = (random.rand(n, high) * np.arange(high)).astype(int)
    for i in range(1, high):
        rows = np.flatnonzero(copies[:, i])
        found[rows, i] = found[rows, earlier[rows, i]]
    table = np.full((n, columns), -levels, dtype=np.float64)
    table[:, :high] = np.where(np.arange(high) < random.randint(low, high + 1, size=(n, 1)), found, -levels)
    return table


def _repeated(found: Array) -> Array:
    """True where a number stood in the row before."""
    order = found.argsort(axis=1, kind="stable")
    ranked = np.take_along_axis(found, order, axis=1)
    repeated = np.zeros(found.shape, dtype=bool)
    np.put_along_axis(repeated, order[:, 1:], ranked[:, 1:] == ranked[:, :-1], axis=1)
    return repeated


def answers(member: str, lists: Array) -> Array:
    """The exact answers to padded lists (n, L): (n, 1), for `sort` (n, L) with the padding behind the list again."""
    found: Array
    if member == "sort":
        ranked = np.sort(np.where(lists >= 0, lists, np.inf), axis=1)
        found = np.where(np.isinf(ranked), lists.min(axis=1, keepdims=True), ranked)
    elif member == "max":
        found = lists.max(axis=1, keepdims=True)  # padding is below every number
    else:
        found = lists.argmax(axis=1)[:, None].astype(np.float64)
    return found


def rule(X: Any, *, member: str) -> Array:
    """The oracle's rule."""
    return answers(member, np.asarray(X, dtype=np.float64))


def load(member: str, values: dict[str, Any]) -> Loaded:
    """The data of one task."""
    length, longest, limit = values["length"], values["longest"], limit_of(values)
    levels = FINEST if values["numbers"] == "real" else limit
    parts = {"data": (values["rows"], (values["shortest"], length))}
    if longest > length:
        parts["test"] = (TEST_ROWS, (length + 1, longest))
    found = []
    for part, (n, lengths) in parts.items():
        seed = zlib.crc32(f"lists|{part}|{levels}|{lengths}".encode())
        lists = draw(n, lengths, longest, levels, values["ties"], seed) * (limit / levels)
        y = pd.DataFrame(answers(member, lists))
        y.columns = pd.Index([f"y{i}" for i in range(y.shape[1])] if member == "sort" else [member])
        found.append(PointData(X=pd.DataFrame(lists, columns=[f"x{i}" for i in range(longest)]), y=y))
    return Loaded(*found)


def limit_of(values: dict[str, Any]) -> int:
    """What all numbers are below; the padding is its negative."""
    return 1 if values["numbers"] == "real" else int(values["highest"]) + 1


def make(name: str, member: str, values: dict[str, Any]) -> Task:
    """Build `lists/<member>`."""
    shortest, length, longest = (values[key] for key in ("shortest", "length", "longest"))
    if not shortest <= length <= longest:
        raise UsageError(
            f"lists need shortest <= length <= longest, these are {shortest}, {length} and {longest}; "
            f"change the one that is off in {name}"
        )
    if values["numbers"] == "real" and values["highest"] != OPTIONS["highest"].default:
        raise UsageError(f"highest is for whole numbers, and real ones go from 0 to 1; leave it out of {name}")
    if values["numbers"] == "whole" and values["highest"] + 1 < longest:
        raise UsageError(
            f"lists of {longest} need as many different numbers, and 0 to {values['highest']} are fewer; "
            f"give a highest of {longest - 1} or more"
        )
    return Task(
        name=name,
        about=FAMILY.members[member],
        load=partial(load, member, values),
        kind="number",
        whole=member == "argmax" or values["numbers"] == "whole",
        make_oracle=partial(RuleOracle, partial(rule, member=member)),
        train=values["train"],
        support=tuple(f"x{i}" for i in range(longest)),
    )


FAMILY = TaskFamily(
    name="lists",
    about="a list of numbers in each row; the test set's lists are longer",
    members={
        "argmax": "where the highest number of a list is, the first of equal ones; test lists are longer",
        "max": "the highest number of a list; test lists are longer",
        "sort": "the list in ascending order; test lists are longer",
    },
    make=make,
    options=OPTIONS,
)
