"""Scans of whole images as log-probabilities, forward and backward, image by image, for CPUs and float32.

The same as the formulas of `spoton.layers._plain`, for one image at a time, so that all but the input and the output
stays in the cache. Work arrays are as wide as a multiple of `WIDE` and hold log 0 beyond the image, for loops that come
out even in vector instructions. Sums along an axis are kept in float64, as in torch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from spoton.layers._jit import jit, jit_sum
from spoton.layers._powers import LOG2_E, power_of_two

Floats = NDArray[np.float32]
WIDE = 32
LOG_ZERO = float32(-3e38)  # finite, as -inf less -inf is no number
# log(1 + a) = 2 (s + s^3/3 + s^5/5 + ...) with s = a / (2 + a) <= 1/3, highest power first, exact to float32
ODD = tuple(float32(1 / k) for k in range(13, 0, -2))


@jit
def work(height: int, width: int) -> Any:
    """Work arrays: `pixels` (logits, log m, log(1 - m)), `maps` by direction, `sides`, and `whole` lines."""
    wide = (width + WIDE - 1) // WIDE * WIDE
    pixels = np.full((3, height, wide), LOG_ZERO, np.float32)
    maps = np.full((4, height, wide), LOG_ZERO, np.float32)
    longest = max(height, wide)
    return pixels, maps, np.zeros((4, longest), np.float32), np.zeros((2, longest))


@jit
def scan(z: Floats, pixels: Floats, maps: Floats, sides: Floats, whole: Any) -> None:
    """All that the scans share: `maps` of `_within`, and `sides`, what is before a line: rows near, far, columns."""
    height, width = z.shape
    _copy(z, pixels[0])
    _logs(pixels[0], pixels[1], pixels[2])
    _within(pixels[1], pixels[2], width, maps, whole[0, :height], whole[1, : pixels.shape[2]])
    _beyond(whole[0], height, sides[0], sides[1])
    _beyond(whole[1], width, sides[2], sides[3])


@jit
def _copy(z: Floats, logits: Floats) -> None:
    for y in range(z.shape[0]):
        line, to = z[y], logits[y]
        for x in range(len(line)):
            to[x] = line[x]


@jit
def _logs(logits: Floats, hit: Floats, miss: Floats) -> None:
    for y in range(logits.shape[0]):
        line, hits, misses = logits[y], hit[y], miss[y]
        for x in range(len(line)):
            small = power_of_two((-line[x] if line[x] > 0 else line[x]) * LOG2_E)
            s = small / (float32(2) + small)
            square = s * s
            common = ODD[0]
            for c in ODD[1:]:
                common = common * square + c
            common *= s + s
            hits[x] = (float32(0) if line[x] > 0 else line[x]) - common
            misses[x] = (float32(0) if line[x] < 0 else -line[x]) - common


@jit
def _within(hit: Floats, miss: Floats, width: int, maps: Floats, rows: Any, columns: Any) -> None:
    """log m + the sum of log(1 - m) over what is before, along rows (right, left) and columns (down, up).

    Args:
        maps: (4, H, wide), written to.
        rows, columns: the sums over whole lines, written to.
    """
    height = hit.shape[0]
    for y in range(height):
        line, blank, right, left = hit[y], miss[y], maps[0, y], maps[1, y]
        to_right, to_left = 0.0, 0.0
        for x in range(width):  # two sums that do not wait for each other
            back = np.uint64(width - 1 - x)
            right[x] = line[x] + float32(to_right)
            left[back] = line[back] + float32(to_left)
            to_right += blank[x]
            to_left += blank[back]
        rows[y] = to_right
    for up in range(2):
        columns[:] = 0
        for k in range(height):
            y = height - 1 - k if up else k
            line, blank, column = hit[y], miss[y], maps[2 + up, y]
            for x in range(len(line)):
                column[x] = line[x] + float32(columns[x])
                columns[x] += blank[x]


@jit
def _beyond(whole: Any, size: int, near: Floats, far: Floats) -> None:
    """Sums of whole lines before each line, from either side."""
    before, after = 0.0, 0.0
    for k in range(size):
        back = size - 1 - k
        near[k] = float32(before)
        far[back] = float32(after)
        before += whole[k]
        after += whole[back]


@jit
def pull_back(pixels: Floats, maps: Floats, slopes: Floats, whole: Any, out: Floats) -> None:
    """From the gradients by `maps` and `sides` to that by the logits: a sum hands back to all that it was made of."""
    height, width = out.shape
    wide = pixels.shape[2]
    for axis, size in ((0, height), (1, width)):
        near, far, to = slopes[2 * axis], slopes[2 * axis + 1], whole[axis]
        after, before = 0.0, 0.0
        for k in range(size):
            to[k] = before
            before += far[k]
        for k in range(size):
            to[size - 1 - k] += after
            after += near[size - 1 - k]
    sums = np.zeros((4, wide))
    below, above, to_left, to_right = sums[0], sums[1], sums[2], sums[3]
    for k in range(height):
        miss, down = pixels[1, height - 1 - k], maps[2, height - 1 - k]  # log m is not needed any more
        for x in range(wide):
            miss[x] = float32(below[x])
            below[x] += down[x]
    for y in range(height):
        logits, miss, line = pixels[0, y], pixels[1, y], out[y]
        right, left, down, up = maps[0, y], maps[1, y], maps[2, y], maps[3, y]
        before, after = 0.0, 0.0
        for x in range(width):
            back = np.uint64(width - 1 - x)
            to_left[x] = before
            to_right[back] = after
            before += left[x]
            after += right[back]
        for x in range(wide):
            miss[x] += float32(to_left[x] + to_right[x] + above[x] + whole[0, y] + whole[1, x])
            above[x] += up[x]
        for x in range(wide):
            small = power_of_two((-logits[x] if logits[x] > 0 else logits[x]) * LOG2_E)
            large = float32(1) / (float32(1) + small)
            small *= large
            hit = right[x] + left[x] + down[x] + up[x]
            ink = logits[x] > 0
            miss[x] = hit * (small if ink else large) - miss[x] * (large if ink else small)
        for x in range(width):
            line[x] = miss[x]


@jit_sum
def sum_of(line: Floats) -> Any:
    """The sum."""
    found = float32(0)
    for x in range(len(line)):
        found += line[x]
    return found


@jit
def scan_maps(z: Floats, out: Floats) -> None:
    """`raster_first` for all of `SCANS`: logits (n, H, W), contiguous -> out (n, 8, H, W)."""
    n, height, width = z.shape
    pixels, maps, sides, whole = work(height, width)
    for i in range(n):
        scan(z[i], pixels, maps, sides, whole)
        for far in range(2):
            for back in range(2):
                for y in range(height):
                    add = sides[far, y]
                    line, to = maps[back, y], out[i, 2 * far + back, y]
                    for x in range(width):
                        to[x] = line[x] + add
                    line, to, adds = maps[2 + back, y], out[i, 4 + 2 * far + back, y], sides[2 + far]
                    for x in range(width):
                        to[x] = line[x] + adds[x]


@jit
def scan_maps_backward(z: Floats, grad: Floats, out: Floats) -> None:
    """The gradient of `scan_maps`: grad (n, 8, H, W), out (n, H, W), both contiguous."""
    n, height, width = z.shape
    pixels, maps, slopes, whole = work(height, width)
    maps[:] = 0
    for i in range(n):
        _copy(z[i], pixels[0])
        slopes[:] = 0
        for back in range(2):
            for y in range(height):
                near, far, both = grad[i, back, y], grad[i, 2 + back, y], maps[back, y]
                for x in range(width):
                    both[x] = near[x] + far[x]
                slopes[0, y] += sum_of(near)
                slopes[1, y] += sum_of(far)
                near, far, both = grad[i, 4 + back, y], grad[i, 6 + back, y], maps[2 + back, y]
                nears, fars = slopes[2], slopes[3]
                for x in range(width):
                    both[x] = near[x] + far[x]
                    nears[x] += near[x]
                    fars[x] += far[x]
        pull_back(pixels, maps, slopes, whole, out[i])
