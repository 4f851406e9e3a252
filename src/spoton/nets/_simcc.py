"""`SimCC`: each coordinate is a class of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.layers._survival import LOG_ZERO
from spoton.nets._head import YRange
from spoton.nets._parts import check_images, conv_block, image_shape, points_of


class BinNLL(nn.Module):
    """Cross-entropy between bins and a Gaussian around the answer: (log-probabilities (B, k, L), answers) -> scalar.

    Args:
        split: bins a pixel.
        sigma: standard deviation of the Gaussian, in pixels; 0 for the nearest bin alone.
    """

    def __init__(self, split: int = 1, sigma: float = 0.0) -> None:
        super().__init__()
        self.split, self.sigma = split, sigma

    def forward(self, log_p: Tensor, y_px: Tensor) -> Tensor:
        """The loss, summed over outputs and averaged over the batch."""
        bins = torch.arange(log_p.shape[-1], device=log_p.device, dtype=log_p.dtype) / self.split
        away = (bins - y_px.unsqueeze(-1).to(log_p.dtype)).abs()
        if self.sigma:
            target = torch.softmax(-0.5 * (away / self.sigma).square(), dim=-1)
        else:
            target = F.one_hot(away.argmin(-1), log_p.shape[-1]).to(log_p.dtype)
        return -(target * log_p).sum((-1, -2)).mean()


class SimCC(nn.Module):
    """Li et al., "SimCC: a simple coordinate classification perspective for human pose estimation", 2022.

    A backbone makes one map a point; flattened, it is classified into bins of x and into bins of y. The sizes are for
    images of 28 x 28: six convolutions, down to a quarter of the image's size.

    Args:
        in_shape: (C, H, W).
        n_out: number of coordinates: consecutive pairs (x, y).
        width: channels of the first layer; later ones have two and four times as many.
        split: bins a pixel, 1 or more. Answers in whole pixels need no more than 1.
        sigma: standard deviation of the Gaussian labels, in pixels; 0 for none.
        y_range: not used; bins are always in the image.

    Shape: (B, C, H, W) -> log-probabilities (B, n_out, split * max(H, W)); `decode` makes pixels of them.

    Raises:
        Refused: the inputs are no images, or the outputs are no pairs.
        UsageError: a split under 1 or a negative sigma.
    """

    def __init__(
        self,
        in_shape: Sequence[int] = (1, 28, 28),
        n_out: int = 2,
        *,
        width: int = 16,
        split: int = 1,
        sigma: float = 0.0,
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        if split < 1 or sigma < 0:
            raise UsageError(f"simcc needs a split of 1 or more and no negative sigma, not {split} and {sigma}")
        self.in_shape = channels, height, columns = image_shape(in_shape, "simcc")
        points = points_of(n_out, "simcc")
        self.split, self.length = split, split * max(height, columns)
        self.criterion = partial(BinNLL, split=split, sigma=sigma)
        self.features = nn.Sequential(
            conv_block(channels, width),
            conv_block(width, width),
            conv_block(width, 2 * width, stride=2),
            conv_block(2 * width, 2 * width),
            conv_block(2 * width, 4 * width, stride=2),
            conv_block(4 * width, 4 * width),
            nn.Conv2d(4 * width, points, 1),
            nn.Flatten(2),
        )
        cells = math.ceil(math.ceil(height / 2) / 2) * math.ceil(math.ceil(columns / 2) / 2)
        self.x_bins = nn.Linear(cells, split * columns)
        self.y_bins = nn.Linear(cells, split * height)

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities over bins."""
        check_images(x, self, *self.in_shape)
        maps = self.features(x)
        both = [self._padded(torch.log_softmax(bins(maps), dim=-1)) for bins in (self.x_bins, self.y_bins)]
        return torch.stack(both, dim=2).flatten(1, 2)

    def _padded(self, log_p: Tensor) -> Tensor:
        return F.pad(log_p, (0, self.length - log_p.shape[-1]), value=LOG_ZERO)

    def decode(self, log_p: Tensor) -> Tensor:
        """The centre of the most probable bin, in pixels."""
        return log_p.argmax(dim=-1) / self.split
