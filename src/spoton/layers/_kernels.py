"""`compile_kernels`: compiles the kernels of the extra `fast` ahead of their first use."""

from __future__ import annotations

import time
from functools import cache

import torch

from spoton.layers._jit import FAST
from spoton.layers._point_features import raster_points
from spoton.layers._raster import RasterFirst, scan_ends


@cache
def compile_kernels() -> float:
    """Compile what `RasterFirst`, `scan_ends`, `raster_points` and `point_features` use on CPUs in float32.

    Otherwise the first call of each does it, which takes up to a minute in all. Compiled kernels are kept on disk
    beside the package, or where the variable NUMBA_CACHE_DIR says, so this is once an installation; from disk they come
    in a second or two. Put it into the build of an image, or before a clock is started. No answer depends on it.

    Returns:
        Seconds that it took; 0.0 without the extra `fast`, where there is nothing to compile.

    Limits: where neither place can be written to, kernels are compiled anew in each process.
    """
    if not FAST:
        return 0.0
    start = time.perf_counter()
    with torch.inference_mode(False), torch.enable_grad():
        z = torch.zeros(1, 2, 3, dtype=torch.float32, device="cpu", requires_grad=True)
        found = RasterFirst()(z), *scan_ends(z), raster_points(z)
        torch.autograd.grad(found, z, [torch.ones_like(part) for part in found])
        raster_points(z, mode="hard")
    return time.perf_counter() - start
