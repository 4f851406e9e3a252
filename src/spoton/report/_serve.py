"""Serves the report over HTTP: on loopback alone, reading alone, live from the store."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from spoton.errors import SpotonError, UsageError
from spoton.report._live import Live
from spoton.report._pack import SIZE
from spoton.report._render import policy
from spoton.report._source import mark
from spoton.store import Store

HOST, PORT = "127.0.0.1", 8675
RUN = re.compile(r"/run/([0-9a-f]{4,32})")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Server(ThreadingHTTPServer):
    """A server on loopback. `address` is what a browser opens.

    Args:
        live: what it shows.
        port: where; 0 takes a free one.
    """

    daemon_threads = True
    # two servers on one port would answer by turns
    allow_reuse_port = False

    def __init__(self, live: Live, port: int = PORT) -> None:
        self.live = live
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"port {port} cannot be opened ({error}); give another with --port, or 0 for any"
            ) from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """For a browser."""
        return f"http://{HOST}:{self.port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "spoton", ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        if not self._meant():
            return
        path = self.path.partition("?")[0]
        try:
            if path == "/":
                self._page()
            elif path == "/stamp":
                shown = self.server.live.shown()
                self._send(json.dumps({"stamp": shown.stamp, "runs": shown.runs}).encode(), "application/json")
            elif (found := RUN.fullmatch(path)) and (text := self.server.live.run(found[1])) is not None:
                self._send(text, "application/json")
            else:
                self._say(HTTPStatus.NOT_FOUND, "There is nothing here; the report is at /")
        except SpotonError as error:
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    do_HEAD = do_GET

    def _refuse(self) -> None:
        self.close_connection = True  # what came with it is not read
        self._say(
            HTTPStatus.METHOD_NOT_ALLOWED, "This server is for reading: GET and HEAD alone.", {"Allow": "GET, HEAD"}
        )

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse

    def _meant(self) -> bool:
        """Whether the browser meant this machine; another site's name may lead here by DNS."""
        port = self.server.port
        host = (self.headers.get("Host") or "").lower()
        if host in {f"{name}:{port}" for name in (HOST, "localhost")} or (port == 80 and host in (HOST, "localhost")):
            return True
        self._say(HTTPStatus.MISDIRECTED_REQUEST, f"This server answers to {HOST}:{port} and localhost:{port} alone.")
        return False

    def _page(self) -> None:
        shown = self.server.live.shown()
        tag = f'"{shown.stamp}"'
        if self.headers.get("If-None-Match") == tag:
            self._send(b"", "text/html; charset=utf-8", {"ETag": tag}, HTTPStatus.NOT_MODIFIED)
            return
        rules = policy(live=True) + "; frame-ancestors 'none'"
        more = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": rules}
        self._send(shown.text, "text/html; charset=utf-8", more)

    def _say(self, status: HTTPStatus, sentence: str, more: dict[str, str] | None = None) -> None:
        self._send(sentence.encode(), "text/plain; charset=utf-8", more, status)

    def _send(
        self, body: bytes, kind: str, more: dict[str, str] | None = None, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        self.send_response(status)
        rules = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'"}
        for name, value in (HEADERS | rules | (more or {})).items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Who asked what is nobody's concern."""


def serve(
    store: Store,
    port: int = PORT,
    *,
    tasks: Sequence[str] = (),
    size: int = SIZE,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Show the report of a store over HTTP on loopback until Ctrl-C, live while benches add to it.

    Args:
        store: open; it is only read.
        port: where; 0 takes a free one.
        tasks: of these only; all by default.
        size: bytes that the page may have; runs that it leaves out are fetched when they are opened.
        ready: told the address when the server listens.

    Raises:
        UsageError: the port is taken.
        StoreError: the store cannot be read.
    """
    live = Live(store, tasks, size)
    mark(store)  # what is wrong with the store is said now
    with Server(live, port) as server:
        ready(server.address)
        server.serve_forever(poll_interval=0.2)
