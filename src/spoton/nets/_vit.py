"""`ViTSmall`: a small vision transformer, as a regressor."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.nets._head import YRange, head
from spoton.nets._parts import check_images, image_shape


class ViTSmall(nn.Module):
    """Dosovitskiy et al., "An image is worth 16x16 words", 2021, in the plain form of Beyer et al., 2022.

    Fixed sine-cosine positions, layer normalisation first, GELU, the mean of all tokens instead of a class token. The
    sizes are for images of 28 x 28 on a CPU: patches of 4 x 4, 4 layers of width 64.

    Args:
        in_shape: (C, H, W); images are padded with zeros on the right and below to whole patches.
        n_out: number of outputs.
        patch: side of a patch, in pixels.
        width: width of a token, a multiple of 4 and of `heads`.
        depth: number of layers.
        heads: heads of attention.
        y_range: (lo, hi), each with one value an output; None for no sigmoid.

    Shape: (B, C, H, W) -> (B, n_out).

    Raises:
        Refused: the inputs are no images.
        UsageError: a width that cannot be shared out.
    """

    positions: Tensor

    def __init__(
        self,
        in_shape: Sequence[int] = (1, 28, 28),
        n_out: int = 2,
        *,
        patch: int = 4,
        width: int = 64,
        depth: int = 4,
        heads: int = 4,
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        self.in_shape = channels, image_h, image_w = image_shape(in_shape, "vit-small")
        if width % 4 or width % heads:
            raise UsageError(f"the width of a token has to be a multiple of 4 and of heads ({heads}), it is {width}")
        self.pad = (0, -image_w % patch, 0, -image_h % patch)
        self.embed = nn.Conv2d(channels, width, patch, stride=patch)
        rows, columns = math.ceil(image_h / patch), math.ceil(image_w / patch)
        self.register_buffer("positions", sine_positions(rows, columns, width), persistent=False)
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)
        self.last = nn.Linear(width, n_out)
        self.head = head(y_range)

    def forward(self, x: Tensor) -> Tensor:
        """Answers (B, n_out)."""
        check_images(x, self, *self.in_shape)
        tokens = self.embed(F.pad(x, self.pad)).flatten(2).transpose(1, 2)
        out: Tensor = self.head(self.last(self.encoder(tokens + self.positions).mean(dim=1)))
        return out


def sine_positions(rows: int, columns: int, width: int) -> Tensor:
    """Sines and cosines of the patch's row and column at `width / 4` wavelengths, (rows * columns, width)."""
    rates = 10_000 ** -torch.linspace(0, 1, width // 4)
    y, x = torch.meshgrid(torch.arange(float(rows)), torch.arange(float(columns)), indexing="ij")
    angles = torch.cat([x.reshape(-1, 1) * rates, y.reshape(-1, 1) * rates], dim=1)
    return torch.cat([angles.sin(), angles.cos()], dim=1)
