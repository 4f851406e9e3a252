"""`spoton sql`: a task as tables of a database, and its points found there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

Url = Annotated[
    str,
    typer.Argument(
        envvar="SPOTON_SQL_URL",
        show_envvar=True,
        help="Database: a file, or mysql://, mariadb:// or postgresql:// and USER:PASSWORD@HOST/DATABASE.",
    ),
]

sql = typer.Typer(
    name="sql",
    help="Write a task into a database, and find its points by SQL alone.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@sql.command()
def load(
    task: Annotated[str, typer.Argument(help="A task of digits, as in pnist/topleft or 'qnist/all?data=mnist'.")],
    url: Url,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split that the column split tells.")] = 0,
    replace: Annotated[bool, typer.Option("--replace", help="In the place of the task that is there.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Write a task as the tables images, pixels and points, with views that find the points: all of it or nothing."""
    import time

    from spoton.sql import load as load_task

    began = time.monotonic()
    with _progress(quiet) as on_progress:
        loaded = load_task(task, url, seed=seed, replace=replace, on_progress=on_progress)
    typer.echo(
        f"{loaded.task} -> {loaded.database}: {loaded.images:,} images, {loaded.pixels:,} pixels above zero, "
        f"in {time.monotonic() - began:.1f} s"
    )


@sql.command()
def points(
    url: Url,
    check: Annotated[
        bool, typer.Option("--check", help="Compare each answer and feature with NumPy; 1 where any differs.")
    ] = False,
) -> None:
    """Find the answers and the pts features by SQL, and print what they are."""
    from spoton.sql import Problem

    with Problem.open(url) as problem:
        counts = ", ".join(f"{count:,} {name}" for name, count in problem.counts().items())
        typer.echo(f"{problem.task} in {problem.name}: {counts}; split of seed {problem.seed}")
        typer.echo(problem.summary().to_string(float_format=lambda value: f"{value:.6g}"))
        if not check:
            return
        found = problem.check()
    for part in found:
        typer.echo(
            f"{part.name}: {part.difference or f'{part.rows:,} images x {part.columns} columns, equal to NumPy'}"
        )
    sys.exit(1 if any(part.difference for part in found) else 0)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        job = bar.add_task("images", total=None)
        yield lambda done, total: bar.update(job, completed=done, total=total)
