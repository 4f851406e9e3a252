"""`Picture`: the figures behind a `Fact`, ready to be drawn; whoever draws it needs no other data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["curve", "bars", "table", "image"]


@dataclass(frozen=True)
class Picture:
    """What a picture of a fact shows.

    Attributes:
        kind: `curve` (y over x, joined), `bars` (one bar an x), `table` (`columns` and `rows`) or `image` (rows of
            grey values, each from 0 for white to 1 for black).
        title: a short line.
        x_label, y_label: of the axes, with their units; empty for a table.
        x: places along the axis: numbers, or names in their order, as those of layers.
        y: one value an x; None where there is none. NaN and infinity do not occur.
        low, high: limits of an interval around each y, or empty.
        columns: heads of a table.
        rows: of a table, each as long as `columns`; of an image, its rows of grey values.
    """

    kind: Kind
    title: str
    x_label: str = ""
    y_label: str = ""
    x: tuple[float | str, ...] = ()
    y: tuple[float | None, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
