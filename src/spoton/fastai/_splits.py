"""Which rows are held out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spoton.errors import UsageError


def splits(rows: int, held: Sequence[int] | None, share: float, seed: int, name: str) -> tuple[list[int], list[int]]:
    """(training rows, held-out rows): those that are named, or a share drawn by a seed.

    Args:
        rows: their number.
        held: numbers of the rows to hold out.
        share: the share to hold out where `held` is not given.
        seed: draws these rows.
        name: of the argument that gave `held`, for errors.

    Raises:
        UsageError: nothing to hold out, or everything; a share that is none, or rows that are not there.
    """
    if held is None:
        if not 0 < share < 1:
            raise UsageError(f"the share of rows to hold out lies between 0 and 1, this one is {share}")
        held = np.random.RandomState(seed).permutation(rows)[: max(1, round(share * rows))].tolist()
    out = [int(i) for i in held]
    if not out or len(set(out)) != len(out) or min(out) < 0 or max(out) >= rows or len(out) == rows:
        raise UsageError(
            f"{name} has to be numbers of some of the {rows} rows, from 0 and each once; it has {len(out)}"
        )
    left = set(out)
    return [i for i in range(rows) if i not in left], out
