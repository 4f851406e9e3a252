"""`Finding`: what one check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        group: of checks: `machine`, `packages`, `extras`, `kernels`, `data`, `store` or `terminal`.
        name: what was looked at.
        status: `ok`, `missing` (can be had, and nothing that is there needs it) or `broken`.
        words: what was found, in a line.
        advice: what to do; empty where nothing is to be done.
    """

    group: str
    name: str
    status: str
    words: str
    advice: str = ""
