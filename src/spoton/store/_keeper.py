"""Brings runs into a store by way of the spool, so that none is lost whatever the database does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from spoton._run import Run
from spoton.errors import DataError, StoreError
from spoton.store._journal import JOURNAL, append, check, read, strike
from spoton.store._store import AT_ONCE, Store

PAUSE = 30.0  # seconds before a store that failed is asked again
TRIES = 3  # runs in a row that a store refuses before it is taken to be out of order


class Keeper:
    """Writes each run to the spool, then to the store.

    A store that fails in mid-bench is said once; the bench goes on, the store is asked again from time to time, and
    what it has not taken in the end stays in the spool for `spoton store sync`.

    Args:
        store: where runs go.
        spool: the file they wait in.
        keep: leave the spool as it is in the end, also where all of it is delivered.
        say: told in a sentence what goes wrong.
    """

    def __init__(
        self,
        store: Store,
        spool: str | Path = JOURNAL,
        *,
        keep: bool = False,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.store, self.spool, self.keep, self._say = store, Path(spool), keep, say
        self.waiting: list[Run] = []
        self._ask_at = 0.0
        self._spooled = True
        check(self.spool)

    def catch_up(self) -> None:
        """Deliver what waits in the spool since an earlier bench, as of one that was killed."""
        try:
            sync(self.store, self.spool, keep=self.keep)
        except StoreError as error:
            self._say(f"{error}; earlier runs wait in {self.spool}, and the bench goes on")

    def add(self, run: Run) -> None:
        """Keep a run.

        Raises:
            DataError: neither spool nor store take it.
        """
        self.waiting.append(run)  # first, so that a Ctrl-C in between does not leave it in the spool alone
        try:
            append(self.spool, run, "" if self.keep else self.store.place)
        except DataError as error:
            self.waiting.pop()
            self._add_past_the_spool(run, error)
            return
        if time.monotonic() >= self._ask_at:
            self._deliver()

    def finish(self) -> bool:
        """Deliver what waits, and remove the spool where nothing is left in it. Says whether all is delivered."""
        if self.waiting:
            self._deliver(last=True)
        if self.waiting:
            return False
        if not self.keep:
            try:
                strike(self.spool, self.store.has, self.store.place)
            except (DataError, StoreError) as error:
                self._say(str(error))
        return True

    def _deliver(self, last: bool = False) -> None:
        try:
            self.store.add_many(self.waiting)
            self.waiting = []
        except StoreError as error:
            if self._ask_at == 0 or last:
                what = f"{len(self.waiting)} run{'s' * (len(self.waiting) != 1)} wait" if last else "runs wait"
                how = "; spoton store sync delivers them" if last else ", and the bench goes on"
                self._say(f"{error}; {what}{'s' * (last and len(self.waiting) == 1)} in {self.spool}{how}")
            self._ask_at = time.monotonic() + PAUSE

    def _add_past_the_spool(self, run: Run, error: DataError) -> None:
        try:
            self.store.add(run)
        except StoreError:
            raise error from None
        if self._spooled:
            self._say(f"{error}; runs go to {self.store.name} at once")
        self._spooled = False


def sync(store: Store, spool: str | Path = JOURNAL, *, keep: bool = False) -> tuple[int, int]:
    """Deliver all runs of a spool.

    Args:
        store: where they go.
        spool: a journal.
        keep: leave the file, and take all that is in it; otherwise what is for another store waits on, and the rest is
            removed once the store has all of it.

    Returns:
        How many were delivered, and how many the store had already.

    Raises:
        DataError: the spool cannot be read.
        StoreError: the store does not take them; what it has not taken stays in the spool.
    """
    place = "" if keep else store.place
    waiting = read(spool, place)
    delivered = refused = 0
    first: StoreError | None = None
    for start in range(0, len(waiting), AT_ONCE):
        lot = waiting[start : start + AT_ONCE]
        try:
            delivered += store.add_many(lot)
            refused = 0
            continue
        except StoreError as error:
            first = first or error
        for run in lot:  # one that the database does not take must not hold up the others
            try:
                delivered += store.add(run)
                refused = 0
            except StoreError:
                refused += 1
                if refused == TRIES:
                    raise
    if first is not None and len(store.has(run.id for run in waiting)) < len({run.id for run in waiting}):
        raise first
    if not keep:
        strike(spool, store.has, place)
    return delivered, len({run.id for run in waiting}) - delivered
