"""`MinMaxPool`: the brightest and the darkest value around each pixel, over windows that grow."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.layers._checks import check_axes


def min_max_pool(x: Tensor, levels: int = 3) -> Tensor:
    """Maximum and minimum over square windows around every pixel, at full resolution.

    The windows have sides of 3, 7, 15, ... pixels: each level pools the one before it in steps that double, so that
    all levels together cost 18 comparisons a pixel and level, whatever the window. In the words of morphology these are
    dilations and erosions. Pixels outside of the image do not count.

    Args:
        x: (..., C, H, W).
        levels: number of windows.

    Returns:
        (..., 2 levels C, H, W): all channels of the first maximum, of the first minimum, of the second maximum, ...
        Of equal values the gradient goes to one.

    Raises:
        DataError: no images.
        UsageError: fewer than one level.
    """
    _check(levels)
    check_axes(x, "images", "C H W")
    high = x.reshape(-1, 1, *x.shape[-2:])
    low = -high
    found = []
    for level in range(levels):
        high, low = _grown(high, 2**level), _grown(low, 2**level)
        found += [high.reshape(x.shape), -low.reshape(x.shape)]
    return torch.cat(found, dim=-3)


def _grown(x: Tensor, step: int) -> Tensor:
    # padded by hand: torch pads by half the kernel at most, and counts the kernel without its holes
    edged = F.pad(x, (step, step, step, step), value=-torch.inf)
    return F.max_pool2d(edged, 3, stride=1, dilation=step)


def _check(levels: int) -> None:
    if levels < 1:
        raise UsageError(f"pooling needs 1 level or more, not {levels}")


class MinMaxPool(nn.Module):
    """`min_max_pool` as a module.

    Args:
        levels: number of windows, with sides of 3, 7, 15, ... pixels.

    Shape: (..., C, H, W) -> (..., 2 levels C, H, W).

    Example:
        >>> import torch
        >>> MinMaxPool(levels=1)(torch.tensor([[[0.0, 1.0, 2.0, 3.0]]]))
        tensor([[[1., 2., 3., 3.]],
        <BLANKLINE>
                [[0., 0., 1., 2.]]])
    """

    def __init__(self, levels: int = 3) -> None:
        super().__init__()
        _check(levels)
        self.levels = levels

    def forward(self, x: Tensor) -> Tensor:
        """Maxima and minima."""
        return min_max_pool(x, self.levels)

    def extra_repr(self) -> str:
        """Levels."""
        return f"levels={self.levels}"
