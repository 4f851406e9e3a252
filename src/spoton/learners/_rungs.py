"""The rungs of `SpotTableLadder`: models of one table, each with its answers for rows that it did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spoton.data import Array
from spoton.learners._greedy_basis import GreedyBasis
from spoton.learners._linear_part import LinearPart
from spoton.learners._screening import screen
from spoton.learners._table_inputs import Encoded

Part = LinearPart | GreedyBasis
BATCH = 1024
FEW = 12  # columns up to which the basis looks at all
MOST = 10  # columns that tell of the answers, and as many that tell of what the linear path leaves
STRONG = 4  # columns of the largest weights


@dataclass(frozen=True)
class Rung:
    """A part, or members on a part.

    Attributes:
        name: which rung.
        how: what it is, in words.
        part: the linear path or the greedy basis.
        net: the `TableNet` of the members, or None.
        held_out: (n, K) answers for rows that were not seen.
        exact: whether it is exact, and to be taken alone.
        seconds: that it took.
    """

    name: str
    how: str
    part: Part
    net: Any
    held_out: Array
    exact: bool
    seconds: float

    def predict(self, encoded: Encoded) -> Array:
        """(n, K) answers; members correct the model of their own fold, so they stand on the mean of these."""
        if self.net is None:
            return self.part.predict(encoded.numbers)
        found: Array = self.part.fold_answers(encoded.numbers).mean(axis=0) + answers_of(self.net, encoded)
        return found

    @property
    def slopes(self) -> Array | int:
        """(D, K) weights of the linear path, or 0."""
        if not isinstance(self.part, LinearPart):
            return 0
        found: Array = self.part.weights if self.net is None else self.part.fold_weights.mean(axis=0)
        return found

    @property
    def curved(self) -> Array:
        """Indices of the columns that it uses in other ways than with a slope."""
        found: set[int] = set() if self.net is None else set(self.net.chosen.tolist())
        if isinstance(self.part, GreedyBasis):
            models = [self.part.full] if self.net is None else self.part.fold_models
            found |= {factor.column for model in models for term in model.terms for factor in term}
        return np.array(sorted(found), dtype=np.int64)

    @property
    def size(self) -> int:
        """Number of learned numbers."""
        count = 0 if self.net is None else self.net.member_size
        if isinstance(self.part, GreedyBasis):
            models = [self.part.full] if self.net is None else self.part.fold_models
            return count + sum(model.weights.size + sum(map(len, model.terms)) for model in models)
        return count + int(np.count_nonzero(self.slopes))


def answers_of(net: Any, encoded: Encoded) -> Array:
    """(n, K) answers of a `TableNet`."""
    import torch

    parts = []
    with torch.no_grad():
        for start in range(0, max(len(encoded.numbers), 1), BATCH):
            x = torch.from_numpy(encoded.numbers[start : start + BATCH])
            levels = torch.from_numpy(encoded.codes[start : start + BATCH]) if len(net.levels) else None
            parts.append(net(x, levels).numpy())
    found: Array = np.concatenate(parts)
    return found


def columns_to_look_at(
    X: Array, Y: Array, fold: Array, linear: LinearPart, random_state: np.random.RandomState
) -> list[Array]:
    """For each fold, and at last for all rows: indices of the columns that a greedy basis should look at.

    All of them where there are few; else those that pass a screening on the rows outside of the fold, by what they say
    of the answers or of what the linear path leaves, and those of its largest weights.

    Args:
        X: (n, D), Y: (n, K), standardised. fold: (n,) of 0..F-1.
        linear: the linear path.
        random_state: for the screening.
    """
    found = []
    for f, weights in enumerate((*linear.fold_weights, linear.weights)):
        if X.shape[1] <= FEW:
            found.append(np.arange(X.shape[1]))
            continue
        part = fold != f  # there is no fold F: the last ones are for all rows
        size = np.abs(weights).max(axis=1)
        strong = np.argsort(-size, kind="stable")[:STRONG]
        left = Y[part] - X[part] @ weights
        told = [screen(X[part], answers, MOST, random_state) for answers in (Y[part], left)]
        found.append(np.unique(np.concatenate([*told, strong[size[strong] > 0]])))
    return found
