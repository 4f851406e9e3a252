"""`jit`: compiles the kernels of the `fast` extra where numba is installed; elsewhere they stay plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from spoton import optional

FAST = optional.installed("numba")
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def jit(kernel: Kernel) -> Kernel:
    """The kernel, compiled at its first call and kept on disk, for one thread, other threads running on meanwhile.

    Multiplications and additions may be fused, nothing else is reordered, and NaN stays NaN. Without numba a kernel
    gives the same answers, a thousand times slower: for tests alone.
    """
    return _compiled(kernel, {"contract"})


def jit_sum(kernel: Kernel) -> Kernel:
    """`jit` for a sum, whose terms may be added in any order, so many at a time."""
    return _compiled(kernel, {"contract", "reassoc"})


def _compiled(kernel: Kernel, fastmath: set[str]) -> Kernel:
    if not FAST:
        return kernel
    numba = optional.require("numba")
    # numpy's rules for division by zero, as a check would keep loops from becoming vector instructions
    options = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
    try:
        return cast(Kernel, numba.njit(cache=True, **options)(kernel))
    except RuntimeError:  # there is no place to write to: compiled anew in each process
        return cast(Kernel, numba.njit(**options)(kernel))
