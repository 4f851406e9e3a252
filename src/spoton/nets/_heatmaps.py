"""Losses that train heatmaps, and how points are read off them: what the nets with heatmaps share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton import frames
from spoton.errors import UsageError
from spoton.layers import dsnt, heatmap_js, log_gaussian, root_squared_error


def log_heatmaps(logits: Tensor) -> Tensor:
    """Log-probabilities over the pixels of each map, (..., H, W) -> the same."""
    return torch.log_softmax(logits.flatten(-2), dim=-1).reshape(logits.shape)


def as_points(y_px: Tensor) -> Tensor:
    """Answers (B, 2 P) as points (B, P, 2)."""
    return y_px.reshape(*y_px.shape[:-1], -1, 2)


class HeatmapNLL(nn.Module):
    """Cross-entropy of heatmaps: (log-probabilities (B, P, H, W), answers (B, 2 P) in pixels) -> scalar.

    Summed over points, averaged over the batch.

    Args:
        sigma: standard deviation of a Gaussian around the answer, in pixels; 0 for the answer's pixel alone, as in He
            et al., "Mask R-CNN", 2017.
    """

    def __init__(self, sigma: float = 0.0) -> None:
        super().__init__()
        self.sigma = check_sigma(sigma)

    def forward(self, log_p: Tensor, y_px: Tensor) -> Tensor:
        """The loss."""
        points = as_points(y_px)
        height, width = log_p.shape[-2:]
        if self.sigma:
            target = log_gaussian(points, (width, height), self.sigma).exp().to(log_p.dtype)
            return -(target * log_p).sum((-1, -2)).sum(-1).mean()
        x, y = torch.floor(points + 0.5).long().unbind(-1)
        index = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
        return -log_p.flatten(-2).gather(-1, index.unsqueeze(-1)).sum((-1, -2)).mean()


class HeatmapMSE(nn.Module):
    """Squared error between maps and a Gaussian of height 1: (maps (B, P, H, W), answers (B, 2 P)) -> scalar.

    Tompson et al., "Joint training of a convolutional network and a graphical model for human pose estimation", 2014.
    Summed over pixels, so that the few of the peak have a say.

    Args:
        sigma: standard deviation of the Gaussian, in pixels.
    """

    def __init__(self, sigma: float = 1.0) -> None:
        super().__init__()
        self.sigma = check_sigma(sigma)

    def forward(self, maps: Tensor, y_px: Tensor) -> Tensor:
        """The loss."""
        log_q = log_gaussian(as_points(y_px), (maps.shape[-1], maps.shape[-2]), self.sigma)
        target = (log_q - log_q.amax((-1, -2), keepdim=True)).exp().to(maps.dtype)
        return (maps - target).square().sum((-1, -2)).sum(-1).mean()


class DSNTLoss(nn.Module):
    """Distance of the expected point, plus the divergence of the heatmap from a Gaussian.

    |dsnt(p) - answer| + weight JS(p, Gaussian), distances in the `unit` frame: what Nibali et al., "Numerical
    coordinate regression with convolutional neural networks", 2018, recommend, with weight 1 and sigma 1.

    Args:
        weight: weight of the divergence.
        sigma: standard deviation of the Gaussian, in pixels.

    Shape: log-probabilities (B, P, H, W), answers (B, 2 P) in pixels -> scalar.
    """

    def __init__(self, weight: float = 1.0, sigma: float = 1.0) -> None:
        super().__init__()
        self.weight, self.sigma = weight, check_sigma(sigma)

    def forward(self, log_p: Tensor, y_px: Tensor) -> Tensor:
        """The loss."""
        sides = torch.tensor([log_p.shape[-1], log_p.shape[-2]], dtype=log_p.dtype, device=log_p.device)
        answer = frames.to_unit(as_points(y_px), sides)
        distance = root_squared_error(dsnt(log_p.exp(), frame="unit").flatten(-2), answer.flatten(-2))
        return distance + self.weight * heatmap_js(log_p, y_px, self.sigma)


def check_sigma(sigma: float) -> float:
    """The standard deviation, or an error where it is negative."""
    if not sigma >= 0:
        raise UsageError(f"the standard deviation of a heatmap has to be 0 or more, not {sigma}")
    return sigma
