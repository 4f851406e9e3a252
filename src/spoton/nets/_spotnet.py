"""`SpotNet`: finds exact pixels with a handful of parameters. Ink gate, survival scans, learned selection."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import Refused
from spoton.layers import InkGate, PointNLL, SelectHead, extents, midpoint, scan_ends
from spoton.layers._survival import LOG_ZERO
from spoton.nets._head import YRange

CANDIDATES = 2 * (2 + 1 + 4)  # in x and in y: two ends, their middle, and the free coordinate of four scans


class SpotNet(nn.Module):
    """Each output is a learned mixture of 14 candidate positions, all read off one learned ink mask.

    The candidates are the sides of the ink box, their floored middle, and the ends of the ink in its extreme rows and
    columns, as distributions over positions. Trained on -log P(answer); 2 + 14 parameters an output.

    Args:
        in_shape: (C, H, W).
        n_out: number of coordinates, in any order of x and y.
        y_range: not used; positions are always in the image.

    Shape: (B, C, H, W) -> log-probabilities (B, n_out, max(H, W)); `decode` makes pixels of them.

    Raises:
        Refused: the inputs are no images.
    """

    criterion = PointNLL

    def __init__(self, in_shape: Sequence[int] = (1, 28, 28), n_out: int = 2, *, y_range: YRange = None) -> None:
        super().__init__()
        if len(in_shape) != 3:
            raise Refused("spotnet points at pixels, and this task is a table; take linear or fastai-tabular")
        self.gate = InkGate()
        self.select = SelectHead(CANDIDATES, n_out)
        self.size = max(in_shape[1:])

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities over positions."""
        out: Tensor = self.select(self.candidates(self.gate(x.amax(dim=1))))
        return out

    def candidates(self, logits: Tensor) -> Tensor:
        """All candidates from logits of ink (B, H, W): (B, 14, max(H, W)); positions outside the image get log 0."""
        box = extents(logits)
        by_rows, by_columns = scan_ends(logits)
        parts = []
        for low, high, ends in (("left", "right", by_rows), ("top", "bottom", by_columns)):
            sides = torch.stack([box[low], box[high], midpoint(box[low], box[high])], dim=-2)
            parts.append(self._padded(torch.cat([sides, ends], dim=-2)))
        return torch.cat(parts, dim=-2)

    def _padded(self, log_p: Tensor) -> Tensor:
        return F.pad(log_p, (0, self.size - log_p.shape[-1]), value=LOG_ZERO)

    def decode(self, log_p: Tensor) -> Tensor:
        """The most probable pixel of each output, (B, n_out)."""
        return log_p.argmax(dim=-1)
