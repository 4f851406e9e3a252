"""How large an effect is, and how sure: paired differences over seeds, as a share of the gap to the oracle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from spoton._run import Run

LEVEL = 0.9  # of the interval
WORST = 2.0  # error: a learner that explodes is not told from one that explodes more
LEAST = 1e-6  # gap below which there is nothing to close
MATTERS = 0.05  # share of the gap from which on an effect is worth a word
MISSES = 2  # changes that are not confirmed, after which no further one is called a cause


def error_of(run: Run) -> float:
    """The root of 1 - R2 on the validation side: the typical error, as a share of the answers' spread.

    About 1 for the mean predictor and 0 for an exact learner; not above `WORST`, which stands for runs that failed too.
    """
    if run.status != "ok":
        return WORST
    scores = run.metrics["valid"]
    score = scores["r2"] if "r2" in scores else scores["accuracy"]
    return min(WORST, math.sqrt(max(1 - score, 0.0))) if math.isfinite(score) else WORST


@dataclass(frozen=True)
class Effect:
    """A share of the gap that closes: 1 for all of it, below 0 where the error grows.

    Attributes:
        closed: the mean over seeds.
        low, high: limits of its 90 % interval (Student's t, paired by seed); infinite from one seed alone.
        seeds: how many.
        beyond: of many changes it came too late in the order to be called a cause: see `in_order`.
        refuted: measured on what stands in for the learner, and of no help to the learner itself.
    """

    closed: float
    low: float
    high: float
    seeds: int
    beyond: bool = False
    refuted: bool = False

    @property
    def confirmed(self) -> bool:
        """Whether the interval lies above 0, and the mean is worth a word."""
        return self.low > 0 and self.closed >= MATTERS

    @property
    def verdict(self) -> str:
        """`helps`, `harms`, `no effect` worth a word, or `unclear`: no more than was measured."""
        if self.confirmed:
            return "unclear" if self.beyond or self.refuted else "helps"
        if self.high < 0 and self.closed <= -MATTERS:
            return "harms"
        return "no effect" if self.low > -MATTERS and self.high < MATTERS else "unclear"


def effect(base: Mapping[int, float], changed: Mapping[int, float], floor: Mapping[int, float]) -> Effect | None:
    """The effect on the seeds that both have; None where there is no gap, or nothing to compare.

    Args:
        base, changed: seed -> error without and with the change.
        floor: seed -> the error that nothing goes below: the oracle's, or 0.
    """
    shares = []
    for seed in sorted(base.keys() & changed.keys()):
        gap = base[seed] - floor.get(seed, 0.0)
        if gap > LEAST:
            # one seed that explodes is told by its sign, and does not swamp the mean
            shares.append(max(-1.0, (base[seed] - changed[seed]) / gap))
    if not shares:
        return None
    mean, count = float(np.mean(shares)), len(shares)
    if count == 1:
        return Effect(mean, -math.inf, math.inf, 1)
    spread = float(np.std(shares, ddof=1)) / math.sqrt(count)
    half = float(stats.t.ppf((1 + LEVEL) / 2, count - 1)) * spread
    return Effect(mean, mean - half, mean + half, count)


def in_order(effects: Sequence[Effect]) -> list[Effect]:
    """The same effects, those marked as `beyond` that stand behind the second which is not confirmed.

    Of twenty useless changes one would seem to help at a level of 5 % each. So they are tested in an order that does
    not come from the same runs (that of the screening), each at 5 %, until two of them failed. Only the first two
    useless ones of the order can then be called a cause wrongly, so at most one diagnosis in ten names a useless change
    at all (the union of two times 5 %; Hommel and Kropf, "Tests for differentiation in gene expression using a
    data-driven order or weights for hypotheses", Biometrical Journal 2005). Nothing is lost for intervals: they are as
    wide as for one change.

    Args:
        effects: the most promising first. Those of one seed are no tests, and do not count.
    """
    found, misses = [], 0
    for effect in effects:
        found.append(replace(effect, beyond=misses >= MISSES))
        misses += effect.seeds > 1 and not effect.confirmed
    return found
