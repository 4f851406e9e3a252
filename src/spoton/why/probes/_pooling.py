"""Average pooling in a net replaced by maxima, or by maxima and minima. Loads torch: import it where it is used."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

AVERAGES = (nn.AvgPool2d, nn.AdaptiveAvgPool2d)


class MaxMin(nn.Module):
    """Maximum over each window for the first half of the channels, minimum for the others: as many as came.

    Args:
        kernel_size, stride, padding: of the windows, as in `torch.nn.MaxPool2d`.
        output_size: rows and columns of the result instead, as in `torch.nn.AdaptiveMaxPool2d`.

    Shape: (B, C, H, W) -> (B, C, H', W').
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int] = 2,
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        output_size: Any = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.output_size = kernel_size, stride, padding, output_size

    def forward(self, x: Tensor) -> Tensor:
        """Maxima, then minima."""
        half = -(-x.shape[-3] // 2)
        signed = torch.cat([x[..., :half, :, :], -x[..., half:, :, :]], dim=-3)
        if self.output_size is not None:
            pooled = F.adaptive_max_pool2d(signed, self.output_size)
        else:
            pooled = F.max_pool2d(signed, self.kernel_size, self.stride, self.padding)
        return torch.cat([pooled[..., :half, :, :], -pooled[..., half:, :, :]], dim=-3)


def averages(net: nn.Module) -> int:
    """How many layers of a net pool by averages; those written as functions are not seen."""
    return sum(isinstance(part, AVERAGES) for part in net.modules())


def without_averages(net: nn.Module, pool: str) -> nn.Module:
    """The net with other pooling, in place.

    Args:
        net: any. pool: `max`, or `max and min` (see `MaxMin`).
    """
    for name, part in net.named_children():
        if isinstance(part, nn.AdaptiveAvgPool2d):
            size: Any = part.output_size
            new: nn.Module = nn.AdaptiveMaxPool2d(size) if pool == "max" else MaxMin(output_size=size)
        elif isinstance(part, nn.AvgPool2d):
            windows: dict[str, Any] = {key: getattr(part, key) for key in ("kernel_size", "stride", "padding")}
            new = nn.MaxPool2d(**windows, ceil_mode=part.ceil_mode) if pool == "max" else MaxMin(**windows)
        else:
            without_averages(part, pool)
            continue
        setattr(net, name, new)
    return net
