"""`spoton why`: what holds a learner back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from spoton.cli._output import check_writable, console, cores, replace_text
from spoton.cli._own import Images, Npz, Points, TableFile, Target, own_tasks
from spoton.cli._store import StoreOption


def why(
    words: Annotated[list[str], typer.Argument(help="TASK LEARNER, as in pnist/topleft net3; own data: LEARNER.")],
    minutes: Annotated[float, typer.Option(min=0.01, help="Budget; a fit that has begun is finished.")] = 3.0,
    seeds: Annotated[int, typer.Option(min=2, help="How many splits: 0, 1, ...")] = 3,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; the number of cores by default.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the measured changes as JSON.")] = None,
    store: StoreOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
    images: Images = None,
    points: Points = None,
    table: TableFile = None,
    target: Target = None,
    npz: Npz = None,
) -> None:
    """Find out by experiment what holds a learner back, and what helps."""
    from spoton.cli._progress import progress
    from spoton.errors import UsageError
    from spoton.store import Store

    tasks: list[Any] = own_tasks(images, points, table, target, npz)
    *named, learner = words
    tasks += named
    if len(tasks) != 1:
        raise UsageError(f"why needs one task and one learner; there are {len(tasks)} tasks beside {learner}")
    if json is not None:
        check_writable("--json", json)
    with progress(quiet=quiet) as bar:
        bar.say("loading")
        from spoton.why import why as find_out
        from spoton.why._render import render

        opened = Store.open(store)
        try:
            found = find_out(
                learner, tasks[0], minutes=minutes, seeds=seeds, jobs=jobs or cores(), store=opened, say=bar.say
            )
        finally:
            opened.close()
    screen = console()
    for part in render(found):
        screen.print(part, highlight=False)
    if json is not None:
        replace_text(json, found.to_frame().to_json(orient="records", indent=1) + "\n")
