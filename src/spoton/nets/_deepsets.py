"""`DeepSets`: a peer for lists. Every element by itself, pooled, and a small net on what was pooled."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.nets._head import YRange, head
from spoton.nets._parts import check_lists
from spoton.nets._pointing import Scale, list_length

POOLS = ("mean", "max", "sum")


class DeepSets(nn.Module):
    """Zaheer et al., "Deep sets", 2017: rho(pool over i of phi(x_i, i / L)), both nets with two layers.

    Args:
        in_shape: (L,), the number of columns.
        n_out: number of outputs.
        hidden: width of all layers.
        pool: `mean`, `max` or `sum`.
        y_range: (lo, hi), each with one value an output; None for no sigmoid.

    Shape: (B, L) -> (B, n_out).

    Raises:
        Refused: the inputs are images.
        UsageError: an unknown pool.
    """

    def __init__(
        self,
        in_shape: Sequence[int] = (32,),
        n_out: int = 1,
        *,
        hidden: int = 64,
        pool: str = "mean",
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        list_length(in_shape, "deepsets")
        if pool not in POOLS:
            raise UsageError(f"no pool is called '{pool}'; known: {', '.join(POOLS)}")
        self.pool = pool
        self.scale = Scale()
        self.phi = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.rho = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, n_out), head(y_range))

    def forward(self, x: Tensor) -> Tensor:
        """Answers (B, n_out)."""
        check_lists(x, self)
        place = torch.linspace(0, 1, x.shape[-1], device=x.device, dtype=x.dtype).expand(x.shape)
        each = self.phi(torch.stack([self.scale(x), place], dim=-1))
        pooled = (
            each.amax(dim=1) if self.pool == "max" else each.mean(dim=1) if self.pool == "mean" else each.sum(dim=1)
        )
        out: Tensor = self.rho(pooled)
        return out
