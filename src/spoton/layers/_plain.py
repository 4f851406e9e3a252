"""Scans of whole images by formulas that torch can differentiate, compile and export.

All go on logits of ink (..., H, W). The scans share their cumulative sums: along rows to the right and to the left,
along columns down and up, and over whole rows and columns.
"""

from __future__ import annotations

import torch
from torch import Tensor

from spoton.layers._survival import before, log_first, log_sigmoid


def scan_maps(logits: Tensor) -> Tensor:
    """log P(pixel is the first ink) in each of the eight scan orders `SCANS`, (..., 8, H, W)."""
    log_hit, log_miss = log_sigmoid(logits), log_sigmoid(-logits)
    found = []
    for line, across in ((-1, -2), (-2, -1)):
        whole = log_miss.sum(line, keepdim=True)
        within = [log_first(log_hit, log_miss, line, reverse=back) for back in (False, True)]
        for far in (False, True):
            beyond = before(whole, across, reverse=far)
            found += [part + beyond for part in within]
    return torch.stack(found, dim=-3)


def log_line_ends(logits: Tensor) -> tuple[Tensor, Tensor]:
    """`scan_maps` summed over the scanned axis: (..., 4, W) and (..., 4, H)."""
    maps = scan_maps(logits)
    return torch.logsumexp(maps[..., :4, :, :], dim=-2), torch.logsumexp(maps[..., 4:, :, :], dim=-1)


def line_ends(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The same as pairs, the largest term (a logarithm, constant) and the sum by it: (..., 2, 4, W), (..., 2, 4, H)."""
    maps = scan_maps(logits)
    found = []
    for four, across in ((maps[..., :4, :, :], -2), (maps[..., 4:, :, :], -1)):
        peak = four.detach().amax(across, keepdim=True).clamp(min=torch.finfo(four.dtype).min)
        found.append(torch.stack([peak.squeeze(across), (four - peak).exp().sum(across)], dim=-3))
    return found[0], found[1]


def expected(logits: Tensor, none: float) -> Tensor:
    """The expectations of the coordinates `TWELVE`, (..., 12); see `spoton.layers._twelve`."""
    hit, log_miss = torch.sigmoid(logits), log_sigmoid(-logits)
    blank_image = log_miss.sum((-1, -2)).exp() * none
    found = []
    for line, across in ((-1, -2), (-2, -1)):
        along = torch.arange(logits.shape[line], device=logits.device, dtype=logits.dtype)
        lines = torch.arange(logits.shape[across], device=logits.device, dtype=logits.dtype)
        weighted = hit * (along if line == -1 else along.unsqueeze(-1))
        blank = log_miss.sum(line)
        # for each line: its own coordinate if it holds ink, and the expected first and last ink in it
        three = [lines * -torch.expm1(blank)]
        three += [(weighted * before(log_miss, line, reverse=back).exp()).sum(line) for back in (False, True)]
        for far in (False, True):
            reached = before(blank, -1, reverse=far).exp()
            found += [(reached * part).sum(-1) + blank_image for part in three]
    return torch.stack(found, dim=-1)
