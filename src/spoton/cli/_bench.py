"""`spoton bench`: the main job."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spoton.cli import _complete as complete
from spoton.cli._mlflow import Mlflow
from spoton.cli._output import Json, Output, Quiet, check_writable, console, cores
from spoton.cli._own import Images, Npz, Points, TableFile, Target, own_tasks
from spoton.cli._store import StoreOption

if TYPE_CHECKING:
    from spoton._run import Run
    from spoton.tasks import Task

QUICK = 12  # so many runs of learners without epochs are done before processes have started
DEMO_TASKS = ("pnist/topleft", "pnist/center")
# a choice that tells the story within a minute on two cores
DEMO_LEARNERS = "oracle,spotnet,mean,linear,ridge,lasso,knn,net3,relu4,featsnet,featsnet+ynorm"
DEMO_LEARNERS += ",linear@pts,forest@pts,resnet18?epochs=3"
TABLE_LEARNERS = "oracle,mean,linear,ridge,lasso-cv,forest,gbdt,knn,basenet+xnorm+ynorm"


def bench(
    tasks: Annotated[
        list[str] | None,
        typer.Argument(help="Tasks, as in pnist/topleft; spoton tasks lists them.", autocompletion=complete.task),
    ] = None,
    learners: Annotated[
        str | None,
        typer.Option(
            "--learners",
            "--learner",  # as fit has it
            help="Learners a,b,c; spoton learners lists them.",
            autocompletion=complete.learners,
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds: 0, 1, ...")] = 3,
    seed: Annotated[
        list[int] | None, typer.Option("--seed", min=0, help="This seed alone, in place of --seeds; may be repeated.")
    ] = None,
    train_size: Annotated[str | None, typer.Option(help="Numbers of training rows N[,N...]; all by default.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, for learners that have some.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at once; the number of cores by default.")] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            help="Where runs are made: serial (this process), loky (processes), ray or dask.",
            autocompletion=complete.engine,
        ),
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="A running cluster: HOST of Ray, tcp://HOST:PORT of Dask's scheduler.")
    ] = None,
    json: Json = None,
    picture: Annotated[Path | None, typer.Option(help="Write the leaderboard as a picture (.svg).")] = None,
    journal: Annotated[
        Path | None,
        typer.Option(help="File that keeps each finished run as a line of JSON; the store gets what waits in it."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Forbid --force: a store resumes by itself.")] = False,
    store: StoreOption = None,
    force: Annotated[bool, typer.Option("--force", help="Make runs again that are in the store.")] = False,
    keep_predictions: Annotated[
        bool, typer.Option("--keep-predictions", help="Keep the predictions of each run in the store.")
    ] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Score train and valid after every epoch; the learners do not notice.")
    ] = False,
    live: Annotated[bool, typer.Option("--live", help="Show running curves, on a terminal.")] = False,
    mlflow: Mlflow = None,
    quiet: Quiet = False,
    images: Images = None,
    points: Points = None,
    table: TableFile = None,
    target: Target = None,
    npz: Npz = None,
) -> None:
    """Run learners on tasks and print a leaderboard: by default, a demo on real digits."""
    from spoton.cli import _mlflow
    from spoton.cli._progress import progress
    from spoton.errors import UsageError
    from spoton.store import Store

    _mlflow.check(mlflow)
    out = Output(json, quiet)
    sizes = _sizes(train_size)
    wanted: int | list[int] = list(dict.fromkeys(seed)) if seed else seeds
    if picture is not None:
        check_writable("--picture", picture)
    with progress(quiet=quiet, live=live) as bar:
        bar.say("loading")
        chosen: list[Any] = [*own_tasks(images, points, table, target, npz), *(tasks or [])]
        chosen = chosen or list(DEMO_TASKS)
        from spoton._bench import bench as run_bench
        from spoton._bench import cells
        from spoton._provenance import now
        from spoton.learners import is_iterative

        names = [name.strip() for name in (learners or _default_learners(chosen)).split(",") if name.strip()]
        if not names:
            raise UsageError("--learners names no learner; spoton learners lists them")
        if len(set(names)) < len(names):
            raise UsageError("a learner is named twice in --learners; name each once")
        # the two ends of the scale stand in every table; rows of JSON hold what was asked for
        ends = [name for name in ("oracle", "mean") if name not in names and json != "-"]
        if "oracle" in ends and not any(isinstance(task, str) for task in chosen):
            ends.remove("oracle")  # own data has none
        started = time.monotonic()
        total = len(list(cells(chosen, [*names, *ends], wanted, sizes, epochs)))
        finished: list[Run] = []
        began = now()
        if jobs is None and engine is None:
            # processes take seconds to start: a few quick fits are done before that
            worth = total > QUICK or any(is_iterative(name) for name in names)
            jobs = cores() if worth else 1
        bar.start(total)

        def on_run(run: Run) -> None:
            finished.append(run)
            bar.advance(run)

        interrupted = False
        opened = Store.open(store)
        try:
            runs = run_bench(
                chosen,
                [*names, *ends],
                seeds=wanted,
                train_sizes=sizes,
                epochs=epochs,
                jobs=jobs,
                engine=engine,
                address=address,
                journal=journal,
                resume=resume,
                store=opened,
                force=force,
                keep_predictions=keep_predictions,
                history=history,
                live=bar.folder,
                on_run=on_run,
                on_trouble=bar.trouble,
            )
        except KeyboardInterrupt:
            interrupted, runs = True, finished
        finally:
            opened.close()
    asked = [run for run in runs if run.learner in names]
    out.write([row for run in asked for row in run.rows()])
    # an oracle that nobody asked for and that does not exist is no news
    shown = [run for run in runs if run.learner in names or run.status == "ok"]
    how = f"{1 if engine == 'serial' else jobs} at a time" if jobs or engine == "serial" else f"by {engine}"
    took = f"{len(shown)} runs in {time.monotonic() - started:.0f} s, {how}; kept in {opened.name}"
    if old := sum(run.started < began for run in shown):
        took += f", {'all' if old == len(shown) else old} of them from there (--force makes them again)"
    _print(shown, took, picture, out)
    if mlflow is not None and not interrupted:
        _mlflow.try_to_deliver(shown, mlflow, store, opened.name, out)
    if interrupted:
        typer.echo(f"interrupted: {len(finished)} of {total} runs are kept; the same command goes on", err=True)
        sys.exit(130)
    sys.exit(1 if any(run.status == "failed" for run in asked) else 0)


def _default_learners(chosen: list[str | Task]) -> str:
    """Learners that fit all the tasks: those of the demo for images, others for tables."""
    from spoton.tasks import get_task

    loaded = [get_task(task) if isinstance(task, str) else task for task in chosen]
    return DEMO_LEARNERS if all(task.data().images for task in loaded) else TABLE_LEARNERS


def _sizes(text: str | None) -> list[int | None]:
    from spoton.errors import UsageError

    if text is None:
        return [None]
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise UsageError(f"--train-size takes whole numbers N[,N...], not '{text}'")
    return [int(part) for part in parts]


def _print(runs: list[Run], took: str, picture: Path | None, out: Output) -> None:
    from spoton.tables import report, save_svg

    out.show(*report(runs, took, spread=console().width >= 105))
    if picture is not None:
        save_svg(picture, report(runs, took))
        out.remark(f"picture: {picture}")
