"""Answers that are far from the rest."""

from __future__ import annotations

import numpy as np

from spoton.data import Array

FAR = 6.0  # standard deviations, robust ones, from which on an answer is an outlier


def distances(y: Array) -> Array:
    """(n, K) from the median, in robust sds; 0 where those are 0."""
    middle = np.median(y, axis=0)
    spread = 1.4826 * np.median(np.abs(y - middle), axis=0)
    found: Array = np.abs(y - middle) / np.where(spread > 0, spread, np.inf)
    return found


def outliers_of(y: Array) -> Array:
    """(n, K) which answers are far from the rest."""
    found: Array = distances(y) > FAR
    return found


def outliers(y: Array) -> float:
    """Share of answers that are far from the rest."""
    return float(outliers_of(y).mean())
