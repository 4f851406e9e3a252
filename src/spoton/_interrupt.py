"""Ctrl-C that a library has swallowed, as some do while they are imported, is raised again at the next fit or epoch."""

from __future__ import annotations

import signal
from typing import Any

_asked = False


def listen() -> None:
    """Note each interrupt from now on; where the process was told to ignore them, as by nohup, it does."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _heard)


def check() -> None:
    """Raise the interrupt that nobody has answered yet.

    Raises:
        KeyboardInterrupt: there is one.
    """
    if _asked:
        raise KeyboardInterrupt


def answered() -> None:
    """The work has been stopped; what is done from now on is not to be interrupted by the same Ctrl-C."""
    global _asked
    _asked = False


def _heard(*_: Any) -> None:
    global _asked
    _asked = True
    raise KeyboardInterrupt
