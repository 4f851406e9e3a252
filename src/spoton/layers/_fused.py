"""Scans of whole images, forward and backward by hand; `spoton.layers._operators` makes them differentiable.

On CPUs with the extra `fast`, kernels do the work image by image: `spoton.layers._log_scans`, `_log_ends`, `_lines`.
Elsewhere torch does, on CPUs by pieces of the batch that stay in the cache; expected points by `spoton.layers._pairs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spoton.layers import _pairs
from spoton.layers._eager import kernels
from spoton.layers._survival import before

PIECE = 1 << 15  # pixels: a piece with its scans fits into 2 MB
PAIRS_PIECE = 1 << 18  # more, as operations on small pieces take longer to begin than to end
LOG2_E = 1.4426950408889634  # powers of 2 are four times as fast as those of e on CPUs
DIRECTIONS = ((-1, False), (-1, True), (-2, False), (-2, True))  # right, left, down, up


def scan_maps(z: Tensor) -> Tensor:
    """`_plain.scan_maps`: (n, H, W) -> (n, 8, H, W)."""
    out = z.new_empty(z.shape[0], 8, *z.shape[1:])
    if kernels(z):
        from spoton.layers import _log_scans

        _log_scans.scan_maps(_array(z), out.numpy())
        return out
    for piece in _pieces(z):
        _scan(z[piece], out[piece])
    return out


def scan_maps_backward(z: Tensor, grad: Tensor) -> Tensor:
    """The gradient of `scan_maps`, (n, H, W)."""
    out = z.new_empty(z.shape)
    if kernels(z):
        from spoton.layers import _log_scans

        _log_scans.scan_maps_backward(_array(z), _array(grad), out.numpy())
        return out
    for piece in _pieces(z):
        out[piece] = _pull_back(z[piece], grad[piece])
    return out


def line_ends(z: Tensor) -> tuple[Tensor, Tensor]:
    """`_plain.line_ends`: (n, H, W) -> (n, 2, 4, W), (n, 2, 4, H)."""
    n, height, width = z.shape
    rows, columns = z.new_empty(n, 2, 4, width), z.new_empty(n, 2, 4, height)
    if kernels(z):
        from spoton.layers import _log_ends

        _log_ends.line_ends(_array(z), rows.numpy(), columns.numpy())
        return rows, columns
    for piece in _pieces(z):
        maps = _scan(z[piece])
        for out, four, across in ((rows, maps[:, :4], -2), (columns, maps[:, 4:], -1)):
            # where all is impossible the largest is -inf, and -inf less itself is no number
            peak = four.amax(across, keepdim=True).clamp_(min=torch.finfo(z.dtype).min)
            out[piece, 0] = peak.squeeze(across)
            torch.sum(four.sub_(peak).mul_(LOG2_E).exp2_(), across, out=out[piece, 1])
    return rows, columns


def line_ends_backward(z: Tensor, rows: Tensor, columns: Tensor, by_row: Tensor, by_column: Tensor) -> Tensor:
    """The gradient of `line_ends` by its sums, given (n, 4, W) and (n, 4, H)."""
    out = z.new_empty(z.shape)
    if kernels(z):
        from spoton.layers import _log_ends

        slopes = _array(by_row), _array(by_column)
        _log_ends.line_ends_backward(_array(z), _array(rows), _array(columns), *slopes, out.numpy())
        return out
    for piece in _pieces(z):
        maps = _scan(z[piece])
        for ends, grad, four, across in ((rows, by_row, maps[:, :4], -2), (columns, by_column, maps[:, 4:], -1)):
            four.sub_(ends[piece, 0].unsqueeze(across)).mul_(LOG2_E).exp2_().mul_(grad[piece].unsqueeze(across))
        out[piece] = _pull_back(z[piece], maps)
    return out


def expected(z: Tensor, none: float) -> tuple[Tensor, Tensor]:
    """`_plain.expected`: (n, H, W) -> (n, 12), and what its backward pass needs; without `kernels` that is nothing."""
    out, sums = z.new_empty(z.shape[0], 12), z.new_empty(z.shape[0], 4, z.shape[1] + z.shape[2] if kernels(z) else 0)
    if kernels(z):
        from spoton.layers import _lines

        _lines.expected_points(_array(z), np.float32(none), sums.numpy(), out.numpy())
        return out, sums
    for piece in _pieces(z, PAIRS_PIECE):
        out[piece] = _pairs.expected(z[piece], none)
    return out, sums


def expected_backward(z: Tensor, sums: Tensor, grad: Tensor, none: float) -> Tensor:
    """The gradient of `expected`, (n, H, W)."""
    out = z.new_empty(z.shape)
    if kernels(z):
        from spoton.layers import _lines

        _lines.expected_points_backward(_array(z), np.float32(none), _array(sums), _array(grad), out.numpy())
        return out
    for piece in _pieces(z, PAIRS_PIECE):
        out[piece] = _pairs.expected_backward(z[piece], grad[piece], none)
    return out


def _array(x: Tensor) -> Any:
    return x.contiguous().numpy()


def _pieces(z: Tensor, size: int = PIECE) -> Iterator[slice]:
    n, pixels = z.shape[0], z.shape[-1] * z.shape[-2]
    step = max(1, size // max(1, pixels)) if z.is_cpu else max(1, n)
    return (slice(start, start + step) for start in range(0, n, step))


def _scan(z: Tensor, out: Tensor | None = None) -> Tensor:
    """`scan_maps` of a piece."""
    n, height, width = z.shape
    out = z.new_empty(n, 8, height, width) if out is None else out
    common = z.abs().neg_().exp_().log1p_()
    log_hit, log_miss = z.clamp(max=0).sub_(common), z.clamp(min=0).neg_().sub_(common)
    for i, (line, back) in enumerate(DIRECTIONS):
        within = log_hit + _before(log_miss, line, back)
        whole = log_miss.sum(line)
        for far in (False, True):
            to = out[:, 4 * (i // 2) + 2 * far + back]
            torch.add(within, before(whole, -1, reverse=far).unsqueeze(line), out=to)
    return out


def _before(x: Tensor, dim: int, reverse: bool) -> Tensor:
    """`before`; on CPUs row by row down large images, where `cumsum` jumps from row to row for each column."""
    if dim == -1 or not x.is_cpu or x.shape[-2] < 128:
        return before(x, dim, reverse=reverse)
    out = torch.empty_like(x)
    rows = list(zip(x.unbind(-2), out.unbind(-2), strict=True))
    if reverse:
        rows.reverse()
    rows[0][1].zero_()
    for (here, sum_before), (_, sum_next) in pairwise(rows):
        torch.add(sum_before, here, out=sum_next)
    return out


def _pull_back(z: Tensor, grad: Tensor) -> Tensor:
    """The gradient by the logits: each sum hands back to all that it was made of."""
    hit, miss = torch.zeros_like(z), torch.zeros_like(z)
    for i, (line, back) in enumerate(DIRECTIONS):
        near, far = grad[:, 4 * (i // 2) + back], grad[:, 4 * (i // 2) + 2 + back]
        within = near + far
        hit += within
        miss += _before(within, line, not back)
        whole = before(near.sum(line), -1, reverse=True) + before(far.sum(line), -1)
        miss += whole.unsqueeze(line)
    return hit.mul_(torch.sigmoid(-z)).sub_(miss.mul_(torch.sigmoid(z)))
