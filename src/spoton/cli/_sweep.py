"""`spoton sweep`: the best settings of a learner."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spoton.cli import _complete as complete
from spoton.cli._output import Json, Output, Quiet, check_writable, console, cores
from spoton.cli._own import Images, Npz, Points, TableFile, Target, own_tasks
from spoton.cli._store import StoreOption

if TYPE_CHECKING:
    from spoton._run import Run
    from spoton.sweeps._plan import Plan


def sweep(
    words: Annotated[
        list[str],
        typer.Argument(
            help="TASK LEARNER, as in pnist/topleft featsnet; LEARNER alone with own data.",
            autocompletion=complete.task_then_learner,
        ),
    ],
    param: Annotated[
        list[str] | None,
        typer.Option(
            help="What to choose from, once a parameter: lr=1e-4..1e-1:log, width=8..64:step=8, epochs=5,10,40, "
            "+ynorm (without and with it), +ynorm=false,standard,robust, @=pts,pix+pts (features)."
        ),
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Settings in all; 20 by default, all of a grid.")] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="What to choose by; by default hit, accuracy or r2, the first there is.",
            autocompletion=complete.metric,
        ),
    ] = None,
    sampler: Annotated[str, typer.Option(help="tpe, random or grid.", autocompletion=complete.sampler)] = "tpe",
    seed: Annotated[int, typer.Option(min=0, help="Of the sampler.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds report the best: 0, 1, ...")] = 3,
    train_size: Annotated[int | None, typer.Option(min=1, help="Train on so many rows; all by default.")] = None,
    prune: Annotated[
        bool | None,
        typer.Option(
            "--prune/--no-prune",
            help="Stop trials that are worse than others were; by default where a learner has epochs, not in a grid.",
        ),
    ] = None,
    finalists: Annotated[int, typer.Option(min=1, help="Trials that are repeated on two further splits.")] = 3,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; the number of cores by default.")] = None,
    store: StoreOption = None,
    studies: Annotated[
        str | None,
        typer.Option(help="Where Optuna keeps trials: a file, or a URL of a database [default: spoton-sweeps.jsonl]"),
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Write pictures of the trials (.png, .svg, .pdf).")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all trials to this CSV file.")] = None,
    json: Json = None,
    quiet: Quiet = False,
    images: Images = None,
    points: Points = None,
    table: TableFile = None,
    target: Target = None,
    npz: Npz = None,
) -> None:
    """Choose settings of a learner on training rows, and report the best on rows that had no say in it."""
    from spoton.cli._progress import progress
    from spoton.errors import StoreError, UsageError
    from spoton.store import DEFAULT, VARIABLE

    out = Output(json, quiet)
    for option, path in (("--picture", picture), ("--csv", csv)):
        if path is not None:
            check_writable(option, path)
    if picture is not None and picture.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise UsageError(f"--picture is a .png, .svg or .pdf file, not {picture.name}")
    where = store or os.environ.get(VARIABLE) or DEFAULT
    done, began = 0, time.monotonic()
    with progress(quiet=quiet) as bar:
        bar.say("loading")
        own = own_tasks(images, points, table, target, npz)
        if len(words) + len(own) != 2:
            raise UsageError(
                "a sweep takes one task and one learner, as in spoton sweep pnist/topleft featsnet, not "
                + " ".join(words)
            )
        task: Any = own[0] if own else words[0]
        from spoton.store import Store
        from spoton.sweeps import sweep as run_sweep
        from spoton.sweeps._render import render

        best: list[tuple[float, str]] = []
        todo: list[Plan] = []

        def on_plan(plan: Plan) -> None:
            todo.append(plan)
            bar.start(plan.runs)

        def on_run(run: Run) -> None:
            nonlocal done
            done += 1
            bar.advance(run)
            plan = todo[0]
            value = run.metrics.get("valid", {}).get(plan.metric)
            if run.task == plan.tuning.name and value is not None:
                best.append((value, run.learner))
            if best:
                top = (max if plan.greater else min)(best)
                bar.say(f"best {plan.metric} {top[0]:.4g}: {top[1]}")

        try:
            found = run_sweep(
                task,
                words[-1],
                param or [],
                trials=trials,
                metric=metric,
                sampler=sampler,
                seed=seed,
                seeds=seeds,
                train_size=train_size,
                prune=prune,
                finalists=finalists,
                jobs=jobs or cores(),
                store=where,
                studies=studies,
                on_plan=on_plan,
                on_run=on_run,
                on_trouble=bar.trouble,
            )
        except KeyboardInterrupt:
            typer.echo(f"interrupted: {done} runs are kept; the same command goes on", err=True)
            sys.exit(130)
    out.show(*render(found, f"{time.monotonic() - began:.0f} s", spread=console().width >= 105))
    out.write(found.to_dict())
    if csv is not None:
        found.to_frame().to_csv(csv, index=False)
    if found.best is not None:
        if picture is not None:
            found.draw(picture)
            out.remark(f"picture: {picture}")
        try:
            with Store.open(where) as opened:
                found.keep(opened, again=found.made > 0)
        except StoreError as error:  # the runs wait in the spool
            typer.echo(f"the picture is not kept: {error}", err=True)
    sys.exit(1 if found.best is None or any(run.status == "failed" for run in found.report) else 0)
