"""The small sweep that the tests make."""

from __future__ import annotations

from typing import Any

from slow_learner import sums

import spoton
from spoton.sweeps import Sweep

RIDGE: dict[str, Any] = {"alpha": "1e-3..1e3:log", "+xnorm": None}


def small(**more: Any) -> Sweep:
    options: dict[str, Any] = {"trials": 6, "seeds": 1, "finalists": 1, "store": "runs.db"}
    return spoton.sweep(sums(), "ridge", RIDGE, **(options | more))


def params_of(found: Sweep) -> list[Any]:
    return [row.params for row in found.trials]
