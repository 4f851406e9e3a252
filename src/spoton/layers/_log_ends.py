"""`scan_ends` for CPUs and float32: the scans of `spoton.layers._log_scans`, summed as exponentials, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import float32

from spoton.layers._jit import jit, jit_sum
from spoton.layers._log_scans import LOG_ZERO, WIDE, Floats, pull_back, scan, sum_of, work
from spoton.layers._powers import LOG2_E, power_of_two


@jit
def _peak(line: Floats, add: Floats, lanes: Floats) -> Any:
    """The largest of line + add, by `WIDE` at a time, then eight; NaN may be passed over."""
    for j in range(WIDE):  # loops, as assigning to slices takes as long as dozens of pixels
        lanes[j] = LOG_ZERO
    for start in range(0, len(line), WIDE):
        part, adds = line[start : start + WIDE], add[start : start + WIDE]
        for j in range(WIDE):
            here = part[j] + adds[j]
            lanes[j] = here if here > lanes[j] else lanes[j]
    for j in range(8):
        first = lanes[j] if lanes[j] > lanes[8 + j] else lanes[8 + j]
        second = lanes[16 + j] if lanes[16 + j] > lanes[24 + j] else lanes[24 + j]
        lanes[j] = first if first > second else second
    found = lanes[0]
    for j in range(1, 8):
        found = lanes[j] if lanes[j] > found else found
    return found


@jit_sum
def _exp_sum(line: Floats, add: Floats, peak: Any) -> Any:
    """The sum of exp(line + add - peak)."""
    found = float32(0)
    for x in range(len(line)):
        found += power_of_two((line[x] + add[x] - peak) * LOG2_E)
    return found


@jit
def line_ends(z: Floats, rows: Floats, columns: Floats) -> None:
    """Logits (n, H, W) -> (n, 2, 4, W) and (n, 2, 4, H).

    Each answer is a pair, its largest term (a logarithm) and the sum of all terms by the largest.
    """
    n, height, width = z.shape
    pixels, maps, sides, whole = work(height, width)
    wide = pixels.shape[2]
    most, total, lanes = np.zeros(wide, np.float32), np.zeros(wide, np.float32), np.zeros(WIDE, np.float32)
    for i in range(n):
        scan(z[i], pixels, maps, sides, whole)
        for far in range(2):
            for back in range(2):
                k = 2 * far + back
                for x in range(wide):
                    most[x], total[x] = LOG_ZERO, float32(0)
                for y in range(height):
                    line, add = maps[back, y], sides[far, y]
                    for x in range(wide):
                        here = line[x] + add
                        most[x] = most[x] if here < most[x] else here
                for y in range(height):
                    line, add = maps[back, y], sides[far, y]
                    for x in range(wide):
                        total[x] += power_of_two((line[x] + add - most[x]) * LOG2_E)
                peaks, totals = rows[i, 0, k], rows[i, 1, k]
                for x in range(width):
                    peaks[x], totals[x] = most[x], total[x]
                adds = sides[2 + far, :wide]
                for y in range(height):
                    peak = _peak(maps[2 + back, y], adds, lanes)
                    columns[i, 0, k, y] = peak
                    columns[i, 1, k, y] = _exp_sum(maps[2 + back, y], adds, peak)


@jit
def line_ends_backward(
    z: Floats, rows: Floats, columns: Floats, by_row: Floats, by_column: Floats, out: Floats
) -> None:
    """The gradient of `line_ends`: `by_row` (n, 4, W) and `by_column` (n, 4, H) by the sums of all terms."""
    n, height, width = z.shape
    pixels, maps, sides, whole = work(height, width)
    wide = pixels.shape[2]
    slopes = np.zeros_like(sides)
    peaks, weights = np.zeros((4, wide), np.float32), np.zeros((4, wide), np.float32)  # 0 beyond the image
    near, far = np.zeros(wide, np.float32), np.zeros(wide, np.float32)
    for i in range(n):
        scan(z[i], pixels, maps, sides, whole)
        slopes[:] = 0
        peaks[:, :width] = rows[i, 0]
        weights[:, :width] = by_row[i]
        for back in range(2):
            near_peaks, far_peaks, near_weights, far_weights = (
                peaks[back],
                peaks[2 + back],
                weights[back],
                weights[2 + back],
            )
            for y in range(height):
                line, add, far_add = maps[back, y], sides[0, y], sides[1, y]
                for x in range(wide):
                    near[x] = near_weights[x] * power_of_two((line[x] + add - near_peaks[x]) * LOG2_E)
                for x in range(wide):
                    far[x] = far_weights[x] * power_of_two((line[x] + far_add - far_peaks[x]) * LOG2_E)
                for x in range(wide):
                    line[x] = near[x] + far[x]
                slopes[0, y] += sum_of(near)
                slopes[1, y] += sum_of(far)
            near_adds, far_adds, near_slopes, far_slopes = sides[2], sides[3], slopes[2], slopes[3]
            for y in range(height):
                line = maps[2 + back, y]
                peak, far_peak = columns[i, 0, back, y], columns[i, 0, 2 + back, y]
                weight, far_weight = by_column[i, back, y], by_column[i, 2 + back, y]
                for x in range(wide):
                    near[x] = weight * power_of_two((line[x] + near_adds[x] - peak) * LOG2_E)
                for x in range(wide):
                    far[x] = far_weight * power_of_two((line[x] + far_adds[x] - far_peak) * LOG2_E)
                for x in range(wide):
                    line[x] = near[x] + far[x]
                    near_slopes[x] += near[x]
                    far_slopes[x] += far[x]
        pull_back(pixels, maps, slopes, whole, out[i])
