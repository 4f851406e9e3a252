"""`head`: the last layer of nets whose answers may lie between limits."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from spoton.layers import RangeHead

YRange = tuple[Sequence[float], Sequence[float]] | None


def head(y_range: YRange) -> nn.Module:
    """The sigmoid between the limits, or nothing."""
    return nn.Identity() if y_range is None else RangeHead(*y_range)
