"""Long work tells how far it is, and who shows it listens: no function has to be handed down through all rooms.

What is told in other threads or processes is not heard.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Say = Callable[[str, int, int], None]  # what is done, how many are done, of how many; 0 of 0 where nobody knows

_LISTENERS: ContextVar[tuple[Say, ...]] = ContextVar("listeners", default=())


def tell(what: str, done: int = 0, total: int = 0) -> None:
    """Say how far it is; nobody may listen."""
    for say in _LISTENERS.get():
        say(what, done, total)


def each_told(what: str, items: Collection[T]) -> Iterator[T]:
    """The items; each is told when it is done.

    Example:
        >>> with listening(lambda *words: print(words)):
        ...     kept = [n * n for n in each_told("squares", [2, 3])]
        ('squares', 0, 2)
        ('squares', 1, 2)
        ('squares', 2, 2)
    """
    tell(what, 0, len(items))
    for done, item in enumerate(items, start=1):
        yield item
        tell(what, done, len(items))


@contextmanager
def listening(say: Say) -> Iterator[None]:
    """Call `say` with all that is told inside."""
    token = _LISTENERS.set((*_LISTENERS.get(), say))
    try:
        yield
    finally:
        _LISTENERS.reset(token)
