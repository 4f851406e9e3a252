"""`RasterFirst`, `Extents` and `Midpoint`: scans of whole images as log-probabilities.

All take logits of ink (..., H, W). With a mask m they answer in closed form: the log-probability that a pixel is the
first ink of a raster scan is log m there plus the sum of log(1 - m) over all pixels before it, which splits into whole
rows and the part of the pixel's own row, so that memory stays linear in pixels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.layers import _plain
from spoton.layers._checks import check_axes, check_same
from spoton.layers._eager import by_hand, images, like
from spoton.layers._operators import apply
from spoton.layers._survival import LOG_ZERO, before, finite, log1mexp, log_first, log_sigmoid
from spoton.layers._tempered import check_word

# scan order -> (rows outermost, from the bottom or right, backwards along the line); names as in spoton.ink.KINDS
SCANS = {
    "topleft": (True, False, False),
    "topright": (True, False, True),
    "bottomleft": (True, True, False),
    "bottomright": (True, True, True),
    "lefttop": (False, False, False),
    "leftbottom": (False, False, True),
    "righttop": (False, True, False),
    "rightbottom": (False, True, True),
}


def raster_first(logits: Tensor, scan: str = "topleft") -> Tensor:
    """log P(pixel is the first ink of the scan), (..., H, W); the exponentials sum to 1 - P(no ink)."""
    check_axes(logits, "logits of ink", "H W")
    by_rows, far, backwards = SCANS[check_word("scan", scan, tuple(SCANS))]
    line, across = (-1, -2) if by_rows else (-2, -1)
    log_hit, log_miss = log_sigmoid(logits), log_sigmoid(-logits)
    earlier = before(log_miss.sum(line, keepdim=True), across, reverse=far)
    return finite(log_first(log_hit, log_miss, line, reverse=backwards) + earlier)


def scan_ends(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The free coordinate of each scan's first ink: what `raster_first` gives, summed over the scanned axis.

    The scans share their cumulative sums, so this costs a fraction of eight calls of `raster_first`.

    Args:
        logits: logits of ink (..., H, W).

    Returns:
        log P over x of the four scans by rows, (..., 4, W), and over y of the four by columns, (..., 4, H), each in the
        order of `SCANS`.
    """
    check_axes(logits, "logits of ink", "H W")
    if not by_hand(logits):
        by_rows, by_columns = _plain.log_line_ends(logits)
        return finite(by_rows), finite(by_columns)
    found = []
    for pair in apply("line_ends", images(logits)):
        peak, total = pair.unbind(1)
        found.append(finite(like(peak + total.clamp(min=torch.finfo(pair.dtype).tiny).log(), logits)))
    return found[0], found[1]


def extents(logits: Tensor) -> dict[str, Tensor]:
    """log P of the ink box's sides: left and right (..., W), top and bottom (..., H)."""
    check_axes(logits, "logits of ink", "H W")
    log_miss = log_sigmoid(-logits)
    found = {}
    for near, far, axis in (("left", "right", -2), ("top", "bottom", -1)):
        blank = log_miss.sum(axis)  # log P(no ink in the whole column or row)
        some = log1mexp(blank)
        found[near], found[far] = finite(log_first(some, blank)), finite(log_first(some, blank, reverse=True))
    return found


def midpoint(log_low: Tensor, log_high: Tensor) -> Tensor:
    """log P of the floored middle (low + high + 1) // 2 of two independent indices, (..., L) -> (..., L).

    The middle is c where low + high + 1 is 2c or 2c + 1: a convolution of the two distributions, read in pairs.
    """
    for log_p in (log_low, log_high):
        check_axes(log_p, "log-probabilities", "L")
    check_same("log-probabilities of the other end", log_high.shape, log_low.shape, "of the first")
    size = log_low.shape[-1]
    low, high = log_low.exp(), log_high.exp()
    if by_hand(log_low) and log_low.numel():  # a convolution in groups needs a group
        flat_low, flat_high = low.reshape(-1, 1, size), high.reshape(1, -1, size)
        # one group a row: row i of low is convolved with row i of high
        total = F.conv1d(flat_high, flat_low.flip(-1), padding=size - 1, groups=flat_low.shape[0])[0]
    else:
        # the same sums where sizes stay open, as ONNX wants groups and padding as numbers: all products, row a moved
        # a places to the right by reading rows of 2 L as rows of 2 L - 1
        rows = low.unsqueeze(-1) * F.pad(high, (0, size)).unsqueeze(-2)
        total = rows.flatten(-2)[..., :-size].reshape(*rows.shape[:-1], 2 * size - 1).sum(-2)
    pairs = F.pad(total, (1, 0)).reshape(*log_low.shape[:-1], size, 2).sum(-1)
    return torch.log(pairs.clamp_min(torch.finfo(pairs.dtype).tiny)).clamp_min(LOG_ZERO)


class RasterFirst(nn.Module):
    """First ink in each of the eight dihedral scan orders: `SCANS`.

    Shape: logits (..., H, W) -> log-probabilities (..., 8, H, W).

    Limits: of several ink pixels the first in the scan wins; with no ink all entries are very low.
    """

    def forward(self, logits: Tensor) -> Tensor:
        """Log-probabilities over pixels."""
        check_axes(logits, "logits of ink", "H W")
        if not by_hand(logits):
            return finite(_plain.scan_maps(logits))
        return finite(like(apply("scan_maps", images(logits)), logits))


class Extents(nn.Module):
    """The ink box as four distributions: (left, top, right, bottom); see `extents`.

    Shape: logits (..., H, W) -> log-probabilities (..., W), (..., H), (..., W), (..., H).
    """

    def forward(self, logits: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Log-probabilities of each side."""
        found = extents(logits)
        return found["left"], found["top"], found["right"], found["bottom"]


class Midpoint(nn.Module):
    """The floored middle of two indices given as log-probabilities; see `midpoint`.

    Shape: (..., L), (..., L) -> (..., L).
    """

    def forward(self, log_low: Tensor, log_high: Tensor) -> Tensor:
        """Log-probabilities of the middle."""
        return midpoint(log_low, log_high)
