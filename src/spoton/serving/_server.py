"""`serve_model`: the service on a port, until it is told to stop."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from spoton.errors import UsageError
from spoton.models import Model
from spoton.optional import require
from spoton.serving._app import LOOPBACK, make_app
from spoton.serving._limits import Limits

HOST, PORT = "127.0.0.1", 8676
CONNECTIONS = 1024  # beyond these, uvicorn says 503 itself
GRACE = 10  # seconds for requests that are worked on when it ends


def serve_model(
    model: Model,
    host: str = HOST,
    port: int = PORT,
    limits: Limits | None = None,
    *,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Answer requests over HTTP until Ctrl-C or SIGTERM; what was begun is answered first.

    Args:
        model: what answers.
        host: a name or an address of this machine; loopback by default, where no other machine comes.
        port: 0 takes a free one.
        limits: what is taken at most.
        ready: told the address when the service listens.

    Raises:
        UsageError: the port is taken, or the host is none of this machine.
        MissingExtra: the extra `serve` is not installed.
    """
    uvicorn = require("uvicorn")
    listening = bind(host, port)
    with listening:
        at = listening.getsockname()
        local = at[0] in ("127.0.0.1", "::1")
        shown = f"[{at[0]}]" if ":" in at[0] else at[0]
        _warm_up(model)
        app = make_app(model, limits, hosts=tuple(dict.fromkeys((*LOOPBACK, host.lower()))) if local else None)
        config = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            server_header=False,
            ws="none",
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=GRACE,
        )
        server = uvicorn.Server(config)
        # uvicorn's own way raises the signal again when all is over, which is no good end
        server.capture_signals = lambda: _until_told(server)
        # large images are refused by our own limit
        warnings.filterwarnings("ignore", category=_bomb_warning())
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
        threading.Thread(target=_tell, args=(server, lambda: ready(f"http://{shown}:{at[1]}/")), daemon=True).start()
        server.run(sockets=[listening])


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        UsageError: it cannot.
    """
    if not 0 <= port < 2**16:
        raise UsageError(f"a port is a number from 0 to 65535, not {port}; give another with --port")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        made = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError, OverflowError) as error:
        raise UsageError(f"--host {host} is no address of this machine ({error}); try 127.0.0.1") from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(2048)
    except (OSError, OverflowError) as error:
        made.close()
        raise UsageError(
            f"port {port} of {host} cannot be opened ({error}); give another with --port, or 0 for any"
        ) from error
    return made


@contextlib.contextmanager
def _until_told(server: Any) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the server, and a second one at once; then they mean again what they did."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def told(*_: Any) -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    before = {one: signal.signal(one, told) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _tell(server: Any, ready: Callable[[], None]) -> None:
    waiting = threading.Event()
    while not server.started:
        if server.should_exit:
            return
        waiting.wait(0.01)
    ready()


def _warm_up(model: Model) -> None:
    """One prediction, so that the first client does not wait for imports."""
    inputs = model.card.inputs
    kind = np.float32 if inputs["kind"] == "images" else np.float64
    labels = None
    with contextlib.suppress(Exception):  # it may have no answer for nothing
        model.predict(np.zeros((1, *inputs["shape"]), dtype=kind), labels)


def _bomb_warning() -> type[Warning]:
    from PIL import Image

    return Image.DecompressionBombWarning
