"""Limits of the process that fuzzes, and a table of what it tried."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import FACTOR, TAKEN, TRIED

from spoton._trust import VARIABLE

ROOM = 1 << 30  # bytes that a reader may come to need, far above the limit that the tests set


@pytest.fixture(autouse=True, scope="module")
def _little_memory() -> Iterator[None]:
    """Whoever asks for more than a gigabyte gets a MemoryError, which is no error of spoton."""
    import numpy  # noqa: F401, what is loaded later counts
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import sqlalchemy  # noqa: F401
    import torch  # noqa: F401

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, before[1]))
    given = os.environ.pop(VARIABLE, None)
    os.environ[VARIABLE] = "0.05"
    yield
    os.environ.pop(VARIABLE)
    if given is not None:
        os.environ[VARIABLE] = given
    resource.setrlimit(resource.RLIMIT_AS, before)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FACTOR == 1:
        return
    terminalreporter.section("fuzz: inputs, and of these such as gave a result")
    for reader, tried in sorted(TRIED.items()):
        terminalreporter.write_line(f"{reader:<24} {tried:>9,} {TAKEN[reader]:>9,}")
    terminalreporter.write_line(f"{'total':<24} {TRIED.total():>9,} {TAKEN.total():>9,}")
