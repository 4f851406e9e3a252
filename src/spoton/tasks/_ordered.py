"""Names of things that come in a fixed order: the digits of a scene, the corners of a plan."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from spoton.data import Array

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

Pairs = tuple[tuple[str, str], ...]


def ordered(found: Array, sides: Sequence[str]) -> tuple[pd.DataFrame, Pairs]:
    """The answers of things in order as columns, and which of these are points.

    Args:
        found: (n, K, C) pixels: for each of K things pairs (x, y), in frame `px`.
        sides: the C names of the coordinates of one thing, x and y by turns.

    Returns:
        Columns `first_SIDE`, ..., `second_SIDE`, ..., and consecutive pairs of them.
    """
    names = [f"{ordinal}_{side}" for ordinal in ORDINALS[: found.shape[1]] for side in sides]
    frame = pd.DataFrame(found.reshape(len(found), -1).astype(float), columns=names)
    return frame, tuple(zip(names[::2], names[1::2], strict=True))
