"""`KeypointHead`: exact points from the features of anybody's backbone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import DataError
from spoton.layers._candidates import PER_AXIS as READ
from spoton.layers._candidates import point_candidates
from spoton.layers._checks import check_axes, check_counts
from spoton.layers._survival import LOG_ZERO

PER_AXIS = READ + 1  # candidates of each coordinate: what the scans read off the mask, and the heatmap


class KeypointHead(nn.Module):
    """Puts points on top of a backbone: for each a mask, its survival scans, a heatmap, and a choice among them.

    A 1 x 1 convolution makes two maps a point. One is a mask, off which the scans read seven candidates of x and seven
    of y: the sides of its box, their middle, the ends of its extreme rows and columns. The other is a heatmap, whose
    marginals are the eighth. How much each candidate counts is learned, and depends on the mean of the features over
    all pixels, so that one kind of image may ask for another point than the next:
    log P(x) = log sum over c of softmax(w + V mean)_c P_c(x). Trained with `point_nll`.

    Args:
        features: channels of the backbone's last map.
        points: number of points.

    Attributes:
        features, points: as given.

    Shape: features (..., F, H, W) -> log-probabilities (..., 2 points, max(H, W)), x and y of one point after the
    other; `decode` makes pixels of them.

    Raises:
        DataError: another number of channels.
        UsageError: a number below 1.

    Limits: one answer a pixel of the map, so the backbone has to keep the image's size, or its map has to be brought
    up to it before (`torch.nn.Upsample`). x and y are read by themselves: of two equally good points it may mix both.

    Example:
        >>> import torch
        >>> backbone = torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3, padding=1), torch.nn.ReLU())
        >>> head = KeypointHead(features=16, points=2)
        >>> log_p = head(backbone(torch.rand(5, 3, 28, 40)))
        >>> head.decode(log_p).shape
        torch.Size([5, 4])
    """

    def __init__(self, features: int = 16, points: int = 1) -> None:
        super().__init__()
        check_counts(features=features, points=points)
        self.features, self.points = features, points
        self.maps = nn.Conv2d(features, 2 * points, 1)
        with torch.no_grad():
            # a mask that begins half full shows nothing but the corners of the image to its scans
            self.maps.bias.view(points, 2)[:, 0] = -6.0  # type: ignore[union-attr]
        self.weights = nn.Parameter(torch.randn(points, 2, PER_AXIS) * 0.1)
        self.by_image = nn.Linear(features, 2 * PER_AXIS * points)

    def forward(self, features: Tensor) -> Tensor:
        """Log-probabilities over positions."""
        check_axes(features, "maps of features", "F H W")
        if features.shape[-3] != self.features:
            raise DataError(f"this head takes maps (..., {self.features}, H, W), not {tuple(features.shape)}")
        lead, (height, width) = features.shape[:-3], features.shape[-2:]
        flat = features.reshape(-1, *features.shape[-3:])
        maps = self.maps(flat).reshape(-1, self.points, 2, height, width)
        candidates = self._candidates(maps[:, :, 0], maps[:, :, 1])
        shift = self.by_image(flat.mean((-2, -1))).reshape(-1, *self.weights.shape)
        weights = torch.log_softmax(self.weights + shift, dim=-1)
        mixed = torch.logsumexp(candidates + weights.unsqueeze(-1), dim=-2)
        return mixed.reshape(*lead, 2 * self.points, max(height, width))

    @staticmethod
    def _candidates(mask: Tensor, heat: Tensor) -> Tensor:
        """Log-probabilities (B, P, 2, 8, max(H, W)) from logits of a mask and of a heatmap, (B, P, H, W) each."""
        log_heat = torch.log_softmax(heat.flatten(-2), dim=-1).reshape(heat.shape)
        size = max(mask.shape[-2:])
        found = []
        for read, across in zip(point_candidates(mask), (-2, -1), strict=True):
            marginal = torch.logsumexp(log_heat, dim=across).unsqueeze(-2)
            axis = torch.cat([read, marginal], dim=-2)
            found.append(F.pad(axis, (0, size - axis.shape[-1]), value=LOG_ZERO))
        return torch.stack(found, dim=-3)

    def decode(self, log_p: Tensor) -> Tensor:
        """The most probable pixel of each coordinate, (..., 2 points)."""
        return log_p.argmax(dim=-1)

    def extra_repr(self) -> str:
        """Sizes."""
        return f"features={self.features}, points={self.points}"
