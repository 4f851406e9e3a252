"""`spoton sql`: a task as tables of a database, and its points found there."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from spoton.cli import _complete as complete
from spoton.cli._output import Json, Output, Quiet

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
    task: Annotated[
        str,
        typer.Argument(
            help="A task of digits, as in pnist/topleft or 'qnist/all?data=mnist'.", autocompletion=complete.task
        ),
    ],
    url: Url,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split that the column split tells.")] = 0,
    replace: Annotated[bool, typer.Option("--replace", help="In the place of the task that is there.")] = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write a task as the tables images, pixels and points, with views that find the points: all of it or nothing."""
    import time

    from spoton.cli._progress import counted

    out = Output(json, quiet)
    began = time.monotonic()
    with counted(quiet=quiet) as say:
        say("loading", 0, 0)
        from spoton.sql import load as load_task

        loaded = load_task(
            task, url, seed=seed, replace=replace, on_progress=lambda done, total: say("images", done, total)
        )
    seconds = time.monotonic() - began
    out.remark(
        f"{loaded.task} -> {loaded.database}: {loaded.images:,} images, {loaded.pixels:,} pixels above zero, "
        f"in {seconds:.1f} s"
    )
    out.write(asdict(loaded) | {"seconds": seconds})


@sql.command()
def points(
    url: Url,
    check: Annotated[
        bool, typer.Option("--check", help="Compare each answer and feature with NumPy; 1 where any differs.")
    ] = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Find the answers and the pts features by SQL, and print what they are."""
    from spoton.cli._progress import counted

    out = Output(json, quiet)
    with counted(quiet=quiet) as say:
        say("asking the database", 0, 0)
        from spoton.sql import Problem

        with Problem.open(url) as problem:
            counts, summary = problem.counts(), problem.summary()
            say("comparing with NumPy", 0, 0)
            found = problem.check() if check else []
    numbers = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    out.remark(f"{problem.task} in {problem.name}: {numbers}; split of seed {problem.seed}")
    out.show(summary.to_string(float_format=lambda value: f"{value:.6g}"))
    for part in found:
        equal = f"{part.rows:,} images x {part.columns} columns, equal to NumPy"
        out.show(f"{part.name}: {part.difference or equal}")
    held = {"task": problem.task, "database": problem.name, "seed": problem.seed, "rows": counts}
    answers = summary.rename_axis("answer").reset_index()
    out.write(held | {"answers": answers, "check": [asdict(part) for part in found] if check else None})
    sys.exit(1 if any(part.difference for part in found) else 0)
