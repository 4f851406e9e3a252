"""`UNetHeatmap`: a heatmap for each point, read off at its largest pixel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.layers import LogScan, decode_heatmap
from spoton.nets._head import YRange
from spoton.nets._heatmaps import HeatmapMSE, HeatmapNLL, log_heatmaps
from spoton.nets._parts import check_images, image_shape, points_of
from spoton.nets._unet import UNet

LOSSES = {"nll": HeatmapNLL, "mse": HeatmapMSE}


class UNetHeatmap(nn.Module):
    """A U-Net that paints one heatmap a point, trained on the heatmap; the answer is its largest pixel.

    Args:
        in_shape: (C, H, W).
        n_out: number of coordinates: consecutive pairs (x, y).
        width: channels of the first level.
        depth: number of poolings.
        scan: put the channels of `LogScan` beside those of the image.
        loss: `nll` (cross-entropy of the softmax over pixels) or `mse` (squared error to a Gaussian of height 1).
        sigma: standard deviation of the Gaussian around the answer, in pixels; 0 (`nll` only) for its pixel alone.
        y_range: not used; pixels are always in the image.

    Shape: (B, C, H, W) -> log-probabilities (B, n_out / 2, H, W), with `mse` heights; `decode` makes pixels of them.

    Raises:
        Refused: the inputs are no images, or the outputs are no pairs.
        UsageError: an unknown loss.
    """

    def __init__(
        self,
        in_shape: Sequence[int] = (1, 28, 28),
        n_out: int = 2,
        *,
        width: int = 8,
        depth: int = 3,
        scan: bool = False,
        loss: str = "nll",
        sigma: float = 0.0,
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        if loss not in LOSSES:
            raise UsageError(f"no loss of unet-heatmap is called '{loss}'; known: {', '.join(LOSSES)}")
        if loss == "mse" and not sigma > 0:
            raise UsageError(f"the loss mse needs a Gaussian with a sigma above 0, not {sigma}")
        self.channels = channels = image_shape(in_shape, "unet-heatmap")[0]
        self.scan = LogScan() if scan else nn.Identity()
        channels += LogScan.extra if scan else 0
        self.backbone = UNet(channels, points_of(n_out, "unet-heatmap"), width, depth)
        self.loss = loss
        self.criterion = partial(LOSSES[loss], sigma=sigma)

    def forward(self, x: Tensor) -> Tensor:
        """Heatmaps."""
        check_images(x, self, self.channels)
        maps: Tensor = self.backbone(self.scan(x))
        return maps if self.loss == "mse" else log_heatmaps(maps)

    def decode(self, maps: Tensor) -> Tensor:
        """The largest pixel of each map, (B, n_out)."""
        return decode_heatmap(maps).flatten(-2)
