"""Real MariaDB and PostgreSQL servers on loopback, in folders of their own, for as long as the tests run.

As root both programs want another user: `mysql` and `postgres`, whom their packages made. Tests skip, with the reason,
where a program is missing.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "s3cr:t/@#%"  # with what URLs have to escape
ESCAPED = "s3cr%3At%2F%40%23%25"


def program(name: str) -> str | None:
    """Its path, also where packages hide it."""
    extra = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr/local").glob("opt/*/bin"), "/usr/sbin"]
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, extra)]))


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _client(package: str) -> None:
    pytest.importorskip(package, reason=f"{package} is not installed; pip install 'spoton[db]'")


def _needed(*names: str) -> list[str]:
    found = [program(name) for name in names]
    missing = [name for name, path in zip(names, found, strict=True) if path is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not found; apt-get install mariadb-server postgresql")
    return [path for path in found if path is not None]


def _user(name: str) -> str:
    """Who runs a server: we, or the user of its package where we are root."""
    if os.getuid() != 0:
        return getpass.getuser()
    if subprocess.run(["id", name], capture_output=True, check=False).returncode:
        pytest.skip(f"as root the server needs the user {name}, who is not here")
    return name


def _place() -> str:
    """In memory, where there is room: a database a test comes to thousands of files, and removing them took 40 s."""
    memory = Path("/dev/shm")
    return str(memory) if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4e9 else "/tmp"


@contextmanager
def _folder(user: str) -> Iterator[Path]:
    """A temporary folder of that user; its path is short, since sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="spoton-", dir=_place()))
    if os.getuid() == 0:
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as(user: str) -> dict[str, Any]:
    """Words for subprocess: that user, if we are root. `runuser` would stand between us and the server's signals."""
    return {"user": user, "group": user, "extra_groups": []} if os.getuid() == 0 else {}


def _start(command: list[str], user: str, port: int, log: Path) -> subprocess.Popen[bytes]:
    """Start a server and wait until it listens."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=log.parent, **_as(user)
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise RuntimeError(f"{command[0]} did not start: {log.read_text(errors='replace')[-2000:]}")


class Server:
    """A server that runs. `url(name)` is the address of a fresh database."""

    def __init__(self, kind: str, command: list[str], user: str, port: int, log: Path) -> None:
        self.kind, self.port, self._command, self._user, self._log = kind, port, command, user, log
        self._process = _start(command, user, port, log)
        try:
            self._await()
        except BaseException:
            self.stop()
            raise

    def url(self, database: str | None = None) -> str:
        """Of a new database."""
        from sqlalchemy import text

        name = database or f"t{secrets.token_hex(6)}"
        engine = self._engine()
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return f"{self.kind}://spoton:{ESCAPED}@127.0.0.1:{self.port}/{name}"

    def _engine(self) -> Any:
        from sqlalchemy import create_engine

        kind, base = ("mysql+pymysql", "mysql") if self.kind == "mariadb" else ("postgresql+psycopg", "postgres")
        address = f"{kind}://spoton:{ESCAPED}@127.0.0.1:{self.port}/{base}"
        return create_engine(address, isolation_level="AUTOCOMMIT")

    def _await(self) -> None:
        """A server listens before it answers."""
        from sqlalchemy.exc import OperationalError

        deadline = time.monotonic() + 60
        engine = self._engine()
        while True:
            try:
                engine.connect().close()
                break
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        engine.dispose()

    def stop(self) -> None:
        """As when a machine goes down."""
        self._end(signal.SIGINT if self.kind == "postgresql" else signal.SIGTERM)  # do not wait for us

    def abandon(self) -> None:
        """At once, since nobody will ask for its data again: some wait for seconds on what tests have left."""
        self._end(signal.SIGQUIT if self.kind == "postgresql" else signal.SIGKILL)

    def _end(self, number: int) -> None:
        self._process.send_signal(number)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def start(self) -> None:
        """Again, with the same data and port."""
        self._process = _start(self._command, self._user, self.port, self._log)
        self._await()


@contextmanager
def mariadb() -> Iterator[Server]:
    """A MariaDB server."""
    _client("pymysql")
    install, daemon = _needed("mariadb-install-db", "mariadbd")
    user = _user("mysql")
    with _folder(user) as folder:
        data, port, first = folder / "data", free_port(), folder / "first.sql"
        account = "'spoton'@'%' IDENTIFIED BY '" + PASSWORD + "' WITH GRANT OPTION"
        first.write_text(f"GRANT ALL ON *.* TO {account};\n")
        first.chmod(0o644)
        options = ["--no-defaults", f"--datadir={data}"]
        made = [install, *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        out = subprocess.run(made, capture_output=True, text=True, check=False, timeout=120, cwd=folder, **_as(user))
        if out.returncode:
            raise RuntimeError(f"mariadb-install-db: {out.stdout[-1000:]} {out.stderr[-1000:]}")
        small = ["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=32M", "--innodb-flush-log-at-trx-commit=0"]
        place = [f"--socket={folder}/s", f"--pid-file={folder}/pid", "--bind-address=127.0.0.1", f"--port={port}"]
        command = [daemon, *options, *small, *place, f"--init-file={first}", "--skip-log-bin"]
        server = Server("mariadb", command, user, port, folder / "log")
        try:
            yield server
        finally:
            server.abandon()


@contextmanager
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server."""
    _client("psycopg")
    initdb, postgres = _needed("initdb", "postgres")
    user = _user("postgres")
    with _folder(user) as folder:
        data, port, word = folder / "data", free_port(), folder / "word"
        word.write_text(PASSWORD)
        word.chmod(0o644)
        made = [initdb, "-D", str(data), "-U", "spoton", f"--pwfile={word}", "-A", "scram-sha-256", "-E", "UTF8"]
        made += ["--locale=C", "--no-sync"]
        out = subprocess.run(made, capture_output=True, text=True, check=False, timeout=120, cwd=folder, **_as(user))
        if out.returncode:
            raise RuntimeError(f"initdb: {out.stdout[-1000:]} {out.stderr[-1000:]}")
        place = ["-D", str(data), "-k", str(folder), "-h", "127.0.0.1", "-p", str(port)]
        command = [postgres, *place, "-c", "fsync=off", "-c", "shared_buffers=16MB"]
        server = Server("postgresql", command, user, port, folder / "log")
        try:
            yield server
        finally:
            server.abandon()


SERVERS = {"mariadb": mariadb, "postgresql": postgresql}


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
