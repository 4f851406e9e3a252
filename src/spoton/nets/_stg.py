"""`STG`: a net behind stochastic gates, one an input, that close on inputs it does not need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from spoton.nets._head import YRange, head


class STG(nn.Module):
    """Gates z = clamp(1/2 + mu + sigma e, 0, 1) on the inputs, with normal noise e while it trains; then a tanh net.

    A gate is open with probability F((mu + 1/2) / sigma), F the normal distribution; `penalty` is the mean of that over
    the inputs, the authors' code's form of the expected number of open gates, to be added to the loss.

    Args:
        in_shape: shape of one example.
        n_out: number of outputs.
        hidden: widths of the hidden layers.
        sigma: size of the noise.
        y_range: (lo, hi), each with one value an output; None for no sigmoid.

    Shape: (B, *in_shape) -> (B, n_out).

    Reference: Y. Yamada, O. Lindenbaum, S. Negahban, Y. Kluger, "Feature Selection using Stochastic Gates", ICML 2020;
    widths and sigma are those of the regression example of the authors' code.

    Limits: inputs have to be standardised, since the penalty knows nothing of their units.
    """

    def __init__(
        self,
        in_shape: Sequence[int] = (20,),
        n_out: int = 1,
        *,
        hidden: Sequence[int] = (500, 50, 10),
        sigma: float = 0.5,
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        self.sigma = sigma
        # half open on average, and not all alike, as in the authors' code
        self.mu = nn.Parameter(0.01 * torch.randn(math.prod(in_shape)))
        layers: list[nn.Module] = []
        for n_in, n_next in pairwise((math.prod(in_shape), *hidden)):
            layers += [nn.Linear(n_in, n_next), nn.Tanh()]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden[-1], n_out), head(y_range))

    def gates(self, noise: Tensor | None = None) -> Tensor:
        """Openness of the gates, 0 to 1: (D,), or (B, D) with `noise` (B, D)."""
        shifted = self.mu + 0.5 if noise is None else self.mu + 0.5 + self.sigma * noise
        return shifted.clamp(0, 1)

    def penalty(self) -> Tensor:
        """Mean probability that a gate is open."""
        open_: Tensor = torch.special.ndtr((self.mu + 0.5) / self.sigma)
        return open_.mean()

    def forward(self, x: Tensor) -> Tensor:
        """Answers (B, n_out)."""
        x = x.flatten(1)
        out: Tensor = self.layers(x * self.gates(torch.randn_like(x) if self.training else None))
        return out
