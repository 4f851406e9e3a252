"""Heatmaps: the Gaussian target at an answer, and losses between it and what a net gives."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.layers._grid import centres, wide
from spoton.layers._survival import LOG_ZERO


def log_gaussian(y_px: Tensor, size: tuple[int, int], sigma: float = 1.0) -> Tensor:
    """Log-probabilities of a Gaussian around each point, normalised over the pixels of the image.

    Args:
        y_px: points (..., 2) as (x, y) in pixels; outside of the image the nearest border gets the mass.
        size: (W, H) of the image in pixels.
        sigma: standard deviation in pixels.

    Returns:
        (..., H, W); the exponentials sum to 1. In float32 at least, as positions need.

    Raises:
        DataError: no points (..., 2), or an image without pixels.
        UsageError: a sigma that is not positive.
    """
    _check_sigma(sigma)
    if y_px.shape[-1:] != (2,) or min(size) < 1:
        raise DataError(
            f"a heatmap is of points (..., 2) in an image of (W, H) pixels, not of {tuple(y_px.shape)} in {tuple(size)}"
        )
    y_px = y_px.to(wide(y_px.dtype))
    axes = []
    for i, pixels in enumerate(size):
        away = (centres(pixels, y_px) - y_px[..., i, None]) / sigma
        axes.append(torch.log_softmax(-0.5 * away.square(), dim=-1))
    return axes[0].unsqueeze(-2) + axes[1].unsqueeze(-1)


def _check_sigma(sigma: float) -> float:
    if not sigma > 0:
        raise UsageError(f"the standard deviation of a heatmap has to be positive, not {sigma}")
    return sigma


def heatmap_kl(log_p: Tensor, y_px: Tensor, sigma: float = 1.0) -> Tensor:
    """Kullback-Leibler divergence of heatmaps from a Gaussian at the answer: sum p (log p - log q).

    The regulariser of Nibali et al., "Numerical coordinate regression with convolutional neural networks", 2018.

    Args:
        log_p: log-probabilities (..., H, W), one map a point, normalised over pixels.
        y_px: answers (..., 2) in pixels, or flat (B, 2 P) for maps (B, P, H, W).
        sigma: standard deviation of the target in pixels.

    Returns:
        A scalar, the mean over all maps; 0 where the heatmap is the target. Far off it is about the mean squared
        distance / (2 sigma^2), hundreds for a net that knows nothing yet.

    Raises:
        DataError: answers that do not fit the maps.
        UsageError: a sigma that is not positive.
    """
    log_p, log_q = _pair(log_p, y_px, sigma)
    return _divergence(log_p, log_q).mean()


def heatmap_js(log_p: Tensor, y_px: Tensor, sigma: float = 1.0) -> Tensor:
    """Jensen-Shannon divergence of heatmaps and a Gaussian at the answer, 0 to log 2; see `heatmap_kl`.

    KL(p, m) / 2 + KL(q, m) / 2 with m = (p + q) / 2: the regulariser that the paper found best.
    """
    log_p, log_q = _pair(log_p, y_px, sigma)
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    return ((_divergence(log_p, log_m) + _divergence(log_q, log_m)) / 2).mean()


def _divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    return (log_p.exp() * (log_p - log_q)).sum((-2, -1))


def _pair(log_p: Tensor, y_px: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Both as log-probabilities of one dtype, with no log below `LOG_ZERO`: 0 times minus infinity is no number."""
    if log_p.ndim < 2 or y_px.numel() * log_p.shape[-1] * log_p.shape[-2] != 2 * log_p.numel():
        raise DataError(
            f"heatmaps (..., H, W) need one point (x, y) a map, these are {tuple(log_p.shape)} and "
            f"answers {tuple(y_px.shape)}; give one map a point"
        )
    points = y_px.reshape(*log_p.shape[:-2], 2)
    log_q = log_gaussian(points, (log_p.shape[-1], log_p.shape[-2]), sigma)
    return log_p.to(log_q.dtype).clamp_min(LOG_ZERO), log_q.clamp_min(LOG_ZERO)


class HeatmapKL(nn.Module):
    """`heatmap_kl` as a criterion: (log-probabilities (B, P, H, W), answers (B, 2 P) or (B, P, 2)) -> scalar.

    Args:
        sigma: standard deviation of the target in pixels.
    """

    def __init__(self, sigma: float = 1.0) -> None:
        super().__init__()
        self.sigma = _check_sigma(sigma)

    def forward(self, log_p: Tensor, y_px: Tensor) -> Tensor:
        """The loss."""
        return heatmap_kl(log_p, y_px, self.sigma)

    def extra_repr(self) -> str:
        """The width."""
        return f"sigma={self.sigma:g}"


class HeatmapJS(nn.Module):
    """`heatmap_js` as a criterion: (log-probabilities (B, P, H, W), answers (B, 2 P) or (B, P, 2)) -> scalar.

    Args:
        sigma: standard deviation of the target in pixels.
    """

    def __init__(self, sigma: float = 1.0) -> None:
        super().__init__()
        self.sigma = _check_sigma(sigma)

    def forward(self, log_p: Tensor, y_px: Tensor) -> Tensor:
        """The loss."""
        return heatmap_js(log_p, y_px, self.sigma)

    def extra_repr(self) -> str:
        """The width."""
        return f"sigma={self.sigma:g}"
