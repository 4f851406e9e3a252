"""Decoders: what a net gives, turned into pixels. Each loss has the decoder that it is made for.

Most hits come from `argmax`, the smallest mean error along an axis from `median`, the smallest mean square from `mean`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton import frames
from spoton.errors import DataError, UsageError
from spoton.layers._checks import check_axes
from spoton.layers._expect import soft_argmax2d
from spoton.layers._grid import centres, wide

AXIS = ("argmax", "mean", "median")
HEATMAP = ("argmax", "quarter", "taylor", "local", "mean")


def decode_axis(log_p: Tensor, how: str = "argmax") -> Tensor:
    """A position from log-probabilities along an axis.

    Args:
        log_p: (..., L); they are normalised here, so that probability that is missing ("no ink") has no say.
        how: `argmax` (the first of equals), `mean` (expected position) or `median` (first position by which half of
            the probability has come). The first and the last are whole pixels.

    Returns:
        Positions (...) in pixels, float32 at least.

    Raises:
        UsageError: an unknown way.
    """
    _check(how, AXIS)
    check_axes(log_p, "log-probabilities", "L")
    log_p = log_p.to(wide(log_p.dtype))
    if how == "argmax":
        return log_p.argmax(-1).to(log_p.dtype)
    p = torch.softmax(log_p, dim=-1)
    if how == "mean":
        return (p * centres(p.shape[-1], p)).sum(-1)
    return (p.cumsum(-1)[..., :-1] < 0.5).sum(-1).to(p.dtype)


def decode_heatmap(log_p: Tensor, how: str = "argmax", *, radius: int = 2) -> Tensor:
    """A point from each heatmap, to the pixel or between pixels.

    Args:
        log_p: logits or log-probabilities (..., H, W); of a heatmap with values from 0 up, give the logarithm,
            `heatmap.clamp_min(1e-10).log()`.
        how: one of

            - `argmax`: the largest pixel, the first of equals in reading order;
            - `quarter`: from there a quarter of a pixel towards the larger neighbour, along x and along y (Newell et
              al., "Stacked hourglass networks", 2016);
            - `taylor`: from there to the top of the parabola through its neighbours, half a pixel at most; exact for a
              Gaussian (Zhang et al., "Distribution-aware coordinate representation for human pose estimation", 2020,
              without its smoothing, which noisy heatmaps need before);
            - `local`: the expected point within `radius` pixels of it;
            - `mean`: the expected point of the whole map.
        radius: half the window of `local`.

    Returns:
        Points (..., 2) as (x, y) in pixels, float32 at least. `quarter` stays on the pixel along an axis where a
        neighbour is missing, `taylor` wherever one is missing or the pixel is no strict top.

    Raises:
        UsageError: an unknown way, or a radius below 1.
    """
    _check(how, HEATMAP)
    _check_radius(radius)
    check_axes(log_p, "logits or log-probabilities", "H W")
    z = log_p.to(wide(log_p.dtype))
    if how == "mean":
        return soft_argmax2d(z, frame="px")
    peak = _peak(z)
    point = peak.to(z.dtype)
    if how == "argmax":
        return point
    patch, inside = _around(z, peak, radius if how == "local" else 1)
    if how == "local":
        weights = torch.softmax(patch.masked_fill(~inside, torch.finfo(z.dtype).min).flatten(-2), dim=-1)
        reach = centres(2 * radius + 1, z) - radius
        weights = weights.reshape(patch.shape)
        return point + torch.stack([(weights.sum(-2) * reach).sum(-1), (weights.sum(-1) * reach).sum(-1)], dim=-1)
    return point + (_quarter(patch, inside) if how == "quarter" else _taylor(patch, inside))


def _peak(z: Tensor) -> Tensor:
    """(x, y) of the largest pixel, first its row and then its column: ONNX has no remainder by a size that varies."""
    y = z.amax(-1).argmax(-1, keepdim=True)
    row = z.gather(-2, y.unsqueeze(-1).expand(*y.shape, z.shape[-1]))
    return torch.cat([row.argmax(-1), y], dim=-1)


def _around(z: Tensor, peak: Tensor, radius: int) -> tuple[Tensor, Tensor]:
    """The square of values around each peak, (..., 2 radius + 1, 2 radius + 1), and which of them are in the image."""
    height, width = z.shape[-2:]
    reach = torch.arange(-radius, radius + 1, device=z.device)
    xs = peak[..., 0, None, None] + reach
    ys = peak[..., 1, None, None] + reach.unsqueeze(-1)
    inside = (xs >= 0) & (xs < width) & (ys >= 0) & (ys < height)
    index = ys.clamp(0, height - 1) * width + xs.clamp(0, width - 1)
    return z.flatten(-2).gather(-1, index.flatten(-2)).reshape(index.shape), inside


def _quarter(patch: Tensor, inside: Tensor) -> Tensor:
    shift = torch.stack([patch[..., 1, 2] - patch[..., 1, 0], patch[..., 2, 1] - patch[..., 0, 1]], dim=-1).sign() / 4
    whole = torch.stack([inside[..., 1, 2] & inside[..., 1, 0], inside[..., 2, 1] & inside[..., 0, 1]], dim=-1)
    return torch.where(whole, shift, 0.0)


def _taylor(patch: Tensor, inside: Tensor) -> Tensor:
    """- H^-1 g with derivatives by central differences, where H is that of a top."""
    middle = patch[..., 1, 1]
    gx, gy = (patch[..., 1, 2] - patch[..., 1, 0]) / 2, (patch[..., 2, 1] - patch[..., 0, 1]) / 2
    hxx = patch[..., 1, 2] - 2 * middle + patch[..., 1, 0]
    hyy = patch[..., 2, 1] - 2 * middle + patch[..., 0, 1]
    hxy = (patch[..., 2, 2] - patch[..., 2, 0] - patch[..., 0, 2] + patch[..., 0, 0]) / 4
    det = hxx * hyy - hxy.square()
    top = inside.flatten(-2).all(-1) & (hxx < 0) & (det > 0)
    det = torch.where(top, det, 1.0)
    shift = torch.stack([hxy * gy - hyy * gx, hxy * gx - hxx * gy], dim=-1) / det.unsqueeze(-1)
    return torch.where(top.unsqueeze(-1), shift.clamp(-0.5, 0.5), 0.0)


def decode_unit(p_unit: Tensor, size: tuple[int, int], *, whole: bool = True) -> Tensor:
    """Pixels from coordinates in the `unit` frame.

    Args:
        p_unit: (..., 2 P), x and y of one point after the other.
        size: (W, H) of the image in pixels, 2 or more each.
        whole: round to whole pixels of the image.

    Returns:
        Pixels, the shape of `p_unit`, float32 at least.

    Raises:
        DataError: an odd number of coordinates.
        UsageError: a side of fewer than two pixels, which has no `unit` frame.
    """
    _check_size(size)
    check_axes(p_unit, "coordinates", "2P")
    if p_unit.shape[-1] % 2:
        raise DataError(f"coordinates of points come as x and y, these are {p_unit.shape[-1]}; give both of each")
    p_unit = p_unit.to(wide(p_unit.dtype))
    sides = p_unit.new_tensor(size).repeat(p_unit.shape[-1] // 2)
    p_px: Tensor = frames.from_unit(p_unit, sides)
    return torch.minimum(torch.floor(p_px + 0.5).clamp_min(0), sides - 1) if whole else p_px


def _check(how: str, known: tuple[str, ...]) -> None:
    if how not in known:
        raise UsageError(f"no decoder is called '{how}'; known: {', '.join(known)}")


def _check_radius(radius: int) -> None:
    if radius < 1:
        raise UsageError(f"a window needs a radius of 1 pixel or more, not {radius}")


def _check_size(size: tuple[int, int]) -> None:
    if len(size) != 2 or min(size) < 2:
        raise UsageError(f"the unit frame needs an image (W, H) of 2 pixels or more along each side, not {size}")


class DecodeAxis(nn.Module):
    """`decode_axis` as a module.

    Args:
        how: `argmax`, `mean` or `median`.

    Shape: log-probabilities (..., L) -> positions in pixels (...).
    """

    def __init__(self, how: str = "argmax") -> None:
        super().__init__()
        _check(how, AXIS)
        self.how = how

    def forward(self, log_p: Tensor) -> Tensor:
        """Positions."""
        return decode_axis(log_p, self.how)

    def extra_repr(self) -> str:
        """The way."""
        return f"how={self.how!r}"


class DecodeHeatmap(nn.Module):
    """`decode_heatmap` as a module.

    Args:
        how: `argmax`, `quarter`, `taylor`, `local` or `mean`.
        radius: half the window of `local`.

    Shape: logits or log-probabilities (..., H, W) -> points in pixels (..., 2).
    """

    def __init__(self, how: str = "argmax", radius: int = 2) -> None:
        super().__init__()
        _check(how, HEATMAP)
        _check_radius(radius)
        self.how, self.radius = how, radius

    def forward(self, log_p: Tensor) -> Tensor:
        """Points."""
        return decode_heatmap(log_p, self.how, radius=self.radius)

    def extra_repr(self) -> str:
        """The way."""
        return f"how={self.how!r}, radius={self.radius}"


class DecodeUnit(nn.Module):
    """`decode_unit` as a module.

    Args:
        size: (W, H) of the image in pixels.
        whole: round to whole pixels of the image.

    Shape: coordinates in the unit frame (..., 2 P) -> pixels (..., 2 P).
    """

    def __init__(self, size: tuple[int, int] = (28, 28), whole: bool = True) -> None:
        super().__init__()
        _check_size(size)
        self.size, self.whole = size, whole

    def forward(self, p_unit: Tensor) -> Tensor:
        """Pixels."""
        return decode_unit(p_unit, self.size, whole=self.whole)

    def extra_repr(self) -> str:
        """Options."""
        return f"size={self.size}, whole={self.whole}"
