"""`STN`: looks through a window that it places itself, and points in there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton import frames
from spoton.nets._head import YRange
from spoton.nets._parts import check_images, conv_block, image_shape, points_of

GRID = 4  # maps are pooled to so many cells a side before the linear layers, whatever the image's size


class STN(nn.Module):
    """Jaderberg et al., "Spatial transformer networks", 2015, for points.

    A small net looks at the image and chooses an affine map; the image is resampled through it; a second net finds
    the points in what is seen there, and the same map carries them back into the image. The map begins as identity.

    Args:
        in_shape: (C, H, W).
        n_out: number of coordinates: consecutive pairs (x, y).
        width: channels of the first layer of the second net.
        y_range: not used; points are in the image.

    Shape: (B, C, H, W) -> (B, n_out) in pixels; `decode` keeps them in the image.

    Raises:
        Refused: the inputs are no images, or the outputs are no pairs.

    Limits: sampling is bilinear, so the gradient with respect to the map sees only the nearest pixels.
    """

    criterion = nn.MSELoss
    size_px: Tensor

    def __init__(
        self, in_shape: Sequence[int] = (1, 28, 28), n_out: int = 2, *, width: int = 32, y_range: YRange = None
    ) -> None:
        super().__init__()
        self.in_shape = channels, height, columns = image_shape(in_shape, "stn")
        self.points = points_of(n_out, "stn")
        self.register_buffer("size_px", torch.tensor([float(columns), float(height)]), persistent=False)
        last = nn.Linear(32, 6)
        with torch.no_grad():
            last.weight.zero_()
            last.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]))
        self.place = nn.Sequential(
            conv_block(channels, 8, stride=2),
            conv_block(8, 16, stride=2),
            nn.AdaptiveAvgPool2d(GRID),
            nn.Flatten(),
            nn.Linear(16 * GRID**2, 32),
            nn.ReLU(),
            last,
        )
        self.find = nn.Sequential(
            conv_block(channels, width),
            conv_block(width, width, stride=2),
            conv_block(width, 2 * width, stride=2),
            nn.AdaptiveAvgPool2d(GRID),
            nn.Flatten(),
            nn.Linear(2 * width * GRID**2, 64),
            nn.ReLU(),
            nn.Linear(64, n_out),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Points in pixels."""
        check_images(x, self, *self.in_shape)
        if not x.shape[0]:  # torch makes no empty grid
            return x.new_empty(0, 2 * self.points)
        theta = self.place(x).view(-1, 2, 3)
        # align_corners: -1 and 1 are the centres of the outer pixels, which is the frame `unit`
        grid = F.affine_grid(theta, list(x.shape), align_corners=True)
        seen = F.grid_sample(x, grid, align_corners=True)
        found = self.find(seen).view(-1, self.points, 2)
        unit = found @ theta[:, :, :2].transpose(1, 2) + theta[:, None, :, 2]
        points: Tensor = frames.from_unit(unit, self.size_px).flatten(1)
        return points

    def decode(self, points: Tensor) -> Tensor:
        """The points, kept in the image."""
        pairs = points.reshape(*points.shape[:-1], self.points, 2)
        return torch.minimum(pairs.clamp_min(0.0), self.size_px.to(points.device) - 1).flatten(-2)
