"""Writes a report to a file."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from spoton.errors import DataError, UsageError
from spoton.report._pack import SIZE, Pack, Say, _silent, pack
from spoton.report._render import page, why_page
from spoton.report._why import card
from spoton.store import Store
from spoton.why import Diagnosis
from spoton.why._keep import document


def write(
    store: Store,
    path: str | Path = "report.html",
    *,
    tasks: Sequence[str] = (),
    size: int = SIZE,
    say: Say = _silent,
) -> Pack:
    """Write one self-contained page on the runs of a store; the file is replaced at once or not at all.

    Args:
        store: an open store.
        path: the file.
        tasks: of these only; all by default.
        size: bytes that the page may have, about: as many runs get a page of their own as fit.
        say: told how far it is.

    Returns:
        What the page shows.

    Raises:
        UsageError: the store has no runs, or none of these tasks.
        StoreError: it cannot be read.
        DataError: the file cannot be written.
    """
    target = Path(path)
    check(target)
    with _uncollected():
        found = pack(store, tasks=tasks, size=size, say=say)
    if not found.board.groups:
        where = " of these tasks" if tasks else ""
        raise UsageError(f"{store.name} has no runs{where}, so there is nothing to report; spoton bench makes some")
    say("writing the page", 0, 0)
    put(target, page(found))
    return found


def write_why(diagnosis: Diagnosis, path: str | Path = "why.html") -> None:
    """Write one diagnosis with its pictures as a self-contained page; the file is replaced at once or not at all.

    Args:
        diagnosis: what `spoton.why.why` gave.
        path: the file.

    Raises:
        DataError: the file cannot be written.
    """
    target = Path(path)
    check(target)
    put(target, why_page(card(document(diagnosis))))


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection inside: among 100,000 runs it looks for cycles again and again, and there are none."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def check(path: Path) -> None:
    """Before the work, not after it."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "it is a folder" if path.is_dir() else "there is no such folder"
        raise DataError(f"the report {path} cannot be written: {what}; name another file with --output")


def put(path: Path, text: str) -> None:
    """The file as a whole or as it was: readers see one or the other, also if we are killed half-way."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.absolute().parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)  # as an ordinary new file; temporary ones are the owner's alone
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DataError(
            f"the report {path} cannot be written ({error.strerror or error}); name another file"
        ) from error
