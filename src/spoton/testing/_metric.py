"""What every metric has to be: finite, perfect on perfect answers, worse on worse ones, blind to the order of rows."""

from __future__ import annotations

import numpy as np

from spoton.metrics import Metric


def check_metric(metric: Metric) -> None:
    """Check one metric on random whole-number answers."""
    rng = np.random.RandomState(0)
    shape = (50, 2, 2) if metric.needs == "points" else (50, 1) if metric.needs == "class" else (50, 4)
    actual = rng.randint(0, 10, shape).astype(np.float64)
    near, far = actual.copy(), actual.copy()
    near[:10] += 1
    far[:30] += 3
    if metric.needs == "support":  # zeros and ones, and some of them wrong
        actual = near = far = (actual[:, :1] > 4).astype(np.float64)
        near, far = (np.where(np.arange(50)[:, None] < wrong, 1 - actual, actual) for wrong in (10, 30))
    perfect, better, worse = (metric.fn(actual, predicted) for predicted in (actual, near, far))
    assert all(isinstance(value, float) for value in (perfect, better, worse)), f"{metric.name} gives no float"
    assert np.isfinite([perfect, better, worse]).all(), f"{metric.name} is not finite"
    assert perfect == (1.0 if metric.greater_is_better else 0.0), f"{metric.name} of perfect answers is {perfect}"
    sign = 1 if metric.greater_is_better else -1
    assert sign * perfect >= sign * better > sign * worse, f"{metric.name} does not go down with the answers"
    order = rng.permutation(len(actual))
    again = metric.fn(actual[order], near[order])
    assert np.isclose(again, better, rtol=1e-12), f"{metric.name} depends on the order of rows"
    assert metric.about and metric.unit, f"{metric.name} lacks a line about it or a unit"
