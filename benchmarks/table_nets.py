"""Small nets for tables, many at once: each has its own weights, rows and learning rate, and all take a step together.

So every setting of table_questions.py can have its learning rate tuned, on seeds that are not reported, and a page of
experiments still fits into minutes on one core.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from spoton.data import Array

SEEDS, TUNING = tuple(range(100, 105)), (0, 1, 2)  # reported; to choose learning rates with
RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
HELD_OUT = 0.2  # of the training rows, to choose the learning rate on


@dataclass(frozen=True)
class Net:
    """A net and its training: Adam on the mean squared error, the learning rate falling to 0 along a cosine.

    Attributes:
        hidden: widths of the hidden layers; empty for a linear model.
        relu: an activation after each of them.
        epochs, batch_size: as always.
        dropout: of the hidden units, in training.
        init: `default` (torch's: uniform, by fan-in), `orthogonal`, `zero head` or `larger` (3 times the default).
        x_scale: standardise the columns. y_scale: `standard`, `none`, or `half widths` (px / 14 - 1, as in 2020).
    """

    hidden: tuple[int, ...] = (64,)
    relu: bool = True
    epochs: int = 30
    batch_size: int = 32
    dropout: float = 0.0
    init: str = "default"
    x_scale: bool = True
    y_scale: str = "standard"


@dataclass(frozen=True)
class Rows:
    """Training and held-out rows of one seed: X (n, D), y (n, K)."""

    seed: int
    X: Array
    y: Array
    X_valid: Array
    y_valid: Array

    def inner(self) -> Rows:
        """The training rows, a fifth of them held out."""
        order = np.random.RandomState(self.seed).permutation(len(self.X))
        cut = round(len(order) * (1 - HELD_OUT))
        fit, rest = order[:cut], order[cut:]
        return replace(self, X=self.X[fit], y=self.y[fit], X_valid=self.X[rest], y_valid=self.y[rest])


def tuned(make: Callable[[int], Rows], net: Net) -> list[float]:
    """R2 of the first answer on held-out rows, one a seed; `make` gives the rows of a seed."""
    tries = scores([make(seed).inner() for seed in TUNING for _ in RATES], net, RATES * len(TUNING))
    rate = RATES[int(tries.reshape(len(TUNING), -1).mean(axis=0).argmax())]
    found: list[float] = scores([make(seed) for seed in SEEDS], net, [rate] * len(SEEDS)).tolist()
    return found


def scores(rows: Sequence[Rows], net: Net, rates: Sequence[float]) -> Array:
    """Train one net for each entry of `rows`; R2 of the first answer on its held-out rows, -inf if it diverged."""
    x, x_valid = (torch.stack(parts) for parts in zip(*(_inputs(part, net) for part in rows), strict=True))
    y, mean, scale = (torch.stack(parts) for parts in zip(*(_answers(part, net) for part in rows), strict=True))
    weights = fit(x, y, net, torch.tensor(rates), [part.seed for part in rows])
    with torch.no_grad():
        predicted = (forward(weights, x_valid, net) * scale + mean)[..., 0].numpy()
    right = np.stack([part.y_valid[:, 0] for part in rows])
    left = ((predicted - right) ** 2).sum(1) / ((right - right.mean(1, keepdims=True)) ** 2).sum(1)
    found: Array = np.where(np.isfinite(left), 1 - left, -np.inf)
    return found


def _inputs(part: Rows, net: Net) -> tuple[Tensor, Tensor]:
    mean, sd = part.X.mean(0), part.X.std(0)
    scale = np.where(sd > 0, sd, 1.0) if net.x_scale else 1.0
    mean = mean if net.x_scale else 0.0
    return _float((part.X - mean) / scale), _float((part.X_valid - mean) / scale)


def _answers(part: Rows, net: Net) -> tuple[Tensor, Tensor, Tensor]:
    one = np.ones((1, part.y.shape[1]))
    mean, scale = {
        "standard": (part.y.mean(0, keepdims=True), part.y.std(0, keepdims=True)),
        "half widths": (14 * one, 14 * one),
        "none": (0 * one, one),
    }[net.y_scale]
    return _float((part.y - mean) / scale), _float(mean), _float(scale)


def _float(values: Array) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def begin(inputs: int, outputs: int, net: Net, seed: int) -> list[Tensor]:
    """Weights (D, H) and biases (1, H), layer by layer."""
    random = torch.Generator().manual_seed(seed)
    parts: list[Tensor] = []
    for a, b in pairwise([inputs, *net.hidden, outputs]):
        weight, bias = ((torch.rand(size, generator=random) * 2 - 1) / math.sqrt(a) for size in ((a, b), (1, b)))
        if net.init == "orthogonal":
            torch.nn.init.orthogonal_(weight, math.sqrt(2) if net.relu else 1.0, generator=random)
            bias = torch.zeros(1, b)
        parts += [weight * 3, bias] if net.init == "larger" else [weight, bias]
    if net.init == "zero head":
        parts[-2:] = [torch.zeros_like(part) for part in parts[-2:]]
    return parts


def forward(weights: Sequence[Tensor], x: Tensor, net: Net, random: torch.Generator | None = None) -> Tensor:
    """Answers (N, n, K) of N nets; with `random`, as in training."""
    for i in range(0, len(weights), 2):
        x = torch.baddbmm(weights[i + 1], x, weights[i])
        if i + 2 < len(weights):
            x = torch.relu(x) if net.relu else x
            if net.dropout and random is not None:
                x = x * (torch.rand(x.shape, generator=random) >= net.dropout) / (1 - net.dropout)
    return x


def fit(x: Tensor, y: Tensor, net: Net, rates: Tensor, seeds: Sequence[int]) -> list[Tensor]:
    """Adam on N nets: x (N, n, D), y (N, n, K), one learning rate and one seed each.

    Nets of the same seed begin alike and meet the rows in the same order.
    """
    count, rows = x.shape[:2]
    parts = zip(*(begin(x.shape[2], y.shape[2], net, seed) for seed in seeds), strict=True)
    weights = [torch.stack(part).requires_grad_() for part in parts]
    slow, fast = ([torch.zeros_like(w) for w in weights] for _ in range(2))
    orders = {seed: torch.Generator().manual_seed(seed + 1) for seed in seeds}
    random = torch.Generator().manual_seed(0)  # of the dropout
    size = min(net.batch_size, rows)
    per_epoch = rows // size
    steps, step, which = net.epochs * per_epoch, 0, torch.arange(count)[:, None]
    for _ in range(net.epochs):
        drawn = {seed: torch.randperm(rows, generator=order) for seed, order in orders.items()}
        order = torch.stack([drawn[seed] for seed in seeds])
        for begins in range(0, per_epoch * size, size):
            taken = order[:, begins : begins + size]
            loss = (forward(weights, x[which, taken], net, random) - y[which, taken]).square().mean((1, 2)).sum()
            gradients = torch.autograd.grad(loss, weights)
            rate = (rates * 0.5 * (1 + math.cos(math.pi * step / steps)))[:, None, None]
            step += 1
            with torch.no_grad():
                for w, g, m, v in zip(weights, gradients, slow, fast, strict=True):
                    m.lerp_(g, 0.1)
                    v.mul_(0.999).addcmul_(g, g, value=0.001)
                    w -= rate / (1 - 0.9**step) * m / ((v / (1 - 0.999**step)).sqrt_().add_(1e-8))
    return [w.detach() for w in weights]
