"""`spoton report` and `spoton serve`: all runs of a store on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spoton.cli import _complete as complete
from spoton.cli._output import Json, Output, Quiet
from spoton.cli._store import StoreOption

Tasks = Annotated[
    list[str] | None, typer.Argument(help="Tasks; all in the store by default.", autocompletion=complete.task)
]
Size = Annotated[
    float, typer.Option("--size", min=0.5, max=500, help="Megabytes that the page may have: as many runs as fit.")
]


def report(
    tasks: Tasks = None,
    store: StoreOption = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page.")] = Path("report.html"),
    size: Size = 3.0,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write one self-contained page: leaderboard, every run with its pictures and provenance, comparisons."""
    from spoton.cli._progress import counted
    from spoton.cli._stored import stored_tasks
    from spoton.report import write
    from spoton.store import Store

    out = Output(json, quiet)
    with Store.open(store, create=False) as opened, counted(quiet=quiet) as say:
        found = write(opened, output, tasks=stored_tasks(opened, tasks), size=_bytes(size), say=say)
    left = found.newest - found.paged
    held = f"{found.paged:,} of {found.newest:,} runs" if left else f"{found.newest:,} runs"
    more = "; --size gives it more room, and spoton serve shows all" if left else ""
    written = output.stat().st_size
    out.remark(f"{output}: {held} of {opened.name}, {written / 1e6:.1f} MB{more}")
    counts = {"runs": found.newest, "paged": found.paged, "bytes": written}
    out.write({"page": output, "store": opened.name} | counts)


def serve(
    tasks: Tasks = None,
    store: StoreOption = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of loopback; 0 for a free one.")] = None,
    size: Size = 3.0,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Show the report in a browser on this machine, live while a bench runs; Ctrl-C ends it."""
    from spoton.cli._stored import canonical
    from spoton.report import serve as serve_report
    from spoton.report._serve import PORT
    from spoton.store import Store

    out = Output(json, quiet)

    def ready(address: str) -> None:
        out.remark(f"{address} shows {opened.name}; Ctrl-C ends it")
        out.write({"address": address, "store": opened.name})

    with Store.open(store, create=False) as opened:
        try:
            names = [canonical(name) for name in tasks or []]  # a bench may be about to make their first runs
            serve_report(opened, PORT if port is None else port, tasks=names, size=_bytes(size), ready=ready)
        except KeyboardInterrupt:
            typer.echo("", err=True)


def _bytes(megabytes: float) -> int:
    return int(megabytes * 1e6) - 100_000  # a report of 3 MB is one below
