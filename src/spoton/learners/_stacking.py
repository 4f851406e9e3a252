"""Several models' answers in one: non-negative weights, found on rows that the models did not see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from spoton.data import Array


def stack(held_out: Sequence[Array], targets: Array, exact: float = 1e-12) -> Array:
    """Weights of R models (Wolpert, "Stacked generalization", 1992; Breiman, "Stacked regressions", 1996).

    The best model comes first, with a weight of 1. Others join it one by one, the one that helps most first, as long as
    it makes the squared error smaller by more than the standard error of that difference. A model whose error is
    below `exact` is taken alone.

    Args:
        held_out: R times (n, K), each model's answers for rows that it did not see.
        targets: (n, K).
        exact: mean squared error as a share of the targets' mean square.

    Returns:
        (R,), 0 or more.
    """
    errors = [((one - targets) ** 2).mean(axis=1) for one in held_out]
    means = [float(one.mean()) for one in errors]
    chosen, weights = [int(np.argmin(means))], np.ones(1)
    now = errors[chosen[0]]
    while means[chosen[0]] > exact * float((targets**2).mean()) and len(chosen) < len(held_out):
        tried = {}
        for r in set(range(len(held_out))) - set(chosen):
            which = [*chosen, r]
            found = nnls(np.stack([held_out[i].ravel() for i in which], axis=1), targets.ravel())[0]
            answers = sum(weight * held_out[i] for weight, i in zip(found, which, strict=True))
            tried[r] = found, ((answers - targets) ** 2).mean(axis=1)
        r = min(tried, key=lambda i: float(tried[i][1].mean()))
        gain = now - tried[r][1]
        if not tried[r][0].any():
            break  # 0 alone is better than all of them, which few rows may say; the best one stays
        if not gain.mean() > gain.std() / np.sqrt(len(gain)):
            break
        chosen, (weights, now) = [*chosen, r], tried[r]
    all_weights = np.zeros(len(held_out))
    all_weights[chosen] = weights
    return all_weights
