"""`LogScan`: what survival scans know, as channels that any convolution can read."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.layers._checks import check_axes
from spoton.layers._gate import InkGate
from spoton.layers._raster import SCANS
from spoton.layers._survival import before, finite, log1mexp, log_sigmoid

# the channels of `log_scan`, in their order
LOG_SCAN_CHANNELS = (
    "ink",
    *SCANS,
    *("rows above", "rows below", "columns left", "columns right"),
    *("row any", "column any"),
)
SCALES = ("log", "prob")


def log_scan(logits: Tensor, *, scale: str = "log", bound: float = 10.0) -> Tensor:
    """For each pixel, the log-probabilities of all that survival scans know about it.

    ============================  ==============================================================================
    channels                      log-probability that
    ============================  ==============================================================================
    ink                           the pixel is ink
    the eight of `SCANS`          the scan in that order met no ink before this pixel
    rows above, rows below        there is no ink in any row above, below
    columns left, columns right   there is none in any column to the left, to the right
    row any, column any           there is ink in the pixel's row, in its column
    ============================  ==============================================================================

    So sums of channels are log-probabilities of points: ink + topleft that the pixel is the first ink of the image,
    columns left + column any + rows above + row any that it is the top left corner of the ink box. A 1x1 convolution
    and a softmax over pixels find both.

    Args:
        logits: logits of ink (..., H, W).
        scale: `log`, or `prob` for probabilities from 0 to 1.
        bound: log-probabilities are bent, v / (1 + |v| / bound), to lie above -bound: as they are, they run to minus
            thousands, more than a convolution can eat. Near 0 nothing changes, and unlike a clamp this passes a
            gradient everywhere. `inf` leaves them as they are.

    Returns:
        (..., 15, H, W), in the order of `LOG_SCAN_CHANNELS`.

    Raises:
        UsageError: an unknown scale, or a bound that is not positive.
    """
    _check(scale, bound)
    check_axes(logits, "logits of ink", "H W")
    log_hit, log_miss = log_sigmoid(logits), log_sigmoid(-logits)
    found = [log_hit]
    whole, some = [], []
    for line, across in ((-1, -2), (-2, -1)):
        blank = log_miss.sum(line, keepdim=True)
        some.append(log1mexp(blank))
        sides = [before(blank, across, reverse=far) for far in (False, True)]
        within = [before(log_miss, line, reverse=backwards) for backwards in (False, True)]
        found += [side + part for side in sides for part in within]
        whole += sides
    # bent one by one, not stacked and then bent: small tensors stay in the cache, and whole lines are bent once
    parts = [_bent(part, scale, bound).expand_as(logits) for part in (*found, *whole, *some)]
    return torch.stack(parts, dim=-3)


def _bent(v: Tensor, scale: str, bound: float) -> Tensor:
    v = finite(v)
    return v.exp() if scale == "prob" else v / (1 - v / bound)


def _check(scale: str, bound: float) -> None:
    if scale not in SCALES:
        raise UsageError(f"no scale is called '{scale}'; known: {', '.join(SCALES)}")
    if not bound > 0:
        raise UsageError(f"the bound of the log-probabilities has to be positive, not {bound}; `inf` sets none")


class LogScan(nn.Module):
    """Prepends the channels of `log_scan` to any CNN: two parameters, the ink gate's.

    The ink is read off the brightest channel of each pixel.

    Args:
        scale: `log` or `prob`.
        bound: see `log_scan`.

    Attributes:
        extra: number of channels that it adds.

    Shape: images (..., C, H, W), background 0 -> (..., C + extra, H, W), the images first.

    Example:
        >>> import torch
        >>> scan = LogScan()
        >>> net = torch.nn.Sequential(scan, torch.nn.Conv2d(3 + scan.extra, 8, 3))
        >>> net(torch.rand(2, 3, 9, 11)).shape
        torch.Size([2, 8, 7, 9])
    """

    extra = len(LOG_SCAN_CHANNELS)

    def __init__(self, scale: str = "log", bound: float = 10.0) -> None:
        super().__init__()
        _check(scale, bound)
        self.gate = InkGate()
        self.scale, self.bound = scale, bound

    def forward(self, x: Tensor) -> Tensor:
        """Images and what the scans know."""
        check_axes(x, "images", "C H W")
        return torch.cat([x, log_scan(self.gate(x.amax(dim=-3)), scale=self.scale, bound=self.bound)], dim=-3)

    def extra_repr(self) -> str:
        """Options."""
        return f"scale={self.scale!r}, bound={self.bound:g}"
