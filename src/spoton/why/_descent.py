"""Short descents from a net's first weights: one batch learned by heart, and a range test of learning rates."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from spoton.why._alter import dropouts
from spoton.why._inside import Inside, Rows

if TYPE_CHECKING:
    from torch import nn

STEPS, FEWEST = 100, 20  # of a descent; with fewer than the latter it is left out
FINE = 50  # of a range test: neighbouring rates then differ by less than a factor of 1.4
NEAR = 3.0  # times the range: its ends are not known better
LOWEST, HIGHEST = 1e-6, 10.0  # learning rates of the range test: those of Adam and of plain descent lie in between
BLOWN = 4.0  # times the best loss, where the test ends, as in fastai's
FALL = 0.05  # of the first loss: less is no fall
STEEP = 10.0  # the rate of the lowest loss is about to diverge; a tenth of it is the usual advice (Howard's, in fastai)


@dataclass(frozen=True)
class Batch:
    """One batch learned by heart, as far as so many steps go."""

    rows: int
    steps: int
    score: float  # R2


@dataclass(frozen=True)
class Range:
    """What a range test saw (L. Smith, "Cyclical learning rates", 2017): a rate that grows from step to step.

    Attributes:
        rates, losses: of its steps.
        low, high: between these rates the loss falls; None where it never does.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    low: float | None
    high: float | None

    def place(self, lr: float) -> str:
        """Where a rate lies: below, within or above the range."""
        if self.low is None or self.high is None:
            return "within"
        return "below" if lr < self.low / NEAR else "above" if lr > self.high * NEAR else "within"

    @property
    def suggested(self) -> float | None:
        return None if self.high is None else float(f"{self.high / STEEP:.2g}")


def one_batch(subject: Inside) -> Batch | None:
    """Train the fresh net on one batch by the learner's own optimiser, its rate falling to 0; no dropout."""
    rows = _first(subject)
    module = _fresh(subject)
    steps = _steps(subject, module, rows)
    if steps < FEWEST:
        return None
    module = _fresh(subject)
    _descend(subject, module, rows, steps, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps)))
    return Batch(len(rows), steps, subject.score(module, rows))


def range_test(subject: Inside) -> Range | None:
    """Train the fresh net on one batch with rates from 1e-6 to 10, each larger than the last by one factor."""
    rows = _first(subject)
    module = _fresh(subject)
    steps = _steps(subject, module, rows)
    if steps < FINE:
        return None
    grow = (HIGHEST / LOWEST) ** (1 / (steps - 1))
    rates = [LOWEST * grow**step for step in range(steps)]
    losses = _descend(subject, _fresh(subject), rows, steps, lambda step: rates[step] / subject.model.lr)
    return in_range(rates, losses)


def in_range(rates: list[float], losses: list[float]) -> Range:
    """Where the losses fall; a loss belongs to the rate of the step before it."""
    rates, losses = rates[: len(losses)], [loss for loss in losses if math.isfinite(loss)]
    kept = tuple(rates[: len(losses)])
    fallen = losses[0] - FALL * abs(losses[0]) if losses else 0.0
    if len(losses) < 2 or min(losses) > fallen:
        return Range(kept, tuple(losses), None, None)
    low = next(step for step, loss in enumerate(losses) if loss <= fallen)
    high = losses.index(min(losses))
    return Range(kept, tuple(losses), rates[max(low - 1, 0)], rates[max(high - 1, 0)])


def _first(subject: Inside) -> Rows:
    """The first batch of the training rows, of 2 rows at least."""
    return next(subject.train.batches(max(2, subject.batch_size)))


def _fresh(subject: Inside) -> nn.Module:
    """The net before its first step, in training mode, without dropout: what is learned by heart must not be hidden."""
    module = copy.deepcopy(subject.start).train()
    for part in dropouts(module):
        part.p = 0.0
    return module


def _steps(subject: Inside, module: nn.Module, rows: Rows) -> int:
    """How many steps the time allows; of the fastest of three, since a first one is slow."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        _descend(subject, module, rows, 1, lambda step: 0.0)
        seconds.append(time.perf_counter() - start)
    return min(STEPS, int(subject.seconds / max(min(seconds), 1e-6)))


def _descend(subject: Inside, module: nn.Module, rows: Rows, steps: int, factor: Callable[[int], float]) -> list[float]:
    """The losses before each step; it ends at a loss that is not finite, or far above the best."""
    import torch

    model, losses = subject.model, list[float]()
    trained = [(name, weights) for name, weights in module.named_parameters() if weights.requires_grad]
    rates = [_rate(module, name, model.lr) for name, _ in trained]
    groups: list[dict[str, Any]] = [
        {"params": [weights], "lr": rate} for (_, weights), rate in zip(trained, rates, strict=True)
    ]
    if not groups:
        return []
    optimizer: torch.optim.Optimizer
    if getattr(model, "optimizer", "adam") == "sgd":
        optimizer = torch.optim.SGD(groups, momentum=0.9, nesterov=True)
    else:  # fastai's Adam forgets squares at 0.99
        optimizer = torch.optim.AdamW(groups, betas=(0.9, getattr(model, "beta2", 0.99)), weight_decay=0.0)
    for step in range(steps):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor(step)
        optimizer.zero_grad()
        loss = subject.loss(module, rows)
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]) or losses[-1] > BLOWN * max(min(losses), 1e-12 + 0.01 * abs(losses[0])):
            break
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return losses


def _rate(module: nn.Module, name: str, lr: float) -> float:
    """Of one tensor of weights: a net may step some of them with so many times the learning rate."""
    factors: dict[str, float] = getattr(module, "lr_factors", {})
    return lr * next((factor for pattern, factor in factors.items() if fnmatch(name, pattern)), 1.0)
