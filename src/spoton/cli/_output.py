"""What commands share of their ends: where they print, what they write, how many cores there are."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """Standard output. A pipe has no width: 120 columns hold every table, and long sentences stay on one line."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=120, soft_wrap=True)


def cores() -> int:
    """Of those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_writable(option: str, path: Path) -> None:
    """Before a long bench, not after it.

    Raises:
        UsageError: a folder, or a file in a folder that is not there.
    """
    from spoton.errors import UsageError

    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(
            f"{option} {path} cannot be written: {'it is' if path.is_dir() else 'there is no such'} folder"
        )


def replace_text(path: Path, text: str) -> None:
    """Write a file, at once or not at all."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
