"""`spoton serve-model`: a kept model as an HTTP service."""

from __future__ import annotations

from typing import Annotated

import typer

from spoton.cli._output import Json, Output, Quiet
from spoton.cli._predict import Device, ModelFolder, Module, load


def serve_model(
    model: ModelFolder,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 for a free one.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Requests at once, one thread each; the number of cores by default.")
    ] = None,
    waiting: Annotated[int, typer.Option(min=0, help="Requests that may wait beside them; then 503 is said.")] = 256,
    megabytes: Annotated[float, typer.Option(min=0.001, max=1024, help="Size of a request.")] = 8.0,
    megapixels: Annotated[float, typer.Option(min=0.001, max=1024, help="Pixels of all images of a request.")] = 4.2,
    rows: Annotated[int, typer.Option(min=1, help="Images or rows of a request.")] = 1024,
    seconds: Annotated[float, typer.Option(min=0.01, help="To receive a request, and again to answer it.")] = 30.0,
    device: Device = None,
    module: Module = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Answer over HTTP: images or JSON in, points out, until Ctrl-C; extra: serve. The page at / shows how to ask."""
    from dataclasses import replace

    from spoton.serving import Limits
    from spoton.serving import serve_model as serve
    from spoton.serving._server import PORT

    out = Output(json, quiet)
    limits = Limits(
        bytes=int(megabytes * 2**20), pixels=int(megapixels * 1e6), rows=rows, seconds=seconds, waiting=waiting
    )
    if workers is not None:
        limits = replace(limits, workers=workers)

    out = Output(json, quiet)

    def ready(address: str) -> None:
        out.remark(f"{address} answers with {model}; Ctrl-C ends it")
        out.write({"address": address, "model": model})

    serve(load(model, module, device), host, PORT if port is None else port, limits, ready=ready)
