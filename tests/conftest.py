"""Shared by all tests: one thread, as the bench has it, and databases of each kind for those that ask for one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import Running

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two test processes on two cores
for _name in ("SPOTON_STORE", "SPOTON_DATA", "SPOTON_SQL_URL"):
    os.environ.pop(_name, None)  # the user's own data must not change a test


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """Servers by kind, each started when a test of this process first asks for it."""
    servers = Running()
    yield servers
    servers.close()


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, running: Running) -> str:
    """Address of an empty database of each kind."""
    return str(tmp_path / "s.db") if request.param == "sqlite" else running[request.param].url()
