"""The twelve coordinates that all points of `spoton.ink` are made of, read off logits of ink.

Each of the four sides of the ink box lies in a line (a row for top and bottom, a column for left and right), and in
that line the ink has two ends. So there are three coordinates a side.
"""

from __future__ import annotations

import torch
from torch import Tensor

from spoton.errors import UsageError
from spoton.layers import _plain
from spoton.layers._checks import check_axes
from spoton.layers._eager import by_hand, images, kernels, like
from spoton.layers._hard import hard_points
from spoton.layers._operators import apply

SIDES = ("top", "bottom", "left", "right")
# the side itself, and the first and last ink along its line: names as in spoton.ink.extents and spoton.ink.ends
TWELVE = tuple(f"{side}{end}" for side in SIDES for end in ("", "_first", "_last"))
MODES = ("soft", "st", "hard")
MANY = 1 << 17  # pixels


def coordinates(logits: Tensor, order: bytes, *, mode: str, none: float) -> Tensor:
    """Coordinates in pixels, (..., len(order)); `order` counts in `TWELVE`, in bytes, which are looked up at once.

    Args:
        logits: logits of ink (..., H, W).
        order: which coordinates, as often as wanted.
        mode: `soft` (expected coordinates), `hard` (those of the pixels with a logit > 0, without a gradient) or `st`
            (`hard` forward, `soft` backward).
        none: the coordinate where there is no ink, in `soft` mode in proportion to its probability.

    Raises:
        UsageError: an unknown mode.
    """
    if mode == "hard":
        quick = hard_points(logits, order, none)
        if quick is not None:
            return quick
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


def _picked(twelve: Tensor, order: bytes) -> Tensor:
    return twelve.index_select(-1, torch.tensor(list(order), device=twelve.device))


def _hard(z: Tensor, order: bytes, none: float) -> Tensor:
    quick = hard_points(z, order, none)
    if quick is not None:
        return quick
    # few operations, since each costs microseconds, and of the image itself no more than two passes
    rows, columns = z.amax(-1) > 0, z.amax(-2) > 0
    height, width = z.shape[-2:]
    flat, upright = _ends(rows), _ends(columns)
    lines = z.gather(-2, flat[..., None].expand(*flat.shape, width)) > 0
    poles = z.gather(-1, upright[..., None, :].expand(*upright.shape[:-1], height, 2)) > 0
    sides = torch.stack([flat, upright], dim=-2)[..., None]
    ends = torch.stack([_ends(lines), _ends(poles.transpose(-1, -2))], dim=-3)
    twelve = torch.cat([sides, ends], dim=-1).flatten(-3).to(z.dtype)
    return _picked(torch.where(rows.any(-1, keepdim=True), twelve, none), order)


def _ends(mask: Tensor) -> Tensor:
    """First and last True along the last axis, (..., 2); some place where there is none."""
    first = mask.to(torch.uint8)  # of equal values argmax gives the first; it takes no bool
    return torch.stack([first.argmax(-1), mask.shape[-1] - 1 - first.flip(-1).argmax(-1)], dim=-1)


def _soft(z: Tensor, order: bytes, none: float) -> Tensor:
    # without kernels a few images are done sooner by the formulas
    if by_hand(z) and (kernels(z) or (z.is_cpu and z.numel() >= MANY)):
        return _picked(like(apply("expected", images(z), none)[0], z), order)
    return _picked(_plain.expected(z, none), order)
