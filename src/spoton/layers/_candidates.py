"""`PointCandidates`: the positions that geometry can name, seven of x and seven of y, read off one mask."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton import ink
from spoton.layers._raster import SCANS, extents, midpoint, scan_ends
from spoton.layers._twelve import TWELVE, coordinates

PER_AXIS = 7  # two sides, their middle, and the free coordinate of four scans
_ENDS = ["_".join(ink.KINDS[scan]) for scan in SCANS]
# their names, of x and of y; but for the middle those of spoton.ink.extents and spoton.ink.ends
CANDIDATES = ("left", "right", "middle", *_ENDS[:4]), ("top", "bottom", "middle", *_ENDS[4:])
_READ = bytes(TWELVE.index(name) for axis in CANDIDATES for name in axis if name != "middle")


def point_candidates(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Seven candidates of each coordinate: the sides of the ink box, their floored middle, the ends of four scans.

    The eight dihedral first pixels, the four corners of the ink box and its centre are all pairs of them.

    Args:
        logits: logits of ink (..., H, W).

    Returns:
        log P over x, (..., 7, W): left, right, middle, and the x of the scans by rows; and over y, (..., 7, H): top,
        bottom, middle, and the y of the scans by columns, both in the order of `SCANS`.
    """
    box = extents(logits)
    by_rows, by_columns = scan_ends(logits)
    found = []
    for low, high, ends in (("left", "right", by_rows), ("top", "bottom", by_columns)):
        sides = torch.stack([box[low], box[high], midpoint(box[low], box[high])], dim=-2)
        found.append(torch.cat([sides, ends], dim=-2))
    return found[0], found[1]


def hard_candidates(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The candidates of a mask without doubt, as pixels: what `point_candidates` tends to where masks become sharp.

    Args:
        logits: float32 or float64 (..., H, W); pixels above 0 are ink.

    Returns:
        x and y, (..., 7) each, int64, in the order of `point_candidates`; -1 where there is no ink.
    """
    found = []
    for axis in coordinates(logits, _READ, mode="hard", none=-1.0).chunk(2, dim=-1):
        middle = torch.floor((axis[..., :1] + axis[..., 1:2] + 1) / 2)
        found.append(torch.cat([axis[..., :2], middle, axis[..., 2:]], dim=-1).long())
    return found[0], found[1]


class PointCandidates(nn.Module):
    """See `point_candidates`.

    Shape: logits (..., H, W) -> log-probabilities (..., 7, W) and (..., 7, H).

    Example:
        >>> import torch
        >>> log_x, log_y = PointCandidates()(torch.randn(5, 28, 40))
        >>> log_x.shape, log_y.shape
        (torch.Size([5, 7, 40]), torch.Size([5, 7, 28]))
    """

    def forward(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities over x and over y."""
        return point_candidates(logits)
