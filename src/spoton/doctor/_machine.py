"""Python, the machine, its cores; and its graphics processors, which need torch to be asked."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator

from spoton._provenance import provenance
from spoton.doctor._finding import Finding
from spoton.doctor._packages import core_imports

GROUP, GRAPHICS = "machine", "graphics"
OLDEST = (3, 11)


def check() -> Iterator[Finding]:
    """Python, platform, cores, memory."""
    known = provenance()
    old = sys.version_info < OLDEST
    advice = f"spoton needs Python {'.'.join(map(str, OLDEST))} or newer" if old else ""
    where = f"{platform.python_implementation()} {known['python']} at {sys.executable}"
    yield Finding(GROUP, "python", "broken" if old else "ok", where, advice)
    yield Finding(GROUP, "platform", "ok", str(known["platform"]))
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding(GROUP, "cores", "ok", f"{usable} of {os.cpu_count()}, {known['cpu']}")
    if memory := _memory():
        yield Finding(GROUP, "memory", "ok", f"{memory / 2**30:.1f} GiB")


def _memory() -> int:
    """Bytes of the machine; 0 where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


def graphics(imports: bool) -> Iterator[Finding]:
    """What the driver shows and what torch can use are two things."""
    seen = str(provenance()["gpu"])
    if not imports:
        yield Finding(GRAPHICS, "gpu", "ok", f"{seen or 'none seen'}; torch was not asked")
        return
    usable = dict(core_imports()).get("torch", ("", ""))[1]
    if usable or not seen:
        yield Finding(GRAPHICS, "gpu", "ok", usable or "none; spoton trains on the CPU anyway")
        return
    build = "install a torch that is built for it, see pytorch.org/get-started"
    yield Finding(GRAPHICS, "gpu", "missing", f"{seen} is there, and this torch does not use it", build)
