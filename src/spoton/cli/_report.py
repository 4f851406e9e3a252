"""`spoton report` and `spoton serve`: all runs of a store on one page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spoton.cli._store import StoreOption

if TYPE_CHECKING:
    from spoton.report._pack import Say

Tasks = Annotated[list[str] | None, typer.Argument(help="Tasks; all in the store by default.")]
Size = Annotated[
    float, typer.Option("--size", min=0.5, max=500, help="Megabytes that the page may have: as many runs as fit.")
]


def report(
    tasks: Tasks = None,
    store: StoreOption = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page.")] = Path("report.html"),
    size: Size = 3.0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Write one self-contained page: leaderboard, every run with its pictures and provenance, comparisons."""
    from spoton.cli._stored import stored_tasks
    from spoton.report import write
    from spoton.store import Store

    with Store.open(store, create=False) as opened, _progress(quiet) as say:
        found = write(opened, output, tasks=stored_tasks(opened, tasks), size=_bytes(size), say=say)
    left = found.newest - found.paged
    held = f"{found.paged:,} of {found.newest:,} runs" if left else f"{found.newest:,} runs"
    more = "; --size gives it more room, and spoton serve shows all" if left else ""
    typer.echo(f"{output}: {held} of {opened.name}, {output.stat().st_size / 1e6:.1f} MB{more}")


def serve(
    tasks: Tasks = None,
    store: StoreOption = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of loopback; 0 for a free one.")] = None,
    size: Size = 3.0,
) -> None:
    """Show the report in a browser on this machine, live while a bench runs; Ctrl-C ends it."""
    from spoton.cli._stored import canonical
    from spoton.report import serve as serve_report
    from spoton.report._serve import PORT
    from spoton.store import Store

    def ready(address: str) -> None:
        typer.echo(f"{address} shows {opened.name}; Ctrl-C ends it")

    with Store.open(store, create=False) as opened:
        try:
            names = [canonical(name) for name in tasks or []]  # a bench may be about to make their first runs
            serve_report(opened, PORT if port is None else port, tasks=names, size=_bytes(size), ready=ready)
        except KeyboardInterrupt:
            typer.echo("", err=True)


def _bytes(megabytes: float) -> int:
    return int(megabytes * 1e6) - 100_000  # a report of 3 MB is one below


@contextmanager
def _progress(quiet: bool) -> Iterator[Say]:
    """A bar on a terminal; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=30), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        job = bar.add_task("", total=None)

        def say(what: str, done: int, total: int) -> None:
            bar.update(job, description=what, completed=done, total=total or None)

        yield say
