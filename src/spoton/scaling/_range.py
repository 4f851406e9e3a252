"""Limits of answers, as words: `y_range_of` gives those between which a net's sigmoid head moves.

============  ========================================================================================
`none`        no head; the net is free
`samples`     smallest and largest training target of each output: the tails of the sigmoid must saturate
`samples:0.2` the same, widened by 0.2 of their range on both sides
`auto`        `samples:0.1`
`extremes`    as far as an answer can go: the image's edges where targets are pixels in the image, else the smallest
              and largest target over all outputs (`evaluate` takes `auto` instead where answers are no points)
============  ========================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spoton import catalogue, frames
from spoton.data import Array
from spoton.errors import UsageError

Y_RANGES = ("none", "samples", "auto", "extremes")
MARGIN = 0.1


def y_range_of(
    how: str | Sequence[object] | None, y: Array, image_size: tuple[int, int] | None = None
) -> tuple[Array, Array] | None:
    """The limits (lo, hi), each (k,), of a sigmoid head; None for no head.

    Args:
        how: one of `Y_RANGES`, or `samples:MARGIN` with a share of the range, 0 or more, or (lo, hi) as numbers or as
            one value an output; None means `none`.
        y: (n, k) training targets.
        image_size: (W, H) in pixels where the inputs are images.

    Raises:
        UsageError: an unknown word, or limits that are not in order.
    """
    outputs = y.shape[1]
    if how is None or (isinstance(how, str) and how == "none"):
        return None
    if not isinstance(how, str):
        try:
            lo, hi = (np.broadcast_to(np.asarray(v, dtype=np.float64), (outputs,)) for v in how)
        except (TypeError, ValueError):
            raise UsageError(
                f"y_range has to be (lo, hi) or one of {', '.join(Y_RANGES)}, this one is {how!r}"
            ) from None
        if not (lo < hi).all():
            raise UsageError(f"y_range needs lo < hi, this one is {how!r}")
        return lo.copy(), hi.copy()
    margin = check_y_range(how)
    lo, hi = y.min(axis=0).astype(np.float64), y.max(axis=0).astype(np.float64)
    if how == "extremes":
        # a standardised target has mean 0, which no pixel coordinate has, and shares and classes as zeros and ones
        # span less than two pixels: the image's edges say nothing about the limits of either
        pixels = not np.allclose(y.mean(axis=0), 0, atol=1e-6) and bool((hi - lo >= 2).all())
        return _extremes(lo, hi, image_size if pixels else None)
    return _widened(lo - margin * (hi - lo), hi + margin * (hi - lo))


def check_y_range(how: str) -> float:
    """The margin that a word asks for, as a share of the range.

    Raises:
        UsageError: no such word, or a margin that is no number of 0 or more.
    """
    word, colon, text = how.partition(":")
    if word not in Y_RANGES or (colon and word != "samples"):
        raise catalogue.unknown("y_range", how, [*Y_RANGES, "samples:MARGIN"], "Or give numbers (lo, hi).")
    if not colon:
        return MARGIN if word == "auto" else 0.0
    try:
        margin = float(text)
    except ValueError:
        margin = -1.0
    if not 0 <= margin < float("inf"):
        raise UsageError(f"the margin in y_range '{how}' is a share of the range, 0 or more, as in samples:0.2")
    return margin


def _extremes(lo: Array, hi: Array, image_size: tuple[int, int] | None) -> tuple[Array, Array]:
    if image_size is not None:
        edge_lo, edge_hi = frames.edges_px(max(image_size))
        if (lo >= edge_lo).all() and (hi <= edge_hi).all():
            return np.full_like(lo, edge_lo), np.full_like(hi, edge_hi)
    return _widened(np.full_like(lo, lo.min()), np.full_like(hi, hi.max()))


def _widened(lo: Array, hi: Array) -> tuple[Array, Array]:
    """A constant target would leave no room for the sigmoid: half a unit to both sides then."""
    flat = hi <= lo
    return np.where(flat, lo - 0.5, lo), np.where(flat, hi + 0.5, hi)
