"""`SoftArgmax2d`, `DSNT` and `Centroid`: points as expectations over pixels. The peers of the survival scans.

An expectation lies where the mass balances: next to an exact pixel, on it only when all mass is there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.layers._checks import check_axes
from spoton.layers._grid import centres, check_frame, check_temperature
from spoton.layers._survival import log_sigmoid
from spoton.layers._tempered import keep_temperature

KINDS = ("logits", "weights")


def spatial_softmax2d(logits: Tensor, temperature: float | Tensor = 1.0) -> Tensor:
    """Softmax over the pixels of each map.

    Args:
        logits: (..., H, W).
        temperature: divides the logits; below 1 it sharpens. A number, or a tensor that broadcasts to them.

    Returns:
        Probabilities (..., H, W) that sum to 1 over the last two axes.
    """
    check_axes(logits, "logits", "H W")
    if not isinstance(temperature, Tensor):
        check_temperature(temperature)
    return torch.softmax((logits / temperature).flatten(-2), dim=-1).reshape(logits.shape)


def dsnt(heatmap: Tensor, *, frame: str = "px") -> Tensor:
    """The expected point under given probabilities: the differentiable spatial to numerical transform.

    sum over pixels of p (x, y). Nibali et al., "Numerical coordinate regression with convolutional neural networks",
    2018; what kornia calls `spatial_expectation2d`.

    Args:
        heatmap: probabilities (..., H, W) that sum to 1 over the last two axes (`spatial_softmax2d`); they are used as
            they are, so that a map that sums to s scales the point by s.
        frame: of the answer, `px` or `unit` (kornia's default).

    Returns:
        Points (..., 2) as (x, y).

    Raises:
        UsageError: an unknown frame.
    """
    check_axes(heatmap, "heatmaps", "H W")
    height, width = heatmap.shape[-2:]
    xs, ys = centres(width, heatmap, frame), centres(height, heatmap, frame)
    x = (heatmap.sum(-2, dtype=xs.dtype) * xs).sum(-1)
    y = (heatmap.sum(-1, dtype=ys.dtype) * ys).sum(-1)
    return torch.stack([x, y], dim=-1).to(heatmap.dtype)


def soft_argmax2d(logits: Tensor, temperature: float | Tensor = 1.0, *, frame: str = "px") -> Tensor:
    """The expected point under the softmax of each map: `dsnt(spatial_softmax2d(logits, temperature))`.

    Args:
        logits: (..., H, W).
        temperature: divides the logits; towards 0 the answer goes to the largest pixel.
        frame: of the answer, `px` or `unit` (kornia's default).

    Returns:
        Points (..., 2) as (x, y). Of two equal peaks it gives the middle.

    Raises:
        UsageError: an unknown frame.
    """
    return dsnt(spatial_softmax2d(logits, temperature), frame=frame)


def centroid(z: Tensor, *, of: str = "logits", frame: str = "px") -> Tensor:
    """The centre of mass of a mask, sum m (x, y) / sum m.

    Args:
        z: (..., H, W): logits of the mask, m = sigmoid(z), or the mask itself.
        of: `logits`, or `weights` for a mask of numbers of 0 or more (or of bools).
        frame: of the answer, `px` or `unit`.

    Returns:
        Points (..., 2) as (x, y). An empty mask has the middle of the image as its centre: the shares of the pixels
        are computed from log m, in which a mask of equal logits is uniform, however low they are.

    Raises:
        UsageError: an unknown kind or frame.
    """
    if of not in KINDS:
        raise UsageError(f"a centroid is of {' or '.join(KINDS)}, not of '{of}'")
    if of == "logits":
        check_axes(z, "logits of a mask", "H W")
        return dsnt(spatial_softmax2d(log_sigmoid(z)), frame=frame)
    if not z.is_floating_point():
        z = z.to(torch.get_default_dtype())
    total = z.sum((-2, -1), keepdim=True)
    blank = total <= 0
    share = torch.where(blank, torch.full_like(z, 1.0) / (z.shape[-1] * z.shape[-2]), z / torch.where(blank, 1, total))
    return dsnt(share, frame=frame)


class SpatialSoftmax2d(nn.Module):
    """`spatial_softmax2d` as a module: logits to a heatmap.

    Args:
        temperature: where it begins; below 1 it sharpens.
        learnable: learn the logarithm of the temperature.

    Shape: logits (..., H, W) -> probabilities (..., H, W).
    """

    log_temperature: Tensor

    def __init__(self, temperature: float = 1.0, learnable: bool = False) -> None:
        super().__init__()
        keep_temperature(self, temperature, learnable)

    def forward(self, logits: Tensor) -> Tensor:
        """Probabilities."""
        return spatial_softmax2d(logits * torch.exp(-self.log_temperature).to(logits.dtype))

    def extra_repr(self) -> str:
        """The temperature, as it is now."""
        return f"temperature={self.log_temperature.exp().item():.4g}"


class SoftArgmax2d(nn.Module):
    """`soft_argmax2d` as a module.

    Args:
        temperature: where it begins; below 1 it sharpens.
        frame: of the answer, `px` or `unit`.
        learnable: learn the logarithm of the temperature.

    Shape: logits (..., H, W) -> points (..., 2).
    """

    def __init__(self, temperature: float = 1.0, frame: str = "px", learnable: bool = False) -> None:
        super().__init__()
        self.softmax = SpatialSoftmax2d(temperature, learnable)
        self.frame = check_frame(frame)

    def forward(self, logits: Tensor) -> Tensor:
        """The points."""
        return dsnt(self.softmax(logits), frame=self.frame)

    def extra_repr(self) -> str:
        """The frame."""
        return f"frame={self.frame!r}"


class DSNT(nn.Module):
    """Points and the heatmaps that they come from, for losses on both (`heatmap_js`); see `dsnt`.

    Args:
        temperature: where it begins; below 1 it sharpens.
        frame: of the answer, `px` or `unit`.
        learnable: learn the logarithm of the temperature.

    Shape: logits (..., H, W) -> points (..., 2), probabilities (..., H, W).
    """

    def __init__(self, temperature: float = 1.0, frame: str = "px", learnable: bool = False) -> None:
        super().__init__()
        self.softmax = SpatialSoftmax2d(temperature, learnable)
        self.frame = check_frame(frame)

    def forward(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Points and heatmaps."""
        heatmap = self.softmax(logits)
        return dsnt(heatmap, frame=self.frame), heatmap

    def extra_repr(self) -> str:
        """The frame."""
        return f"frame={self.frame!r}"


class Centroid(nn.Module):
    """`centroid` as a module, with a temperature that divides the logits.

    Args:
        of: `logits` or `weights`.
        temperature: below 1 it sharpens the mask; logits only.
        frame: of the answer, `px` or `unit`.

    Shape: (..., H, W) -> points (..., 2).
    """

    def __init__(self, of: str = "logits", temperature: float = 1.0, frame: str = "px") -> None:
        super().__init__()
        if of not in KINDS:
            raise UsageError(f"a centroid is of {' or '.join(KINDS)}, not of '{of}'")
        self.of, self.temperature, self.frame = of, check_temperature(temperature), check_frame(frame)

    def forward(self, z: Tensor) -> Tensor:
        """The points."""
        return centroid(z / self.temperature if self.of == "logits" else z, of=self.of, frame=self.frame)

    def extra_repr(self) -> str:
        """Options."""
        return f"of={self.of!r}, temperature={self.temperature:g}, frame={self.frame!r}"
