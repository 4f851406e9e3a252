"""`RangeSigmoid`: the last layer of nets whose answers lie between known limits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class RangeSigmoid(nn.Module):
    """`lo + (hi - lo) * sigmoid(x)`, with limits of their own for each output (fastai's SigmoidRange has one pair).

    Args:
        lo: lower limits, (k,) or a number.
        hi: upper limits, (k,) or a number.

    Shape: (..., k) -> (..., k).
    """

    lo: Tensor
    hi: Tensor

    def __init__(self, lo: float | Sequence[float] = -1.0, hi: float | Sequence[float] = 1.0) -> None:
        super().__init__()
        self.register_buffer("lo", torch.as_tensor(lo, dtype=torch.float32))
        self.register_buffer("hi", torch.as_tensor(hi, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Squash `x` into the limits."""
        return self.lo + (self.hi - self.lo) * torch.sigmoid(x)

    def extra_repr(self) -> str:
        """The limits."""
        return f"lo={self.lo.tolist()}, hi={self.hi.tolist()}"


YRange = tuple[Sequence[float], Sequence[float]] | None


def head(y_range: YRange) -> nn.Module:
    """The sigmoid between the limits, or nothing."""
    return nn.Identity() if y_range is None else RangeSigmoid(*y_range)
