"""`Metric`: a function of (actual, predicted) with its unit and its direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spoton.data import Array


@dataclass(frozen=True)
class Metric:
    """One way to score.

    Attributes:
        name: its key in every table and file.
        fn: (actual, predicted) -> float. Both are (n, k) float64; a metric that needs `points` gets (n, P, 2), one that
            needs `support` (columns, 1) zeros and ones, one that needs `coef` (columns, k) coefficients.
        unit: unit of the value; `target` stands for the unit of the answers (px for points), `1` for none.
        greater_is_better: the direction.
        about: one line.
        needs: `numbers` (any regression), `points` (answers that are points), `whole` (answers to be rounded: pixels
            and counts), `class` (classes); `support` and `coef` look at the fitted learner instead of its answers, on
            tasks that name the columns that decide.
        each: also reported for each output by itself, as `name:output`.
    """

    name: str
    fn: Callable[[Array, Array], float]
    unit: str
    greater_is_better: bool
    about: str
    needs: str = "numbers"
    each: bool = False
