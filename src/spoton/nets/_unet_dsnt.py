"""`UNetDSNT`: a heatmap for each point, read off as its expected point."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from spoton.layers import dsnt
from spoton.nets._head import YRange
from spoton.nets._heatmaps import DSNTLoss, log_heatmaps
from spoton.nets._parts import check_images, image_shape, points_of
from spoton.nets._unet import UNet


class UNetDSNT(nn.Module):
    """A U-Net with the layer of Nibali et al., "Numerical coordinate regression with ...", 2018; see `DSNTLoss`.

    Args:
        in_shape: (C, H, W).
        n_out: number of coordinates: consecutive pairs (x, y).
        width: channels of the first level.
        depth: number of poolings.
        weight: weight of the heatmap's divergence from a Gaussian.
        sigma: standard deviation of that Gaussian, in pixels.
        y_range: not used; expected points are always in the image.

    Shape: (B, C, H, W) -> log-probabilities (B, n_out / 2, H, W); `decode` makes points in pixels of them.

    Raises:
        Refused: the inputs are no images, or the outputs are no pairs.

    Limits: the expected point lies between pixels; it is exact only as far as all probability is on one.
    """

    def __init__(
        self,
        in_shape: Sequence[int] = (1, 28, 28),
        n_out: int = 2,
        *,
        width: int = 8,
        depth: int = 3,
        weight: float = 1.0,
        sigma: float = 1.0,
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        self.channels = channels = image_shape(in_shape, "unet-dsnt")[0]
        self.backbone = UNet(channels, points_of(n_out, "unet-dsnt"), width, depth)
        self.criterion = partial(DSNTLoss, weight=weight, sigma=sigma)

    def forward(self, x: Tensor) -> Tensor:
        """Heatmaps."""
        check_images(x, self, self.channels)
        return log_heatmaps(self.backbone(x))

    def decode(self, log_p: Tensor) -> Tensor:
        """The expected points, (B, n_out)."""
        return dsnt(log_p.exp()).flatten(-2)
