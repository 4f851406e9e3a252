"""The page as it is now, made anew when the store has other runs, and not more often than it can be made."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from spoton.report._pack import SIZE, pack
from spoton.report._pictures import FETCHED, hang
from spoton.report._render import page, to_script
from spoton.report._runs import Album
from spoton.report._source import Mark, mark, whole
from spoton.store import Store
from spoton.store._schema import RUNS

SHARE = 4.0  # after a page was made, so many times as long nothing is made: the bench wants the processor


@dataclass(frozen=True)
class Shown:
    """One state of the page."""

    stamp: str
    runs: int
    text: bytes


class Live:
    """What a server shows.

    Args:
        store: open, and read only.
        tasks: of these only; all by default.
        size: bytes that the page may have.
    """

    def __init__(self, store: Store, tasks: Sequence[str] = (), size: int = SIZE) -> None:
        self._store, self._tasks, self._size = store, tasks, size
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._again_at = 0.0
        self._shown = Shown("", 0, b"")

    def shown(self) -> Shown:
        """The page; what changed since is in it, unless it was made a moment ago.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._lock:
            if time.monotonic() < self._again_at:
                return self._shown
            now = mark(self._store)
            if now != self._mark:
                self._make(now)
            return self._shown

    def _make(self, now: Mark) -> None:
        began = time.monotonic()
        found = pack(self._store, tasks=self._tasks, size=self._size)
        stamp = hashlib.sha256(f"{now}{self._store.name}".encode()).hexdigest()[:16]
        self._shown = Shown(stamp, found.total, page(found, live=True, stamp=stamp).encode())
        self._mark = now
        ended = time.monotonic()
        self._again_at = ended + SHARE * (ended - began)

    def run(self, start: str) -> bytes | None:
        """One run by the beginning of its id, as JSON that the page reads; None where there is no such run."""
        with self._lock:
            with self._store.reading() as connection:
                query = select(RUNS.c.uuid).where(RUNS.c.uuid.startswith(start, autoescape=True)).limit(2)
                found = list(connection.execute(query).scalars())
            if len(found) != 1:
                return None
            album, hung = Album(), hang(self._store, found, 4 * FETCHED, FETCHED)
            for run in whole(self._store, found):
                album.add(run, hung=hung.get(run.id))
            return to_script(album.document()).encode()
