"""Hard points outside of graphs, at once: a dozen images take as long as a single operation of torch.

Where the extra `fast` is there, a kernel is given the addresses of the images and of the answer. Elsewhere masks are
turned into text, in which Python finds the first and the last character in no time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spoton.layers._eager import PLAIN, kernels, watched

PIECE = 1 << 18  # pixels: a piece and its mask stay in the cache
SMALL = 1 << 12  # pixels
HALF = (torch.float16, torch.bfloat16)
ZERO = np.zeros((), np.float32)  # NumPy takes longer to compare with a number of Python's


def hard_points(z: Tensor, order: bytes, none: float) -> Tensor | None:
    """The coordinates (..., len(order)) of `spoton.layers._twelve.coordinates` for `hard`, without a gradient.

    None where that is left to torch: on other devices, in graphs, for subclasses of tensors, without any pixel.
    """
    if type(z) not in PLAIN or watched():
        return None
    shape, pixels = z.shape, z.numel()
    if len(shape) < 2 or not pixels:
        return None
    height, width = shape[-2:]
    if not kernels(z):
        return _by_text(z, order, none) if z.is_cpu and z.is_floating_point() else None
    if not z.is_contiguous() or z.is_neg():  # is_neg: what memory holds is minus the number, as in parts of conjugates
        z = z.contiguous().resolve_neg()
    table, address = _table(order)
    out = torch.from_numpy(np.empty((*shape[:-2], len(table)), np.float32))  # twice as fast as z.new_empty
    n = pixels // (height * width)
    _kernel()(z.data_ptr(), n, height, width, address, len(table), float(none), out.data_ptr())
    return out


@cache
def _kernel() -> Callable[..., None]:
    from spoton.layers._packed import packed_points_at

    return packed_points_at


@cache
def _table(order: bytes) -> tuple[NDArray[np.int64], int]:
    """The order as an array, and its address, which is good as long as the array is kept."""
    table = np.array(list(order), np.int64)
    return table, table.ctypes.data


def _by_text(z: Tensor, order: bytes, none: float) -> Tensor:
    number = z.float() if z.dtype in HALF else z  # NumPy has no bfloat16
    images = number.numpy(force=True)  # by force: out of the graph of gradients
    plain = z.ndim == 3
    if not plain:
        images = images.reshape(-1, *z.shape[-2:])
    if images.size <= PIECE:
        twelve = _read(images > ZERO, none)
    else:
        step = max(1, PIECE // images[0].size)
        twelve = []
        for start in range(0, len(images), step):
            twelve += _read(images[start : start + step] > ZERO, none)
    columns = np.array(twelve, images.dtype).take(_table(order)[0], axis=1, mode="clip")  # the quickest mode
    points = torch.from_numpy(columns if plain else columns.reshape(*z.shape[:-2], len(order)))
    return points if number is z else points.to(z.dtype)


def _read(masks: NDArray[np.bool_], none: float) -> list[Sequence[float]]:
    """The twelve coordinates of each mask; `none` where there is no ink."""
    count, height, width = masks.shape
    size = height * width
    text = masks.tobytes()
    # small images turned, so that columns stand in a row; all rows of a large one laid over each other
    turned = masks.transpose(0, 2, 1).tobytes() if size <= SMALL else b""
    columns = b"" if turned else masks.any(axis=1).tobytes()
    found: list[Sequence[float]] = []
    for i in range(count):
        begin, end = i * size, (i + 1) * size
        first = text.find(1, begin, end)
        if first < 0:
            found.append((none,) * 12)
            continue
        last = text.rfind(1, first, end)
        top, bottom = (first - begin) // width, (last - begin) // width
        upper, lower = begin + top * width, begin + bottom * width
        if turned:
            left = (turned.find(1, begin, end) - begin) // height
            right = (turned.rfind(1, begin, end) - begin) // height
            in_left = turned[begin + left * height : begin + (left + 1) * height]
            in_right = turned[begin + right * height : begin + (right + 1) * height]
        else:
            left = columns.find(1, i * width, (i + 1) * width) - i * width
            right = columns.rfind(1, i * width, (i + 1) * width) - i * width
            in_left, in_right = text[begin + left : end : width], text[begin + right : end : width]
        found.append(
            (
                *(top, first - upper, text.rfind(1, first, upper + width) - upper),
                *(bottom, text.find(1, lower, last + 1) - lower, last - lower),
                *(left, in_left.find(1), in_left.rfind(1)),
                *(right, in_right.find(1), in_right.rfind(1)),
            )
        )
    return found
