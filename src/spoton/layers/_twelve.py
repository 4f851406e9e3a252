"""The twelve coordinates that all points of `spoton.ink` are made of, read off logits of ink.

Each of the four sides of the ink box lies in a line (a row for top and bottom, a column for left and right), and in
that line the ink has two ends. So there are three coordinates a side.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from spoton.errors import UsageError
from spoton.layers import _plain
from spoton.layers._checks import check_axes
from spoton.layers._eager import by_hand, images, kernels, like
from spoton.layers._operators import apply

SIDES = ("top", "bottom", "left", "right")
# the side itself, and the first and last ink along its line: names as in spoton.ink.extents and spoton.ink.ends
TWELVE = tuple(f"{side}{end}" for side in SIDES for end in ("", "_first", "_last"))
MODES = ("soft", "st", "hard")


def coordinates(logits: Tensor, order: tuple[int, ...], *, mode: str, none: float) -> Tensor:
    """Coordinates in pixels, (..., len(order)); `order` counts in `TWELVE`.

    Args:
        logits: logits of ink (..., H, W).
        order: which coordinates, as often as wanted.
        mode: `soft` (expected coordinates), `hard` (those of the pixels with a logit > 0, without a gradient) or `st`
            (`hard` forward, `soft` backward).
        none: the coordinate where there is no ink, in `soft` mode in proportion to its probability.

    Raises:
        UsageError: an unknown mode.
    """
    check_mode(mode)
    check_axes(logits, "logits of ink", "H W")
    # coordinates over 256 have no bfloat16, and sums of many pixels need more digits
    z = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    found = _hard(z.detach(), order, none) if mode != "soft" else _soft(z, order, none)
    if mode == "st":
        soft = _soft(z, order, none)
        found = found + (soft - soft.detach())
    return found.to(logits.dtype)


def check_mode(mode: str) -> None:
    """Raise `UsageError` for a mode that is none of `MODES`."""
    if mode not in MODES:
        raise UsageError(f"no mode is called '{mode}'; known: {', '.join(MODES)}")


def _picked(twelve: Tensor, order: tuple[int, ...]) -> Tensor:
    return twelve.index_select(-1, torch.tensor(order, device=twelve.device))


def _hard(z: Tensor, order: tuple[int, ...], none: float) -> Tensor:
    if by_hand(z) and kernels(z) and not torch.compiler.is_compiling():
        from spoton.layers._packed import packed_points

        flat = images(z).contiguous()
        out = z.new_empty(len(flat), len(order))
        packed_points(flat.numpy(), np.array(order, np.int64), float(none), out.numpy())
        return like(out, z)
    ink = z > 0
    rows, columns = z.amax(-1) > 0, z.amax(-2) > 0
    (top, bottom), (left, right) = _ends(rows), _ends(columns)
    found = []
    for side, dim in ((top, -2), (bottom, -2), (left, -1), (right, -1)):
        at = side.clamp(0, z.shape[dim] - 1)[..., None, None]
        shape = [*z.shape]
        shape[dim] = 1
        line = ink.gather(dim, at.expand(shape)).squeeze(dim)
        found += [side, *_ends(line)]
    twelve = torch.where(rows.any(-1, keepdim=True), torch.stack(found, dim=-1).to(z.dtype), none)
    return _picked(twelve, order)


def _ends(mask: Tensor) -> tuple[Tensor, Tensor]:
    """First and last True along the last axis; anything where there is none."""
    size = mask.shape[-1]
    place = torch.arange(size, device=mask.device)
    return torch.where(mask, place, size).amin(-1), torch.where(mask, place, -1).amax(-1)


def _soft(z: Tensor, order: tuple[int, ...], none: float) -> Tensor:
    if by_hand(z) and kernels(z):
        return _picked(like(apply("expected", images(z), none)[0], z), order)
    return _picked(_plain.expected(z, none), order)
