"""The service on a port: real connections, many at once, a port that is taken, and an end that loses no answer."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from spoton import fit_model, get_task
from spoton.cli import app
from spoton.data import Array
from spoton.errors import UsageError
from spoton.models import Model
from spoton.serving import serve_model
from spoton.serving._server import bind

CLIENTS, EACH = 100, 5


@pytest.fixture(scope="module")
def model() -> Model:
    return fit_model("pnist/topleft", "linear@pts", train_size=200)


@pytest.fixture(scope="module")
def folder(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "model"
    model.save(path)
    return path


@pytest.fixture(scope="module")
def digits() -> Array:
    X = np.asarray(get_task("pnist/topleft").data().X)[:CLIENTS, 0]
    return np.rint(255 * X).astype(np.uint8)


def png(image: Array) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def ask(port: int, method: str, path: str, body: bytes = b"", timeout: float = 60) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, {"Content-Type": "image/png"} if body else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


class Running:
    """`spoton serve-model` as a process."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spoton", "serve-model", str(folder), "--port", "0", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        self.port = int(self.said.partition("/ ")[0].rpartition(":")[2])


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Running]:
    made = Running(folder)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.communicate()


@pytest.mark.slow
def test_a_hundred_clients_at_once_have_their_own_answers(running: Running, model: Model, digits: Array) -> None:
    assert running.said.startswith("http://127.0.0.1:")
    assert "Ctrl-C ends it" in running.said
    wanted = [model.predict(image[None])[0].tolist() for image in digits]
    files = [png(image) for image in digits]
    together = threading.Barrier(CLIENTS + 1, timeout=60)

    def client(i: int) -> list[bool]:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=120)
        together.wait()
        found = []
        for _ in range(EACH):
            connection.request("POST", "/predict", files[i], {"Content-Type": "image/png"})
            answer = connection.getresponse()
            held = json.loads(answer.read())
            found.append(answer.status == 200 and np.allclose(held["answers"][0], wanted[i], atol=1e-9))
        connection.close()
        return found

    with ThreadPoolExecutor(CLIENTS) as pool:
        asked = [pool.submit(client, i) for i in range(CLIENTS)]
        together.wait()
        health = [ask(running.port, "GET", "/health") for _ in range(5)]  # while they are at it
        found = [one.result(timeout=240) for one in asked]
    assert found == [[True] * EACH] * CLIENTS
    assert all(status == 200 and held["status"] == "ok" for status, held in health)
    assert ask(running.port, "GET", "/health")[1]["requests"] == 0


@pytest.mark.slow
def test_what_is_no_http_does_not_end_it(running: Running) -> None:
    for said in (
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"\0" * 99_999,
    ):
        with socket.create_connection(("127.0.0.1", running.port), timeout=30) as connection:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(10_000)
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n1"
        )  # and goes away
    time.sleep(0.2)
    assert ask(running.port, "GET", "/health") == (200, {"status": "ok", "requests": 0})


def test_a_port_that_is_taken_is_a_sentence(folder: Path) -> None:
    with bind("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        found = CliRunner().invoke(app, ["serve-model", str(folder), "--port", str(port)])
        assert isinstance(found.exception, UsageError)
        assert f"port {port} of 127.0.0.1 cannot be opened" in str(found.exception)
        assert "give another with --port" in str(found.exception)
    with pytest.raises(UsageError, match=r"--host no\.such\.host\.invalid is no address of this machine"):
        bind("no.such.host.invalid", 0)
    with pytest.raises(UsageError, match="from 0 to 65535, not 99999"):
        bind("127.0.0.1", 99_999)


def test_a_service_in_a_thread(model: Model, digits: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a notebook would have it; it ends when its server is told to."""
    import uvicorn

    servers: list[Any] = []
    honest = uvicorn.Server.__init__

    def init(self: Any, config: Any) -> None:
        honest(self, config)
        servers.append(self)

    monkeypatch.setattr(uvicorn.Server, "__init__", init)
    at: list[str] = []
    there = threading.Event()

    def ready(address: str) -> None:
        at.append(address)
        there.set()

    thread = threading.Thread(target=serve_model, args=(model, "127.0.0.1", 0), kwargs={"ready": ready})
    thread.start()
    assert there.wait(30)
    port = int(at[0].rstrip("/").rpartition(":")[2])
    status, held = ask(port, "POST", "/predict", png(digits[0]))
    assert (status, held["answers"]) == (200, model.predict(digits[:1]).tolist())
    assert ask(port, "GET", "/nothing")[0] == 404
    servers[0].should_exit = True
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.slow
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_what_was_begun_is_answered_before_the_end(
    told: signal.Signals, running: Running, folder: Path, digits: Array
) -> None:
    one = running if told == signal.SIGTERM else Running(folder, "--workers", "1")
    body = png(digits[0])
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", one.port), timeout=30) as connection:
        connection.sendall(head.encode() + body[:50])
        time.sleep(0.3)
        one.process.send_signal(told)
        time.sleep(0.3)
        with pytest.raises(OSError, match="refused"):  # nobody new comes in
            socket.create_connection(("127.0.0.1", one.port), timeout=5)
        connection.sendall(body[50:])
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200")
    _, errors = one.process.communicate(timeout=60)
    assert (one.process.returncode, errors) == (0, "")
