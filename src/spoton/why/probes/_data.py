"""Would more rows help?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

import numpy as np
from scipy import stats

from spoton.data import Array
from spoton.why._effect import LEVEL, WORST, error_of
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study
from spoton.why.probes._cost import affords

SHARES = (4, 2)  # a quarter and a half of the rows
FEWEST = 8  # rows
LEAST = 1e-6  # error below which nothing is left to gain


class Data(Probe):
    """The learner on a quarter and a half of the rows, and what a power law makes of more."""

    name = "data"
    about = "the number of rows: the error on a quarter, a half and all of them, and on twice as many by a power law"

    def look(self, study: Study) -> Iterable[Fact]:
        rows = len(study.train)
        sizes = [rows // share for share in SHARES]
        if sizes[0] < FEWEST or not affords(study, len(study.seeds[:2]) * sum(1 / share for share in SHARES)):
            return
        runs = study.run([study.subject.pair()], study.seeds[:2], train_sizes=sizes)
        points = [(run.asked_train_size or rows, error_of(run)) for run in runs if run.status == "ok"]
        points += [(rows, error) for error in study.base.values()]
        errors = {size: [error for at, error in points if at == size] for size in (*sizes, rows)}
        if not all(errors.values()):
            return
        curve = {size: mean(found) for size, found in errors.items()}
        words = f"the error is {curve[sizes[0]]:.3g} on {sizes[0]} rows, {curve[sizes[1]]:.3g} on {sizes[1]} and "
        words += f"{curve[rows]:.3g} on all {rows}"
        law = None
        if min(min(found) for found in errors.values()) > LEAST and max(curve.values()) < WORST:
            law = power_law(np.array([size for size, _ in points]), np.array([error for _, error in points]))
        yield Fact(
            self.name,
            words if law is None else f"{words}; {law.words(rows)}",
            picture=Picture(
                "curve",
                "Error over training rows" + ("" if law is None else ", the last by a power law"),
                "training rows",
                "error on held-out rows (1: the mean answer)",
                x=(*curve, *(() if law is None else (2 * rows,))),
                y=(*curve.values(), *(() if law is None else (law.at(2 * rows),))),
                low=() if law is None else (*(min(found) for found in errors.values()), law.limits(2 * rows)[0]),
                high=() if law is None else (*(max(found) for found in errors.values()), law.limits(2 * rows)[1]),
            ),
        )


@dataclass(frozen=True)
class PowerLaw:
    """error = exp(constant) rows^-slope, with the covariance of both and Student's t for its interval."""

    constant: float
    slope: float
    covariance: Array
    quantile: float

    def at(self, rows: float) -> float:
        return math.exp(self.constant - self.slope * math.log(rows))

    def limits(self, rows: float) -> tuple[float, float]:
        """Of the 90 % interval of the mean error on so many rows, if the law holds there."""
        place = np.array([1.0, -math.log(rows)])
        half = self.quantile * math.sqrt(float(place @ self.covariance @ place))
        return self.at(rows) * math.exp(-half), self.at(rows) * math.exp(half)

    @property
    def slopes(self) -> tuple[float, float]:
        """Limits of the slope."""
        half = self.quantile * math.sqrt(float(self.covariance[1, 1]))
        return self.slope - half, self.slope + half

    def words(self, rows: int) -> str:
        """What it says of more rows, and what it does not."""
        low, high = self.slopes
        if low <= 0:
            return "whether more rows help cannot be told from these"
        less, more = self.limits(2 * rows)
        left = 2.0**-self.slope
        return (
            f"it falls as rows to the power {-self.slope:.2f} ({-high:.2f} to {-low:.2f}): if it goes on so, which was "
            f"not measured, {2 * rows} rows leave an error of {self.at(2 * rows):.3g} ({less:.3g} to {more:.3g}), "
            f"{100 * left:.0f} % of it"
        )


def power_law(rows: Array, errors: Array) -> PowerLaw | None:
    """Least squares on logarithms; None with fewer than two points more than it has parameters.

    Args:
        rows, errors: (n,) of single runs.
    """
    free = len(rows) - 2
    if free < 2 or np.ptp(rows) == 0:
        return None
    places = np.stack([np.ones(len(rows)), -np.log(rows)], axis=1)
    found, *_ = np.linalg.lstsq(places, np.log(errors), rcond=None)
    left = np.log(errors) - places @ found
    covariance = float(left @ left) / free * np.linalg.inv(places.T @ places)
    return PowerLaw(float(found[0]), float(found[1]), covariance, float(stats.t.ppf((1 + LEVEL) / 2, free)))
