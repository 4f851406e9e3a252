"""`ResNet18LogScan`: the ResNet18 that missed, told what the survival scans know."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from spoton.layers import LogScan
from spoton.nets._head import YRange
from spoton.nets._parts import check_images, image_shape
from spoton.nets._resnet18 import ResNet18


class ResNet18LogScan(nn.Module):
    """`ResNet18` with the channels of `LogScan` beside those of the image, and otherwise the same net.

    Args:
        in_shape: (C, H, W).
        n_out: number of outputs.
        y_range: (lo, hi), each with one value an output; None for no sigmoid.

    Shape: (B, C, H, W) -> (B, n_out).

    Raises:
        Refused: the inputs are no images.

    Limits: it still averages over all pixels before its last layer, so it comes closer, and is not exact.
    """

    def __init__(self, in_shape: Sequence[int] = (1, 28, 28), n_out: int = 2, *, y_range: YRange = None) -> None:
        super().__init__()
        self.channels, height, width = image_shape(in_shape, "resnet18-logscan")
        self.scan = LogScan()
        self.net = ResNet18((self.channels + self.scan.extra, height, width), n_out, y_range=y_range)

    def forward(self, x: Tensor) -> Tensor:
        """Answers (B, n_out)."""
        check_images(x, self, self.channels)
        out: Tensor = self.net(self.scan(x))
        return out
