"""The one place that knows coordinate frames. A point is (x, y): x = column, y = row.

========  ==========================================================================================
frame     meaning
========  ==========================================================================================
`px`      stored, scored and shown: (0, 0) is the CENTRE of the top-left pixel, the last is size - 1
`unit`    [-1, 1] with the first and last pixel CENTRES at -1 and 1 (kornia's normalised coordinates)
`fastai`  `2 p / size - 1` as in fastai's `PointScaler`, where p counts from the image's top-left EDGE
========  ==========================================================================================

The centre of a pixel lies half a pixel inside its edge, so px -> fastai adds 0.5 and fastai -> px takes
it away. fastai users mostly leave the 0.5 out (the last of 40 pixels then lies at 0.95, not 0.975), which is
harmless until an image is flipped or rotated: then points are off by half to one pixel. `centred=False`
gives that uncorrected reading, to compare with figures that were made so.

All functions take any array with `*` and `+` (NumPy, torch, pandas) and keep its type.
"""

from __future__ import annotations

from typing import Any

from spoton.errors import UsageError

FRAMES = ("px", "unit", "fastai")


def to_unit(p_px: Any, size: Any) -> Any:
    """Pixels to [-1, 1] between the outer pixel centres; `size` is the number of pixels (2 or more)."""
    return 2 * p_px / (size - 1) - 1


def from_unit(p_unit: Any, size: Any) -> Any:
    """The inverse of `to_unit`."""
    return (p_unit + 1) * (size - 1) / 2


def to_fastai(p_px: Any, size: Any, *, centred: bool = True) -> Any:
    """Pixels to fastai's [-1, 1] between the outer pixel EDGES."""
    return 2 * (p_px + (0.5 if centred else 0.0)) / size - 1


def from_fastai(p_fastai: Any, size: Any, *, centred: bool = True) -> Any:
    """The inverse of `to_fastai`."""
    return (p_fastai + 1) * size / 2 - (0.5 if centred else 0.0)


def edges_px(size: int) -> tuple[float, float]:
    """The first and the last edge of an axis of `size` pixels: no point in the image lies outside."""
    return -0.5, size - 0.5


def convert(p: Any, source: str, target: str, size: Any) -> Any:
    """Convert coordinates of one axis, or of both where `size` broadcasts as (W, H) over the last axis.

    Args:
        p: coordinates in frame `source`, any shape.
        source: one of `FRAMES`.
        target: one of `FRAMES`.
        size: pixels along the axis: a number, or an array (W, H) for a last axis of (x, y).

    Raises:
        UsageError: an unknown frame.

    Example:
        >>> convert(39.0, "px", "fastai", 40)  # doctest: +ELLIPSIS
        0.975...
        >>> convert(39.0, "px", "unit", 40)
        1.0
    """
    for frame in (source, target):
        if frame not in FRAMES:
            raise UsageError(f"no frame is called '{frame}'; known: {', '.join(FRAMES)}")
    if source == "unit":
        p = from_unit(p, size)
    elif source == "fastai":
        p = from_fastai(p, size)
    if target == "unit":
        return to_unit(p, size)
    return to_fastai(p, size) if target == "fastai" else p
