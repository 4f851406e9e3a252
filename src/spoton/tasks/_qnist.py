"""Q-NIST: which point is asked for depends on the digit, so a learner has to see what it looks at."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from spoton import ink as geometry
from spoton.data import Array, PointData
from spoton.ink import Ink
from spoton.tasks import _variants
from spoton.tasks._family import TaskFamily
from spoton.tasks._oracles import RuleOracle
from spoton.tasks._pnist import ALL, SOURCE_OPTIONS, ceiling, load_digits
from spoton.tasks._task import Loaded, Task
from spoton.tasks._variants import Look

# the kind of point of each digit; docs/tasks.md shows the table
KIND_OF_DIGIT = {
    0: "corner",
    1: "bottomleft",
    2: "bottomright",
    3: "topleft",
    4: "topright",
    5: "lefttop",
    6: "leftbottom",
    7: "center",
    8: "righttop",
    9: "rightbottom",
}
DIGITS = {"if37": (3, 7), "all": ALL}
OPTIONS = {**SOURCE_OPTIONS, **_variants.OPTIONS}


def answers(ink: Ink, labels: Array) -> Array:
    """(n, 2): for each image the point of its digit's kind."""
    xy = np.zeros((len(ink), 2), dtype=np.float64)
    for digit in np.unique(labels):
        rows = labels == digit
        xy[rows] = geometry.point(ink[rows], KIND_OF_DIGIT[int(digit)])
    return xy


def load(digits: tuple[int, ...], source: str, look: Look, ynoise: float) -> Loaded:
    """The data of one task; labels are carried, and a learner that uses them says so."""
    parts = []
    for part, chosen in zip(("data", "test"), load_digits(digits, source), strict=True):
        if chosen is not None:
            clean = _variants.place(chosen.images, look, part)
            y = pd.DataFrame(answers(clean > 0, chosen.labels), columns=["point_x", "point_y"])
            parts.append(
                PointData(
                    X=_variants.dress(clean, look, part),
                    y=_variants.noisy(y, ynoise, part),
                    labels=chosen.labels,
                    points=(("point_x", "point_y"),),
                )
            )
    return Loaded(*parts)


def rule(X: Array, labels: Array, *, look: Look) -> Array:
    """The oracle's rule: it is told the digit."""
    return answers(_variants.find_ink(X, look), np.asarray(labels))


def make(name: str, member: str, values: dict[str, Any]) -> Task:
    """Build `qnist/<member>`."""
    look, ynoise = _variants.look_of(values), values["ynoise"]
    return Task(
        name=name,
        about=FAMILY.members[member],
        load=partial(load, DIGITS[member], values["data"], look, ynoise),
        whole=not ynoise,
        make_oracle=partial(RuleOracle, partial(rule, look=look), uses_labels=True),
        ceiling=ceiling(member, look, ynoise, values["data"]),
        train=values["train"],
    )


FAMILY = TaskFamily(
    name="qnist",
    about="the digit decides which point is asked for",
    members={
        "if37": "a 3 asks for topleft, a 7 for center",
        "all": "each of the ten digits asks for a kind of its own",
    },
    make=make,
    options=OPTIONS,
)
