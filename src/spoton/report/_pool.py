"""What many runs share is written once: the packages of a machine, the parameters of a learner, names of tasks."""

from __future__ import annotations

import json
import math
from typing import Any


class Pool:
    """A list of values without repeats. `add` gives the place of a value."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[str, int] = {}
        self.size = 0  # bytes of JSON

    def add(self, value: Any) -> int:
        """The place of a JSON value, which is appended if it is new."""
        text = json.dumps(value, sort_keys=True)
        if text not in self._places:
            self._places[text] = len(self.values)
            self.values.append(value)
            self.size += len(text) + 1
        return self._places[text]


def short(value: float | None, digits: int = 6) -> float | int | None:
    """A number with so many significant digits, whole where it is whole; None for what JSON does not have.

    1 stays exactly 1: what is close to it keeps all digits, since they say how close.
    """
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.{digits}g}")
    if rounded == 1 and value != 1:
        return float(value)
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 1e15 else rounded
