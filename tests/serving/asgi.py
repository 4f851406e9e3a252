"""Requests to an ASGI application without a network, as a server would make them."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The sentence of a refusal, which is all that it holds."""
        held = self.json
        assert list(held) == ["error"]
        sentence: str = held["error"]
        assert "\n" not in sentence
        assert "Traceback" not in sentence
        return sentence


def run(work: Coroutine[Any, Any, T]) -> T:
    """What it returns, from a loop of its own in a thread: tests of browsers leave one in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Client:
    """Asks an application; one event loop for all requests, in a thread, see `run`."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, b"", headers)

    def post(self, body: bytes, kind: str | None = None, path: str = "/predict", **headers: str) -> Answer:
        return self.ask("POST", path, body, headers | ({} if kind is None else {"content-type": kind}))

    def json(self, value: Any) -> Answer:
        return self.post(json.dumps(value).encode(), "application/json")

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        return self.run(ask(self.app, method, path, [body], {"content-length": str(len(body)), **headers}))


async def ask(
    app: Any, method: str, path: str, parts: Iterable[bytes] | AsyncIterator[bytes], headers: dict[str, str]
) -> Answer:
    """One request."""
    raw = [(name.replace("_", "-").lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8676"), *raw] if "host" not in headers else raw,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8676),
    }
    messages = _messages(parts)
    came: list[Any] = []

    async def receive() -> Any:
        return await anext(messages)

    async def send(message: Any) -> None:
        came.append(message)

    await app(scope, receive, send)
    start = came[0]
    body = b"".join(message.get("body", b"") for message in came[1:])
    return Answer(start["status"], {n.decode(): v.decode("latin-1") for n, v in start["headers"]}, body)


async def _messages(parts: Iterable[bytes] | AsyncIterator[bytes]) -> AsyncIterator[Any]:
    if isinstance(parts, AsyncIterator):
        async for part in parts:
            yield {"type": "http.request", "body": part, "more_body": True}
    else:
        for part in parts:
            yield {"type": "http.request", "body": part, "more_body": True}
    yield {"type": "http.request", "body": b"", "more_body": False}
    await asyncio.Event().wait()  # the client stays until it has its answer
