"""The kernels of the extra `fast`: whether they are compiled already."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from spoton.doctor._finding import Finding
from spoton.optional import installed

GROUP = "kernels"
AHEAD = "python -c 'import spoton.layers as s; s.compile_kernels()' does it ahead"


def check() -> Iterator[Finding]:
    """One finding; where there is no numba, none is needed."""
    name = "layers"
    if not installed("numba"):
        yield Finding(GROUP, name, "ok", "plain torch, as the extra fast is not installed")
        return
    beside = Path(__file__).parents[1] / "layers" / "__pycache__"
    told = os.environ.get("NUMBA_CACHE_DIR")
    place = Path(told) if told else beside
    count = sum(1 for _ in place.rglob("*.nbi")) if place.is_dir() else 0
    if count:
        yield Finding(GROUP, name, "ok", f"{count} compiled, in {place}")
    elif os.access(place if place.is_dir() else place.parent, os.W_OK):
        yield Finding(GROUP, name, "ok", "not compiled yet: their first use takes up to a minute", AHEAD)
    else:
        where = "set NUMBA_CACHE_DIR to a folder that can be written to"
        yield Finding(GROUP, name, "ok", f"compiled anew in each process, as {place} cannot be written to", where)
