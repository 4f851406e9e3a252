"""A history in a notebook: each value's way over the epochs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from spoton import _html

if TYPE_CHECKING:
    from spoton.history._history import History

MOST = 16  # names


def html(history: History) -> str:
    """First, last and lowest value of each name, with its curve."""
    rows = []
    for name in history.names[:MOST]:
        if any(isinstance(row.get(name), str) for row in history):
            continue
        values = [float(value) for value in history.column(name)]
        held = [value for value in values if math.isfinite(value)]
        if held:
            rows.append([name, held[0], held[-1], min(held), _html.curve(values)])
    about = f"{len(history)} epochs, {history.fits} fit{'s' * (history.fits != 1)}"
    body = _html.table(("", "first", "last", "lowest", ""), rows, raw=[4]) if rows else ""
    left = len(history.names) - MOST
    return _html.card("History", f"{about}; {left} more names" if left > 0 else about, {}, body)
