"""What a service takes at most, and how it says no."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields

from spoton.errors import SpotonError, UsageError


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Limits:
    """What a service takes at most.

    Attributes:
        bytes: of the body of a request.
        pixels: of all images of a request together, unpacked.
        rows: images, or rows of a table, a request.
        seconds: to receive a request, and again to answer it.
        waiting: requests that are received or wait, beside those that are worked on.
        held: bytes of all requests together that are in memory.
        workers: requests that are worked on at once, each on one thread.

    Raises:
        UsageError: a limit below 1.
    """

    bytes: int = 8 * 2**20
    pixels: int = 2**22
    rows: int = 1024
    seconds: float = 30.0
    waiting: int = 256
    held: int = 256 * 2**20
    workers: int = field(default_factory=_cores)

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not value >= (0 if one.name in ("waiting", "seconds") else 1) or value == 0.0:
                raise UsageError(f"the limit of {one.name} has to be 1 or more, not {value}")


class Refusal(SpotonError):
    """A request that is not answered with points.

    Args:
        status: of HTTP.
        sentence: why, and what to do.
        again: seconds after which it may be tried again.
    """

    def __init__(self, status: int, sentence: str, again: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.again = status, again
