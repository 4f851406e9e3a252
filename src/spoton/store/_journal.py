"""A journal of finished runs: one line of JSON each, on disk before the next run begins.

It is the spool of a store too: what a database does not take now waits here. A bench that is killed leaves at most one
half-written line, at the end; reading drops it, and appending begins a new line. Two benches on one machine may append
to one file: writers take turns by a lock. A line of a spool says which store it is for, since two benches in one folder
may write to two.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from spoton import _trust
from spoton._run import Run
from spoton._told import each_told
from spoton.errors import DataError
from spoton.store._packing import from_line, to_line

JOURNAL = "spoton-runs.jsonl"
STORE = "store"  # key of a line that is for one store


def append(path: str | Path, run: Run, place: str = "") -> None:
    """Add one run and push it to the disk.

    Args:
        path: the journal.
        run: the run.
        place: the `Store.place` that it is for; empty for any.

    Raises:
        DataError: the file cannot be written.
    """
    text = to_line(run)
    if place:
        text = f'{text.rstrip()[:-1]}, "{STORE}": {json.dumps(place)}}}'
    line = text.encode() + b"\n"
    with _said(path, "written"), _locked(path) as handle:
        if _torn(handle):
            line = b"\n" + line
        while line:  # a full disk writes a part, and then raises
            line = line[os.write(handle, line) :]
        os.fsync(handle)


def strike(path: str | Path, stored: Callable[[Iterable[str]], set[str]], place: str = "") -> bool:
    """Remove the runs of a store if all of them are there; nobody appends meanwhile. Says whether they are gone.

    The file goes with the last of them; lines for other stores stay in it.

    Args:
        path: the journal.
        stored: tells of ids of runs those that are safe.
        place: the `Store.place` whose runs are meant; empty for all.

    Raises:
        DataError: the file cannot be read or removed.
    """
    if not Path(path).exists():
        return True
    with _said(path, "removed"), _locked(path) as handle:
        ids = {run.id for run in read(path, place)}
        if stored(ids) < ids:
            return False
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        others = [line for line in lines if not _is_for(line, place)]
        try:
            if others:
                _replace(Path(path), "".join(others))
            else:
                Path(path).unlink()
        except PermissionError:  # Windows does not remove a file that is open
            if not others:
                os.ftruncate(handle, 0)
    return True


def _replace(path: Path, text: str) -> None:
    """The file as a whole or as it was."""
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _is_for(line: str, place: str) -> bool:
    """Whether a line is for this store: one that names none is, and one whose file of SQLite is no longer there."""
    if not place or f'"{STORE}": ' not in line:
        return True
    try:
        named = json.loads(line).get(STORE, "")
    except (ValueError, AttributeError):
        return True  # half a line of a killed writer
    return named in ("", place) or ("://" not in named and not Path(named).exists())


def others(path: str | Path, place: str) -> list[str]:
    """The places of other stores that runs in the file wait for."""
    if not Path(path).is_file():
        return []
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    return sorted({json.loads(line)[STORE] for line in lines if not _is_for(line, place)})


@contextmanager
def _locked(path: str | Path) -> Iterator[int]:
    """The file, open and ours alone until the end."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            _lock(handle)
            if os.fstat(handle).st_nlink == 0 and os.name == "posix":
                continue  # while we waited the file was removed, and lines in it would be lost
            yield handle
            return
        finally:
            os.close(handle)


@contextmanager
def _said(path: str | Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"the journal {path} cannot be {what} ({error.strerror or error}); name another with --journal"
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
    with _said(path, "written"), _locked(path) as handle:
        if fresh and os.fstat(handle).st_size == 0:
            Path(path).unlink(missing_ok=True)


def read(path: str | Path, place: str = "") -> list[Run]:
    """All whole runs in the file, oldest first; none where there is no file.

    Args:
        path: the journal.
        place: leave out what is for another store than that of this `Store.place`; empty for all.

    Raises:
        DataError: the file is not a journal: none of its lines is a run.
    """
    path = Path(path)
    if not path.exists():
        return []
    runs: list[Run] = []
    torn = 0
    _trust.check_regular(path, "journal", "name another with --journal")
    try:
        _trust.check_bytes(path.stat().st_size, str(path))
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DataError(
            f"the journal {path} cannot be read ({error.strerror or error}); name another with --journal"
        ) from error
    for line in each_told("runs read", text.splitlines()):
        if not line.strip():
            continue
        try:
            if _is_for(line, place):
                runs.append(from_line(line))
        except (ValueError, TypeError):
            torn += 1  # half a line of a killed writer
    if torn and not runs and torn > 1:
        raise DataError(f"{path} is no journal of spoton (no line of it is a run); name another with --journal")
    return runs
