"""`Jitter`: small random shifts, turns and scalings in training, for what has to be blind to them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.layers._checks import check_axes


def jitter(x: Tensor, shift: float = 2.0, turn: float = 0.15, scale: float = 0.1, shear: float = 0.1) -> Tensor:
    """Each image moved by a random affine map of its own.

    Args:
        x: images (B, C, H, W).
        shift: at most so many pixels, each way.
        turn: at most so many radians.
        scale: each side by a factor of 1 - scale to 1 + scale.
        shear: at most so much.

    Returns:
        Images of the same shape, bilinear, 0 beyond the border.

    Raises:
        DataError: no images (B, C, H, W).
    """

    check_axes(x, "images", "C H W")
    if x.ndim != 4:
        raise DataError(f"each image of a batch is moved by itself: give (B, C, H, W), not {tuple(x.shape)}")
    if not x.shape[0]:
        return x

    def draw(most: float) -> Tensor:
        return (torch.rand(len(x), device=x.device, dtype=x.dtype) * 2 - 1) * most

    angle, wide, high, skew = draw(turn), 1 + draw(scale), 1 + draw(scale), draw(shear)
    # affine_grid's frame runs from -1 to 1 between the outer edges, so a pixel is 2 / size
    height, width = x.shape[-2:]
    across, down = draw(2 * shift / width), draw(2 * shift / height)
    cosine, sine = angle.cos(), angle.sin()
    rows = [
        torch.stack([wide * cosine, (skew - wide * sine) * (height / width), across], 1),
        torch.stack([high * sine * (width / height), high * cosine, down], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


class Jitter(nn.Module):
    """`jitter` in training, nothing in evaluation.

    Put it before the part of a net that says what an image shows, never before the part that says where: the answer
    moves with the image.

    Args:
        shift: in pixels.
        turn: in radians.
        scale: as a share.
        shear: as a share.

    Shape: (B, C, H, W) -> the same.

    Raises:
        UsageError: a size out of its range.
    """

    def __init__(self, shift: float = 2.0, turn: float = 0.15, scale: float = 0.1, shear: float = 0.1) -> None:
        super().__init__()
        if not (min(shift, turn, shear) >= 0 and 0 <= scale < 1):
            came = f"{shift}, {turn}, {shear} and {scale}"
            raise UsageError(f"shift, turn and shear are 0 or more, and scale is a share below 1, not {came}")
        self.shift, self.turn, self.scale, self.shear = shift, turn, scale, shear

    def forward(self, x: Tensor) -> Tensor:
        """Jittered images in training."""
        return jitter(x, self.shift, self.turn, self.scale, self.shear) if self.training else x

    def extra_repr(self) -> str:
        """Sizes."""
        return f"shift={self.shift}, turn={self.turn}, scale={self.scale}, shear={self.shear}"
