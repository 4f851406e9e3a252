"""`UNet`: the backbone of the two heatmap nets."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.nets._parts import conv_block


class UNet(nn.Module):
    """Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation", 2015, made small.

    As there: two 3 x 3 convolutions a level, pooling by 2 with twice the channels, transposed convolutions upwards,
    and what was there before the pooling put beside. Other than there: zero padding keeps sizes, with batch
    normalisation.

    Args:
        channels: channels of the image.
        maps: number of maps that come out.
        width: channels of the first level.
        depth: number of poolings.

    Shape: (B, channels, H, W) -> (B, maps, H, W); sizes that cannot be halved so often are padded with zeros inside.
    """

    def __init__(self, channels: int = 1, maps: int = 1, width: int = 8, depth: int = 3) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        self.multiple = 2**depth
        self.down = nn.ModuleList(_twice(a, b) for a, b in zip([channels, *widths[:-1]], widths, strict=True))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in reversed(widths[:-1]))
        self.join = nn.ModuleList(_twice(2 * w, w) for w in reversed(widths[:-1]))
        self.last = nn.Conv2d(width, maps, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps of logits."""
        height, width = x.shape[-2:]
        x = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple))
        kept = []
        for level, convs in enumerate(self.down):
            x = convs(F.max_pool2d(x, 2) if level else x)
            kept.append(x)
        for up, join, beside in zip(self.up, self.join, reversed(kept[:-1]), strict=True):
            x = join(torch.cat([beside, up(x)], dim=1))
        maps: Tensor = self.last(x)[..., :height, :width]
        return maps


def _twice(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(conv_block(n_in, n_out), conv_block(n_out, n_out))
