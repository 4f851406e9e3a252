"""`CoordChannels`: tells a convolution where it is, by channels that hold the coordinates."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton.layers._checks import check_axes
from spoton.layers._grid import centres


def coord_channels(x: Tensor, *, radius: bool = False) -> Tensor:
    """Append the x and y coordinates of every pixel as channels.

    Liu et al., "An intriguing failing of convolutional neural networks and the CoordConv solution", 2018.

    Args:
        x: images (..., C, H, W).
        radius: append the distance from the middle of the image as well.

    Returns:
        (..., C + 2, H, W), or C + 3: the channels of `x`, then x and y in the `unit` frame (-1 and 1 at the centres of
        the outer pixels, 0 along an axis of one pixel), then the radius, sqrt(x^2 + y^2), 0 to sqrt(2).

    Raises:
        DataError: no images.
    """
    check_axes(x, "images", "C H W")
    height, width = x.shape[-2:]
    across = centres(width, x, "unit").expand(height, width)
    down = centres(height, x, "unit").unsqueeze(-1).expand(height, width)
    planes = [across, down]
    if radius:
        planes.append((across.square() + down.square()).sqrt())
    stacked = torch.stack(planes).to(x.dtype)
    return torch.cat([x, stacked.expand(*x.shape[:-3], *stacked.shape)], dim=-3)


class CoordChannels(nn.Module):
    """`coord_channels` as a module: put it before a convolution, which then takes `extra` channels more.

    Args:
        radius: append the distance from the middle of the image as well.

    Attributes:
        extra: number of channels that it adds.

    Shape: (..., C, H, W) -> (..., C + extra, H, W).

    Example:
        >>> import torch
        >>> CoordChannels()(torch.zeros(1, 2, 3))[1]
        tensor([[-1.,  0.,  1.],
                [-1.,  0.,  1.]])
    """

    def __init__(self, radius: bool = False) -> None:
        super().__init__()
        self.radius = radius
        self.extra = 3 if radius else 2

    def forward(self, x: Tensor) -> Tensor:
        """Images with coordinates."""
        return coord_channels(x, radius=self.radius)

    def extra_repr(self) -> str:
        """Options."""
        return f"radius={self.radius}"
