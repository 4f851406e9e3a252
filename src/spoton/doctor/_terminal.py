"""The terminal: encoding, colours, width."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

from spoton.doctor._finding import Finding

GROUP = "terminal"
USED = "±─●█✓é"  # of what tables and diagnoses print


def check() -> Iterator[Finding]:
    """Two findings."""
    yield _encoding()
    yield _colours()


def _encoding() -> Finding:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        USED.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        words = f"{encoding}: signs that it lacks are shown as ?"
        return Finding(GROUP, "encoding", "missing", words, "set PYTHONUTF8=1, or a locale such as C.UTF-8")
    return Finding(GROUP, "encoding", "ok", encoding)


def _colours() -> Finding:
    from rich.console import Console

    screen = Console()
    why = "standard output is no terminal" if not screen.is_terminal else ""
    if os.environ.get("NO_COLOR"):
        why = "NO_COLOR is set"
    # a console without colours has no colour system, or is told not to use it
    depth = None if screen.no_color else screen.color_system
    width = shutil.get_terminal_size().columns
    return Finding(GROUP, "colours", "ok", f"{depth or 'off'}{f', as {why}' if why else ''}; {width} columns")
