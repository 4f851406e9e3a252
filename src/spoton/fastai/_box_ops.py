"""Boxes between frames and formats: `boxes_to_points`, `points_to_boxes`; and torchvision's own functions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torchvision.ops import box_convert as box_convert
from torchvision.ops import box_iou as box_iou
from torchvision.ops import clip_boxes_to_image

from spoton.errors import DataError
from spoton.frames import edges_px

FIRST = edges_px(1)[0]  # where an image begins, in pixels from the centre of its first


def boxes_to_points(boxes: Any) -> Tensor:
    """Boxes as the pixels that they cover: from edges to the centres of their outer pixels.

    torchvision's boxes count from the image's top-left edge, and right and bottom are where the next pixel begins.
    spoton's points (as those of the task `pnist/box`) are centres of pixels, counted from that of the top-left one. A
    box with the edges 3 and 6 covers the pixels 3 to 5.

    Args:
        boxes: (..., 4), left, top, right, bottom from the image's edge.

    Returns:
        (..., 4), left, top, right, bottom: the points (left, top) and (right, bottom) in the frame `px`.

    Raises:
        DataError: no four numbers a box.

    Example:
        >>> boxes_to_points([3.0, 0.0, 6.0, 1.0]).tolist()
        [3.0, 0.0, 5.0, 0.0]
    """
    edges = _fours(boxes)
    # half a pixel inside of each edge, then from the edge of the image to the centre of its first pixel
    return torch.cat([edges[..., :2] - FIRST, edges[..., 2:] + FIRST], dim=-1) + FIRST


def points_to_boxes(points: Any) -> Tensor:
    """The inverse of `boxes_to_points`: from the centres of outer pixels to edges.

    Args:
        points: (..., 4), left, top, right, bottom in the frame `px`; the last pixels are part of the box.

    Returns:
        (..., 4), left, top, right, bottom from the image's edge.

    Raises:
        DataError: no four numbers a box.

    Example:
        >>> points_to_boxes([3.0, 0.0, 5.0, 0.0]).tolist()
        [3.0, 0.0, 6.0, 1.0]
    """
    corners = _fours(points)
    return torch.cat([corners[..., :2] + FIRST, corners[..., 2:] - FIRST], dim=-1) - FIRST


def clip_boxes(boxes: Any, size: tuple[int, int]) -> Tensor:
    """Boxes cut off at the edges of their image: torchvision's `clip_boxes_to_image`, with the size as (W, H).

    Args:
        boxes: (..., 4), left, top, right, bottom from the image's edge.
        size: (W, H) in pixels; torchvision's own function takes (H, W).

    Returns:
        (..., 4).

    Raises:
        DataError: no four numbers a box.
    """
    clipped: Tensor = clip_boxes_to_image(_fours(boxes), (size[1], size[0]))
    return clipped


def _fours(boxes: Any) -> Tensor:
    values = torch.as_tensor(boxes)
    values = values if values.is_floating_point() else values.float()
    if not values.ndim or values.shape[-1] != 4:
        raise DataError(f"boxes are (..., 4), left, top, right and bottom, not {tuple(values.shape)}")
    return values
