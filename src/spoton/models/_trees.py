"""Whether arrays are a tree: asked before compiled code follows its branches, of whatever package."""

from __future__ import annotations

import numpy as np

from spoton.data import Array
from spoton.errors import DataError


def checked_tree(left: Array, right: Array, feature: Array, columns: int, leaves: int | None = None) -> None:
    """Whether code that follows the branches of a tree from node 0 ends at a leaf, and reads columns that are there.

    Args:
        left: (n,) of each node the next one, where the row goes left. Without `leaves`, -1 marks a leaf.
        right: (n,) the same to the right.
        feature: (n,) the column that a node looks at.
        columns: how many there are.
        leaves: how many leaves there are beside the nodes, as -1, -2, ...; None where leaves are nodes themselves.

    Raises:
        DataError: it does not.
    """
    n = len(left)
    if not (len(right) == len(feature) == n and (n > 0 or leaves == 1)):
        raise DataError("it has a tree whose arrays are of unequal lengths")
    inner = left != -1 if leaves is None else np.ones(n, dtype=bool)
    ends = np.concatenate([left[inner], right[inner]])
    parents = np.tile(np.flatnonzero(inner), 2)
    seen = (feature >= 0) & (feature < columns)
    ahead = (ends > parents) | (ends < 0)
    # each node but the first, and each leaf, is where one branch leads, no more and no less
    if leaves is None:
        whole = np.array_equal(np.sort(ends), np.arange(1, n)) and not (~inner & (right != -1)).any()
    else:
        whole = np.array_equal(np.sort(ends), np.concatenate([np.arange(-leaves, 0), np.arange(1, n)]))
    if not (whole and ahead.all() and seen[inner].all()):
        raise DataError("it has a tree whose branches lead nowhere")
