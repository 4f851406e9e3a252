"""One server of each kind for all tests of a process that ask for it, and a fresh database for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from servers import SERVERS, Server


class Running:
    """Servers, each started when it is first asked for."""

    def __init__(self) -> None:
        self._stack, self._servers = ExitStack(), dict[str, Server]()

    def __getitem__(self, kind: str) -> Server:
        if kind not in self._servers:
            self._servers[kind] = self._stack.enter_context(SERVERS[kind]())
        return self._servers[kind]

    def close(self) -> None:
        """Stop all."""
        self._stack.close()


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """Servers by kind."""
    servers = Running()
    yield servers
    servers.close()


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, running: Running) -> str:
    """Address of an empty database of each kind."""
    return str(tmp_path / "s.db") if request.param == "sqlite" else running[request.param].url()
