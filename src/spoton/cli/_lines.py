"""What long commands say where no bar can be drawn, as in a log: a line on standard error now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

FIRST, MOST = 10.0, 60.0  # seconds until the first line, and between later ones: they come ever more seldom


class Lines:
    """The last thing that was told, said again after 10 s, 20 s, 40 s, and then once a minute."""

    def __init__(self) -> None:
        self.what, self.done, self.total = "", 0, 0

    def say(self, what: str = "", done: int = 0, total: int = 0) -> None:
        """What is being done, how many are done, and of how many: 0 of 0 where nobody knows."""
        self.what, self.done, self.total = what, done, total

    def line(self, seconds: float) -> str:
        """As it is printed.

        Example:
            >>> lines = Lines()
            >>> lines.say("spotnet on pnist/topleft", 3, 40)
            >>> lines.line(75.2)
            'spoton: 1:15, 3 of 40, spotnet on pnist/topleft'
        """
        count = f"{self.done:,} of {self.total:,}" if self.total else f"{self.done:,}" if self.done else ""
        parts = (f"{int(seconds) // 60}:{int(seconds) % 60:02}", count, self.what)
        return f"spoton: {', '.join(part for part in parts if part)}"


@contextmanager
def lines(*, quiet: bool = False) -> Iterator[Lines]:
    """Lines for the time inside; none with `quiet`."""
    told, over, start = Lines(), Event(), time.monotonic()

    def now_and_then() -> None:
        pause = FIRST
        while not over.wait(pause):
            print(told.line(time.monotonic() - start), file=sys.stderr, flush=True)
            pause = min(MOST, time.monotonic() - start)

    teller = Thread(target=now_and_then, name="spoton-lines", daemon=True)  # a fit that hangs must not be held by it
    if not quiet:
        teller.start()
    try:
        yield told
    finally:
        over.set()
        if not quiet:
            teller.join()
