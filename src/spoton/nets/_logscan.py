"""`LogScanNet`: the channels of the survival scans, weighed pixel by pixel. The weakest prior that hits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from spoton.layers import LogScan, decode_heatmap
from spoton.nets._head import YRange
from spoton.nets._heatmaps import HeatmapNLL, log_heatmaps
from spoton.nets._parts import check_images, conv_block, image_shape, points_of


class LogScanNet(nn.Module):
    """`LogScan`, a 1 x 1 convolution, and a softmax over pixels: 2 + 15 + C weights and a bias for one point.

    It is told no candidates. Of the channels it learns which to add up: ink + topleft is the log-probability of the
    first ink pixel.

    Args:
        in_shape: (C, H, W).
        n_out: number of coordinates: consecutive pairs (x, y).
        scan: prepend the channels of the scans; without them the same net sees the image alone.
        width: channels of 3 x 3 convolutions between the channels and the last layer.
        depth: number of these convolutions.
        sigma: standard deviation of a Gaussian around the answer in training, in pixels; 0 for its pixel alone.
        y_range: not used; pixels are always in the image.

    Shape: (B, C, H, W) -> log-probabilities (B, n_out / 2, H, W); `decode` makes pixels of them.

    Raises:
        Refused: the inputs are no images, or the outputs are no pairs.

    Limits: a point that no sum of channels is largest at, as the middle of the ink box, needs a backbone between.
    """

    def __init__(
        self,
        in_shape: Sequence[int] = (1, 28, 28),
        n_out: int = 2,
        *,
        scan: bool = True,
        width: int = 16,
        depth: int = 0,
        sigma: float = 0.0,
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        self.channels = channels = image_shape(in_shape, "logscan")[0]
        layers: list[nn.Module] = []
        if scan:
            layers.append(LogScan())
            channels += LogScan.extra
        for _ in range(depth):
            layers.append(conv_block(channels, width))
            channels = width
        self.maps = nn.Sequential(*layers, nn.Conv2d(channels, points_of(n_out, "logscan"), 1))
        self.criterion = partial(HeatmapNLL, sigma=sigma)

    def forward(self, x: Tensor) -> Tensor:
        """Heatmaps."""
        check_images(x, self, self.channels)
        return log_heatmaps(self.maps(x))

    def decode(self, log_p: Tensor) -> Tensor:
        """The most probable pixel of each map, (B, n_out)."""
        return decode_heatmap(log_p).flatten(-2)
