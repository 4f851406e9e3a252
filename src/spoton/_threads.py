"""One thread for learners, so that seconds compare and sums are added up in one order: the same bits each time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = Lock()
_held: dict[str, Any] = {"inside": 0, "torch": 0, "limits": None}


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS, OpenMP and torch on one thread inside; torch is not imported for it, since that takes seconds.

    Several threads may be inside at once, as those of a server: the last one out puts back what the first one found.
    """
    torch = sys.modules.get("torch")
    with _lock:
        if not _held["inside"]:
            _held["torch"] = 0 if torch is None else torch.get_num_threads()
        if torch is not None:
            torch.set_num_threads(1)
        limits = _pools(len(sys.modules)).limit(limits=1)  # of OpenMP for this thread alone, so each one sets it
        if not _held["inside"]:
            _held["limits"] = limits
        _held["inside"] += 1
    try:
        yield
    finally:
        with _lock:
            _held["inside"] -= 1
            if not _held["inside"]:
                _held["limits"].restore_original_limits()
                if _held["torch"] and torch is not None:
                    torch.set_num_threads(_held["torch"])


@lru_cache(maxsize=1)
def _pools(modules: int) -> ThreadpoolController:
    """The thread pools of this process: looked for anew when a module was loaded, since that takes milliseconds."""
    return ThreadpoolController()
