"""`RasterPoints` and `PointFeatures`: the points of an image as coordinates, differentiable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from spoton import catalogue, ink
from spoton.errors import UsageError
from spoton.layers._raster import SCANS
from spoton.layers._twelve import TWELVE, check_mode, coordinates

_IDS = {name: np.array([i]) for i, name in enumerate(TWELVE)}
# group -> which of the twelve coordinates its columns are; spoton.ink alone knows the order
_GROUPS = {name: bytes(map(int, points.ravel())) for name, points in ink.crossed(_IDS, _IDS).items()}
GROUPS = tuple(_GROUPS)
_SCANS = bytes(
    _IDS[name].item()
    for side, end in (ink.KINDS[scan] for scan in SCANS)
    for name in ((f"{side}_{end}", side) if side in ("top", "bottom") else (side, f"{side}_{end}"))
)


def raster_points(logits: Tensor, *, mode: str = "soft", none: float = -1.0) -> Tensor:
    """The first ink of each of the eight scan orders, as points.

    In `soft` mode the expectation of the pixels under `raster_first`, E[(x, y)] = sum of (x, y) P((x, y) is the first),
    without ever holding these probabilities.

    Args:
        logits: logits of ink (..., H, W).
        mode: `soft` (expected points), `hard` (those of the pixels with a logit > 0, without a gradient) or `st`
            (`hard` forward, `soft` backward).
        none: both coordinates where there is no ink, in `soft` mode in proportion to its probability.

    Returns:
        (..., 8, 2) as (x, y) in pixels, in the order of `SCANS`.

    Raises:
        UsageError: an unknown mode.
    """
    return coordinates(logits, _SCANS, mode=mode, none=none).reshape(*logits.shape[:-2], len(SCANS), 2)


def point_features(
    logits: Tensor, features: Sequence[str] = GROUPS, *, mode: str = "soft", none: float = -1.0
) -> Tensor:
    """The candidate points of 2020 as columns: all crossings of the ink box's sides and of the ink's ends in them.

    `pts11` crosses the sides (4 points), `pts12` sides and ends (16), `pts22` ends with ends (16); see
    `spoton.ink.feature_points`. In `soft` mode each coordinate is the expected one, E[k] = sum of k P(k) by survival.

    Args:
        logits: logits of ink (..., H, W).
        features: which groups, in the order of their columns.
        mode: `soft`, `hard` or `st`; see `raster_points`. In `hard` mode the columns are those of the transformer
            `spoton.learners.PointFeatures`, to the last bit.
        none: the coordinates where there is no ink, in `soft` mode in proportion to its probability.

    Returns:
        (..., columns): x and y of each point in turn, in pixels; 72 columns for all three groups. bfloat16 holds whole
        pixels up to 256, float16 up to 2048.

    Raises:
        UsageError: an unknown mode or group.
    """
    return coordinates(logits, _order(features), mode=mode, none=none)


def _order(features: Sequence[str]) -> bytes:
    if isinstance(features, str):
        raise UsageError(f"groups of points come as a list, as in ['{features}'], not as the text '{features}'")
    unknown = next((name for name in features if name not in _GROUPS), None)
    if unknown is not None:
        raise catalogue.unknown("group of points", unknown, GROUPS)
    return b"".join(_GROUPS[name] for name in features)


class RasterPoints(nn.Module):
    """The first ink of the eight scan orders `SCANS`, as points; see `raster_points`.

    Args:
        mode: `soft`, `hard` or `st`.
        none: both coordinates where there is no ink.

    Shape: logits (..., H, W) -> (..., 8, 2) in pixels.

    Example:
        >>> import torch
        >>> logits = torch.full((5, 7), -30.0)
        >>> logits[2, 3:6] = 30.0
        >>> RasterPoints()(logits)[:2]  # topleft and topright
        tensor([[3., 2.],
                [5., 2.]])
    """

    def __init__(self, mode: str = "soft", none: float = -1.0) -> None:
        super().__init__()
        check_mode(mode)
        self.mode, self.none = mode, none

    def forward(self, logits: Tensor) -> Tensor:
        """The points."""
        return raster_points(logits, mode=self.mode, none=self.none)

    def extra_repr(self) -> str:
        """Mode and answer for empty images."""
        return f"mode={self.mode!r}, none={self.none:g}"


class PointFeatures(nn.Module):
    """The candidate points of 2020 as columns, to put before any layer; see `point_features`.

    Args:
        features: `pts11`, `pts12`, `pts22`, in the order of their columns.
        mode: `soft`, `hard` or `st`.
        none: the coordinates where there is no ink.

    Shape: logits (..., H, W) -> (..., columns) in pixels.

    Limits: in `soft` mode each coordinate is an expectation by itself; of a mask that hesitates between two places it
    lies between them. On CPUs it is fastest with the extra `fast` (numba).
    """

    def __init__(self, features: Sequence[str] = GROUPS, mode: str = "soft", none: float = -1.0) -> None:
        super().__init__()
        check_mode(mode)
        self.features, self.mode, self.none = tuple(features), mode, none
        self._columns = _order(features)  # once: it takes as long as the points of a digit

    def forward(self, logits: Tensor) -> Tensor:
        """The columns."""
        return coordinates(logits, self._columns, mode=self.mode, none=self.none)

    def extra_repr(self) -> str:
        """Groups, mode and answer for empty images."""
        return f"features={self.features}, mode={self.mode!r}, none={self.none:g}"
