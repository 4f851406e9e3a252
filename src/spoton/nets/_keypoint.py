"""`KeypointNet`: four convolutions, or a U-Net, and a `KeypointHead`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from spoton.layers import KeypointHead, PointNLL
from spoton.nets._head import YRange
from spoton.nets._parts import check_images, conv_block, image_shape, points_of
from spoton.nets._unet import UNet


class KeypointNet(nn.Module):
    """A plain backbone that keeps the image's size, and `KeypointHead` on top.

    Args:
        in_shape: (C, H, W).
        n_out: number of coordinates: consecutive pairs (x, y).
        width: channels of the 3 x 3 convolutions.
        depth: number of them.
        pools: a U-Net with so many poolings in their place, which sees further: each convolution looks one pixel
            around, and which corner of a room is the third cannot be told from nine pixels. 0 for none.
        y_range: not used; positions are always in the image.

    Shape: (B, C, H, W) -> log-probabilities (B, n_out, max(H, W)); `decode` makes pixels of them.

    Raises:
        Refused: the inputs are no images, or the outputs are no pairs.
    """

    criterion = PointNLL
    uses_kernels = True

    def __init__(
        self,
        in_shape: Sequence[int] = (1, 28, 28),
        n_out: int = 2,
        *,
        width: int = 16,
        depth: int = 4,
        pools: int = 0,
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        self.channels = channels = image_shape(in_shape, "keypoint-head")[0]
        widths = [channels, *[width] * depth]
        blocks = (conv_block(a, b) for a, b in pairwise(widths))
        self.backbone = UNet(channels, width, depth=pools) if pools else nn.Sequential(*blocks)
        self.head = KeypointHead(width if pools else widths[-1], points_of(n_out, "keypoint-head"))

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities over positions."""
        check_images(x, self, self.channels)
        out: Tensor = self.head(self.backbone(x))
        return out

    def decode(self, log_p: Tensor) -> Tensor:
        """The most probable pixel of each coordinate, (B, n_out)."""
        return self.head.decode(log_p)
