"""A journal of finished runs: one line of JSON each, on disk before the next run begins.

A bench that is killed leaves at most one half-written line, at the end; reading drops it, and appending begins a new
line. Two benches on one machine may append to one file: writers take turns by a lock.
"""

from __future__ import annotations

import os
from pathlib import Path

from spoton._run import Run
from spoton.errors import DataError

JOURNAL = "spoton-runs.jsonl"


def append(path: str | Path, run: Run) -> None:
    """Add one run and push it to the disk.

    Raises:
        DataError: the file cannot be written.
    """
    line = run.to_json().encode() + b"\n"
    try:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            _lock(handle)
            if _torn(handle):
                line = b"\n" + line
            while line:  # a full disk writes a part, and then raises
                line = line[os.write(handle, line) :]
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise DataError(
            f"the journal {path} cannot be written ({error.strerror}); name another with --journal"
        ) from error


def _torn(handle: int) -> bool:
    """Whether the last line has no end, because its writer was killed."""
    size = os.fstat(handle).st_size
    if size == 0:
        return False
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1) != b"\n"


def _lock(handle: int) -> None:
    """Until the file is closed; Windows has no fcntl, and two writers there are not promised."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX)


def check(path: str | Path) -> None:
    """Raise now, not after the first long run, if the journal cannot be written."""
    fresh = not Path(path).exists()
    try:
        with open(path, "ab"):
            pass
    except OSError as error:
        raise DataError(
            f"the journal {path} cannot be written ({error.strerror}); name another with --journal"
        ) from error
    if fresh:
        Path(path).unlink(missing_ok=True)


def read(path: str | Path) -> list[Run]:
    """All whole runs in the file, oldest first; none where there is no file.

    Raises:
        DataError: the file is not a journal: none of its lines is a run.
    """
    path = Path(path)
    if not path.exists():
        return []
    runs: list[Run] = []
    torn = 0
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DataError(f"the journal {path} cannot be read ({error.strerror}); name another with --journal") from error
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            runs.append(Run.from_json(line))
        except (ValueError, TypeError):
            torn += 1  # half a line of a killed writer
    if torn and not runs and torn > 1:
        raise DataError(f"{path} is no journal of spoton (no line of it is a run); name another with --journal")
    return runs
