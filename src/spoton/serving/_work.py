"""Requests in a pool of threads: so many at once, so many that wait, and none for longer than agreed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from spoton.serving._limits import Limits, Refusal

T = TypeVar("T")


class Work:
    """A pool of threads that does not grow and whose queue has an end.

    Args:
        limits: workers, waiting, held, seconds.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inside = 0  # requests that are received, wait or are worked on
        self.held = 0  # bytes of their bodies
        self._pool = ThreadPoolExecutor(limits.workers, "spoton", _one_thread)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """Room for one request, from its first byte on.

        Raises:
            Refusal: there is none.
        """
        if self.inside >= self.limits.workers + self.limits.waiting:
            raise Refusal(503, f"{self.inside} requests are here already; try again in a second", again=1)
        place = Place(self)
        self.inside += 1
        try:
            yield place
        finally:
            place.leave()

    def close(self) -> None:
        """What waits is not begun; what is worked on ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Place:
    """One request's room."""

    def __init__(self, work: Work) -> None:
        self.work, self.bytes, self._busy, self._left = work, 0, False, False

    def hold(self, more: int) -> None:
        """Keep so many bytes more.

        Raises:
            Refusal: all requests together have too many.
        """
        if self.work.held + more > self.work.limits.held:
            raise Refusal(503, "the requests that are here already fill the memory; try again in a second", again=1)
        self.work.held += more
        self.bytes += more

    async def run(self, do: Callable[..., T], *given: Any) -> T:
        """Call in a thread.

        Raises:
            Refusal: it took longer than agreed. A call that has begun goes on and keeps its room until it ends.
        """
        future = asyncio.get_running_loop().run_in_executor(self.work._pool, do, *given)
        self._busy = True
        future.add_done_callback(self._done)
        seconds = self.work.limits.seconds
        try:
            return await asyncio.wait_for(asyncio.shield(future), seconds)
        except TimeoutError:
            future.cancel()
            raise Refusal(
                503, f"no answer was found within {seconds:g} seconds; send less at once, or try again", again=5
            ) from None

    def _done(self, future: Any) -> None:
        if not future.cancelled():
            future.exception()  # has been told, or nobody waits for it any more
        self._busy = False
        if self._left:
            self._free()

    def leave(self) -> None:
        """The request is answered."""
        self._left = True
        if not self._busy:
            self._free()

    def _free(self) -> None:
        self.work.inside -= 1
        self.work.held -= self.bytes
        self.bytes = 0


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
