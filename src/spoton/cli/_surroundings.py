"""What a process may find itself in: streams that are closed, no home, a disk that is full."""

from __future__ import annotations

import contextlib
import io
import os
import sys


def settle() -> None:
    """Make up for what is missing, before anything else is opened or imported."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # or the next file to be opened, a database say, would take that number and what libraries print
            os.open(os.devnull, os.O_RDWR)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no ± shows ?, and the work is not lost
    if os.path.expanduser("~") == "~":
        # a number without a name, as in a container: fastai would make a folder called ~ where we are
        import tempfile

        os.environ["HOME"] = os.path.join(tempfile.gettempdir(), f"spoton-home-{os.getuid()}")


def flush() -> None:
    """Bring out what was printed while an error can still be told.

    Raises:
        OSError: the disk is full, or the reader of a pipe is gone.
    """
    if not sys.stdout.closed:
        sys.stdout.flush()


def give_up_stdout() -> None:
    """Throw away what cannot be printed; Python would try again at its end, and complain in its own words."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
