"""How many requests a second `spoton serve-model` answers, and how fast, beside an endpoint that checks nothing.

    python benchmarks/serve.py       # writes benchmarks/serve.md; a minute on a quiet machine

One PNG of a digit a request, connections kept open, 1, 10 and 100 clients at once; client and server on one machine.
The peer is the least that could answer: an endpoint of Starlette under the same uvicorn, that reads the PNG with Pillow
and calls the same predict in as many threads, without limits, checks or a card. Both take turns, round by round.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import io
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from measure import Bench
from spoton import fit_model, get_task, load_model
from spoton.serving import Limits

OUT = Path(__file__).with_suffix(".md")
CLIENTS = (1, 10, 100)
ROUNDS, REQUESTS = 9, 300  # requests a round, of all clients together
PACKAGES = ("fastapi", "starlette", "uvicorn", "torch")


def bare(folder: str) -> None:
    """The peer: prints its port, then serves."""
    import anyio.to_thread
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from spoton.serving._server import bind

    model = load_model(folder)

    def answer(body: bytes) -> Any:
        return model.predict(np.asarray(Image.open(io.BytesIO(body)))[None]).tolist()

    async def predict(request: Request) -> JSONResponse:
        anyio.to_thread.current_default_thread_limiter().total_tokens = Limits().workers
        return JSONResponse({"answers": await run_in_threadpool(answer, await request.body())})

    listening = bind("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/ answers", flush=True)
    app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([listening])


class Served:
    """A server in a process of its own."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().partition("/ ")[0].rpartition(":")[2])

    def cpu(self) -> float:
        """Seconds that it has computed."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


async def load(port: int, body: bytes, clients: int, requests: int) -> tuple[float, list[float]]:
    """Requests a second, and the seconds of each."""
    head = (
        f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request, seconds, left = head.encode() + body, [], iter(range(requests))
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in left:
            start = time.perf_counter()
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"no answer: {answer!r}")
            length = next(line for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            seconds.append(time.perf_counter() - start)
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(client(*pair) for pair in opened))
    return requests / (time.perf_counter() - start), seconds


def report(found: dict[tuple[str, int], list[Any]], names: list[str], machine: str) -> str:
    """The page."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    lines = [
        "# The service under load",
        "",
        f"`python benchmarks/serve.py`, {machine}, {os.cpu_count()} CPU cores, {versions}, Python "
        f"{platform.python_version()}; {len(found[names[0], 1])} rounds of {REQUESTS} requests each, in turns, client "
        "and server on the same cores, one PNG of 28 x 28 px a request, answered by `spotnet`. Ratios are medians over "
        "the rounds (in brackets the least and the most).",
        "",
        "| clients | server | requests a second | p50 ms | p95 ms | p99 ms | CPU ms a request |",
        "|---|---|---|---|---|---|---|",
    ]
    for clients in CLIENTS:
        for name in names:
            rounds = found[name, clients]
            times = [t for _, seconds, _ in rounds for t in seconds]
            shares = " | ".join(f"{1000 * v:.1f}" for v in np.percentile(times, [50, 95, 99]))
            speed, cpu = median(r for r, _, _ in rounds), median(c for _, _, c in rounds)
            lines.append(f"| {clients} | {name} | {speed:.0f} | {shares} | {1000 * cpu:.2f} |")
    lines += [
        "",
        "| clients | requests a second, as a share of the peer's | CPU time, times the peer's |",
        "|---|---|---|",
    ]
    for clients in CLIENTS:
        ours, peer = (found[name, clients] for name in names)
        speed = [a[0] / b[0] for a, b in zip(ours, peer, strict=True)]
        cpu = [a[2] / b[2] for a, b in zip(ours, peer, strict=True)]
        cells = [f"{median(v):.2f} ({min(v):.2f} to {max(v):.2f})" for v in (speed, cpu)]
        lines.append(f"| {clients} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bare", metavar="FOLDER", help="be the peer, for a model in this folder")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    if given.bare:
        bare(given.bare)
        return
    digit = np.rint(255 * np.asarray(get_task("pnist/topleft").data().X)[0, 0]).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(digit).save(stream, "PNG")
    with tempfile.TemporaryDirectory() as folder:
        fit_model("pnist/topleft", "spotnet").save(f"{folder}/model")
        servers = {
            "spoton serve-model": Served("-m", "spoton", "serve-model", f"{folder}/model", "--port", "0"),
            "the peer, which checks nothing": Served(__file__, "--bare", f"{folder}/model"),
        }
        found: dict[tuple[str, int], list[Any]] = {(name, n): [] for name in servers for n in CLIENTS}
        try:
            for turn in range(given.rounds + 1):
                for clients in CLIENTS:
                    for name, server in servers.items():
                        before = server.cpu()
                        speed, seconds = asyncio.run(load(server.port, stream.getvalue(), clients, REQUESTS))
                        if turn:  # the first one warms up
                            found[name, clients].append((speed, seconds, (server.cpu() - before) / REQUESTS))
                            print(f"{clients:4} clients, {name}: {speed:.0f}/s", flush=True)
        finally:
            for server in servers.values():
                server.end()
    text = report(found, list(servers), Bench("cpu", 1, 0).machine().removesuffix(", one thread"))
    print(text)
    OUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
