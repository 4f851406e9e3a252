"""`spoton why`: what holds a learner back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from spoton.cli import _complete as complete
from spoton.cli._output import Json, Output, Quiet, check_writable, cores
from spoton.cli._own import Images, Npz, Points, TableFile, Target, own_tasks
from spoton.cli._store import StoreOption


def why(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="TASK LEARNER, as in pnist/topleft net3; LEARNER alone with own data, TASK with --module.",
            autocompletion=complete.task_then_learner,
        ),
    ] = None,
    module: Annotated[
        str | None, typer.Option(help="A torch net of your own: FILE.py:NAME, as in net.py:MyNet?epochs=20&lr=1e-3.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="Budget; a fit that has begun is finished.")] = 3.0,
    seeds: Annotated[int, typer.Option(min=3, help="How many splits, 3 or more: 0 screens, the others confirm.")] = 4,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at once; the number of cores by default.")] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="Where runs are made: loky (processes), ray or dask.", autocompletion=complete.engine),
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="A running cluster: HOST of Ray, tcp://HOST:PORT of Dask's scheduler.")
    ] = None,
    json: Json = None,
    html: Annotated[Path | None, typer.Option(help="Write the diagnosis with its pictures as one page.")] = None,
    store: StoreOption = None,
    quiet: Quiet = False,
    images: Images = None,
    points: Points = None,
    table: TableFile = None,
    target: Target = None,
    npz: Npz = None,
) -> None:
    """Find out by experiment what holds a learner back, and what helps."""
    from spoton.cli._progress import share
    from spoton.store import Store

    out = Output(json, quiet)
    if html is not None:
        check_writable("--html", html)
    with share(quiet=quiet) as step:
        step("loading", 0.0, 60 * minutes)
        task, learner = _asked(words or [], module, own_tasks(images, points, table, target, npz))
        from spoton.why import why as find_out
        from spoton.why._render import render

        opened = Store.open(store)
        try:
            found = find_out(
                _subject(module, task) if module is not None else learner,
                task,
                minutes=minutes,
                seeds=seeds,
                jobs=jobs or (None if engine else cores()),
                engine=engine,
                address=address,
                store=opened,
                on_step=step,
            )
        except KeyboardInterrupt:
            typer.echo("interrupted before the learner was measured once; the same command goes on", err=True)
            sys.exit(130)
        finally:
            opened.close()
    out.show(*render(found))
    out.write(found.to_frame())
    if html is not None:
        from spoton.report import write_why

        write_why(found, html)
        out.remark(f"page: {html}")
    if found.interrupted:
        typer.echo(f"interrupted: {len(found.runs)} runs are kept in {opened.name}; the same command goes on", err=True)
        sys.exit(130)


def _asked(words: list[str], module: str | None, own: list[Any]) -> tuple[Any, str]:
    """The task and the name of the learner."""
    from spoton.errors import UsageError

    learners = words[-1:] if module is None else []
    tasks = [*own, *words[: len(words) - len(learners)]]
    if len(tasks) != 1 or len(learners) + (module is not None) != 1:
        raise UsageError(
            f"why takes one task and one learner, as in spoton why pnist/topleft net3, not '{' '.join(words)}'"
            f"{' with --module' if module else ''}{f' and {len(own)} tasks of your own' if own else ''}"
        )
    return tasks[0], learners[0] if learners else ""


def _subject(module: str, task: Any) -> Any:
    from spoton.tasks import get_task
    from spoton.why._subject import module_subject

    return module_subject(module, get_task(task) if isinstance(task, str) else task)
