"""`BaseNet`: the small net of 2020. Flatten, linear, linear, sigmoid range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from spoton.errors import DataError
from spoton.nets._head import YRange, head


class BaseNet(nn.Module):
    """Flatten, linear, linear without bias, sigmoid range; no activation between the two unless `relu`.

    Args:
        in_shape: shape of one example, as in (1, 28, 28) or (72,).
        n_out: number of outputs.
        hidden: width of the first layer.
        mid: width of a layer between the two; 0 for none.
        relu: put a ReLU after each layer but the last.
        y_range: (lo, hi), each with one value an output; None for no sigmoid.

    Shape: (B, *in_shape) -> (B, n_out).
    """

    def __init__(
        self,
        in_shape: Sequence[int] = (1, 28, 28),
        n_out: int = 2,
        *,
        hidden: int = 28,
        mid: int = 0,
        relu: bool = False,
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        self.inputs = math.prod(in_shape)
        widths = [self.inputs, hidden, *([mid] if mid else [])]
        layers: list[nn.Module] = [nn.Flatten()]
        for n_in, n_next in pairwise(widths):
            layers.append(nn.Linear(n_in, n_next))
            if relu:
                layers.append(nn.ReLU())
        layers += [nn.Linear(widths[-1], n_out, bias=False), head(y_range)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Answers (B, n_out)."""
        if math.prod(x.shape[1:]) != self.inputs:
            raise DataError(f"this net takes {self.inputs} numbers an example, these have the shape {tuple(x.shape)}")
        out: Tensor = self.layers(x)
        return out
