"""Losses on predicted coordinates: `HalfPixelHuber` and `RootSquaredError`.

Losses on distributions lie elsewhere: `point_nll` by `SelectHead`, `heatmap_kl` and `heatmap_js` by their target.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.layers._checks import check_same
from spoton.layers._grid import wide


def half_pixel_huber(predicted: Tensor, y: Tensor, *, delta: float = 1.0, free: float = 0.5) -> Tensor:
    """Huber loss of the error beyond half a pixel: no pull where rounding already gives the right pixel.

    u = max(|predicted - y| - free, 0) of each coordinate; u^2 / 2 up to delta, delta (u - delta / 2) beyond
    (P. Huber, "Robust estimation of a location parameter", 1964).

    Args:
        predicted: coordinates in pixels, any shape.
        y: answers in pixels, the same shape.
        delta: where the square turns into a line, in pixels.
        free: the error that costs nothing, in pixels; in another frame half a pixel is another number.

    Returns:
        A scalar, the mean over all coordinates.

    Raises:
        DataError: answers of another shape.
        UsageError: a delta that is not positive, or a negative `free`.
    """
    _check_huber(delta, free)
    check_same("answers", y.shape, predicted.shape, "of what is predicted")
    beyond = F.relu((predicted - y).abs() - free)
    return F.huber_loss(beyond, torch.zeros_like(beyond), delta=delta)


def _check_huber(delta: float, free: float) -> None:
    if not (delta > 0 and free >= 0):
        raise UsageError(f"this loss needs a positive delta and a free error of 0 or more, not {delta} and {free}")


def root_squared_error(predicted: Tensor, y: Tensor, *, dims: int = 2, eps: float = 1e-6) -> Tensor:
    """Mean distance of points, with a gradient everywhere: sqrt(|predicted - y|^2 + eps).

    The square makes far misses loudest, this makes all misses equally loud: its gradient has length 1 at any distance
    much above sqrt(eps), and goes to 0 at the answer.

    Args:
        predicted: coordinates (..., k), k a multiple of `dims`, points one after the other.
        y: answers, the same shape.
        dims: coordinates a point; 1 for numbers that are no points.
        eps: rounds the tip of the cone; an exact answer costs sqrt(eps).

    Returns:
        A scalar, the mean over all points.

    Raises:
        DataError: answers of another shape, or k is no multiple of `dims`.
        UsageError: a negative eps, or dims below 1.
    """
    _check_root(dims, eps)
    check_same("answers", y.shape, predicted.shape, "of what is predicted")
    if predicted.shape[-1] % dims:
        raise DataError(
            f"points of {dims} coordinates cannot be cut out of {predicted.shape[-1]} outputs; set dims=1 for numbers"
        )
    # float16 ends at 65504: at the square of 256 pixels
    error = (predicted - y).to(wide(predicted.dtype)).reshape(*predicted.shape[:-1], -1, dims)
    return torch.sqrt(error.square().sum(-1) + eps).mean().to(predicted.dtype)


def _check_root(dims: int, eps: float) -> None:
    # with eps = 0 an exact answer has no gradient: 0 / 0
    if not (dims >= 1 and eps > 0):
        raise UsageError(f"this loss needs dims of 1 or more and a positive eps, not {dims} and {eps}")


class HalfPixelHuber(nn.Module):
    """`half_pixel_huber` as a criterion: (coordinates (B, k), answers (B, k)) -> scalar.

    Args:
        delta: where the square turns into a line, in pixels.
        free: the error that costs nothing, in pixels.
    """

    def __init__(self, delta: float = 1.0, free: float = 0.5) -> None:
        super().__init__()
        _check_huber(delta, free)
        self.delta, self.free = delta, free

    def forward(self, predicted: Tensor, y: Tensor) -> Tensor:
        """The loss."""
        return half_pixel_huber(predicted, y, delta=self.delta, free=self.free)

    def extra_repr(self) -> str:
        """Options."""
        return f"delta={self.delta:g}, free={self.free:g}"


class RootSquaredError(nn.Module):
    """`root_squared_error` as a criterion: (coordinates (B, k), answers (B, k)) -> scalar.

    Args:
        dims: coordinates a point; 1 for numbers that are no points.
        eps: rounds the tip of the cone.
    """

    def __init__(self, dims: int = 2, eps: float = 1e-6) -> None:
        super().__init__()
        _check_root(dims, eps)
        self.dims, self.eps = dims, eps

    def forward(self, predicted: Tensor, y: Tensor) -> Tensor:
        """The loss."""
        return root_squared_error(predicted, y, dims=self.dims, eps=self.eps)

    def extra_repr(self) -> str:
        """Options."""
        return f"dims={self.dims}, eps={self.eps:g}"
