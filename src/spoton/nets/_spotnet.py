"""`SpotNet`: finds exact pixels with a handful of parameters. Ink gate, survival scans, learned selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import Refused
from spoton.layers import NeighbourGate, PointNLL, SelectHead, point_candidates
from spoton.layers._candidates import PER_AXIS
from spoton.layers._survival import LOG_ZERO
from spoton.nets._head import YRange
from spoton.nets._parts import check_images


class SpotNet(nn.Module):
    """Each output is a learned mixture of 14 candidate positions, all read off one learned ink mask.

    The candidates are the sides of the ink box, their floored middle, and the ends of the ink in its extreme rows and
    columns, as distributions over positions. Trained on -log P(answer); 11 + 14 parameters an output.

    Args:
        in_shape: (C, H, W).
        n_out: number of coordinates, in any order of x and y.
        y_range: not used; positions are always in the image.

    Shape: (B, C, H, W) of any H and W -> log-probabilities (B, n_out, max(H, W)); `decode` makes pixels of them.

    Raises:
        Refused: the inputs are no images.
    """

    criterion = PointNLL
    uses_kernels = True
    any_size = True
    # the faintest ink is on a log scale five units away, and what pulls there grows weaker with each hit
    lr_factors: ClassVar[dict[str, float]] = {"gate.ink.log_threshold": 2.0}

    def __init__(self, in_shape: Sequence[int] = (1, 28, 28), n_out: int = 2, *, y_range: YRange = None) -> None:
        super().__init__()
        if len(in_shape) != 3:
            raise Refused("spotnet points at pixels, and this task is a table; take linear or fastai-tabular")
        self.gate = NeighbourGate()
        self.select = SelectHead(2 * PER_AXIS, n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities over positions."""
        check_images(x, self)
        size = max(x.shape[-2:])
        axes = point_candidates(self.gate(x.amax(dim=1)))
        padded = [F.pad(log_p, (0, size - log_p.shape[-1]), value=LOG_ZERO) for log_p in axes]
        out: Tensor = self.select(torch.cat(padded, dim=-2))
        return out

    def decode(self, log_p: Tensor) -> Tensor:
        """The most probable pixel of each output, (B, n_out)."""
        return log_p.argmax(dim=-1)
