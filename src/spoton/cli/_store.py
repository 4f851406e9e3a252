"""`spoton store`, `leaderboard`, `export-runs`, `import-runs`: what became of the runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from spoton.cli import _complete as complete
from spoton.cli._mlflow import Mlflow
from spoton.cli._output import Json, Output, Quiet, console

StoreOption = Annotated[
    str | None,
    typer.Option(
        help="Database of runs: a file, or mysql://, mariadb:// or postgresql:// and USER:PASSWORD@HOST/DATABASE "
        "[default: $SPOTON_STORE, else spoton.db]"
    ),
]
Journal = Annotated[Path | None, typer.Option(help="The spool to deliver [default: spoton-runs.jsonl]")]

store = typer.Typer(
    name="store",
    help="See, copy and complete the database that keeps all runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@store.command()
def info(store: StoreOption = None, json: Json = None, quiet: Quiet = False) -> None:
    """Say where the store is and what is in it."""
    from spoton.store import JOURNAL, Store, read

    out = Output(json, quiet)
    with Store.open(store, create=False) as opened:
        counts = opened.counts()
        out.show(f"{opened.name}: schema {opened.schema}, {', '.join(f'{n:,} {name}' for name, n in counts.items())}")
        tasks = opened.sql(
            "SELECT task, COUNT(*) AS runs, COUNT(DISTINCT learner) AS learners, MAX(finished) AS newest "
            "FROM runs GROUP BY task ORDER BY task"
        )
        if counts["runs"]:
            out.show(tasks.to_string(index=False))
        waiting = [run.id for run in read(JOURNAL, opened.place)]
        missing = len(set(waiting) - opened.has(waiting))
        if missing:
            out.remark(f"{missing} more in {JOURNAL}; spoton store sync delivers them")
        held = {"store": opened.name, "schema": opened.schema, "rows": counts}
        out.write(held | {"tasks": tasks, "waiting": missing})


@store.command()
def sync(store: StoreOption = None, journal: Journal = None, json: Json = None, quiet: Quiet = False) -> None:
    """Deliver runs that wait in the spool because the database was full, locked or gone."""
    from spoton.cli._progress import counted
    from spoton.errors import UsageError
    from spoton.store import JOURNAL, Store, others
    from spoton.store import sync as deliver

    out = Output(json, quiet)
    spool = journal or Path(JOURNAL)
    if journal is not None and not spool.exists():
        raise UsageError(f"there is no journal {journal}")
    with Store.open(store) as opened:
        with counted(quiet=quiet):
            delivered, there = deliver(opened, spool, keep=journal is not None)
        out.remark(f"{opened.name}: {delivered} delivered, {there} were there already")
        left = others(spool, opened.place) if journal is None else []
        if left:
            out.remark(f"{spool} has more, for {' and '.join(left)}; --store names one, --journal {spool} takes all")
        out.write({"store": opened.name, "delivered": delivered, "there": there, "for_others": left})


@store.command()
def copy(
    source: Annotated[str, typer.Argument(help="File or URL to copy from.")],
    target: Annotated[str, typer.Argument(help="File or URL to copy to; runs that it has stay.")],
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Copy all runs to another database, and prove that both hold the same."""
    from spoton.cli._progress import counted
    from spoton.store import Store
    from spoton.store import copy as copy_all

    out = Output(json, quiet)
    with Store.open(source, create=False) as first, Store.open(target) as second:
        with counted(quiet=quiet):
            copied, proofs = copy_all(first, second)
        out.remark(f"{first.name} -> {second.name}: {copied} of {proofs[0].rows} runs copied, the others were there")
        for proof in proofs:
            out.remark(f"  {proof.table:<12} {proof.rows:>9,} rows  {proof.digest[:16]}  equal")
        held = {"source": first.name, "target": second.name, "copied": copied, "runs": proofs[0].rows}
        out.write(held | {"tables": [asdict(proof) for proof in proofs]})


def leaderboard(
    tasks: Annotated[
        list[str] | None, typer.Argument(help="Tasks; all in the store by default.", autocompletion=complete.task)
    ] = None,
    store: StoreOption = None,
    csv: Annotated[Path | None, typer.Option(help="Write the view `leaderboard` to this CSV file instead.")] = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Print the leaderboard of all runs in the store, the newest of each."""
    from spoton.cli._progress import counted
    from spoton.cli._stored import stored_tasks
    from spoton.errors import DataError
    from spoton.store import Store
    from spoton.tables import report, tell_apart

    out = Output(json, quiet)
    with Store.open(store, create=False) as opened, counted(quiet=quiet) as say:
        say("reading the store", 0, 0)
        names = stored_tasks(opened, tasks)
        if csv is not None or json is not None:
            board = opened.leaderboard()
            board = board[board["task"].isin(names)] if names else board
            out.write(board)
        if csv is not None:
            try:
                board.to_csv(csv, index=False)
            except OSError as error:
                raise DataError(f"{csv} cannot be written ({error.strerror or error}); name another file") from error
            out.remark(f"wrote {len(board)} rows to {csv}")
        if csv is not None or not out.shows:
            return
        wanted: list[str | None] = [*names] or [None]
        runs = [run for name in wanted for run in opened.runs(task=name, newest=True)]
        tell_apart(runs)
        parts = list(report(runs, f"{len(runs)} runs in {opened.name}", spread=console().width >= 105))
    out.show(*parts)


def export_runs(
    file: Annotated[Path | None, typer.Argument(help="A .json, .jsonl or .parquet file.")] = None,
    store: StoreOption = None,
    task: Annotated[str | None, typer.Option(help="Runs of this task only.", autocompletion=complete.task)] = None,
    predictions: Annotated[bool, typer.Option("--predictions", help="With the predictions that were kept.")] = False,
    mlflow: Mlflow = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write the runs of the store to a file, or send them to an MLflow server."""
    from spoton.cli import _mlflow
    from spoton.cli._progress import counted
    from spoton.cli._stored import stored_tasks
    from spoton.errors import UsageError
    from spoton.store import Store
    from spoton.store import export_runs as export

    if file is None and mlflow is None:
        raise UsageError("export-runs needs a file, or the address of an MLflow server by --mlflow")
    _mlflow.check(mlflow)
    out = Output(json, quiet)
    with Store.open(store, create=False) as opened:
        task = next(iter(stored_tasks(opened, [task] if task else [])), None)
        held: dict[str, Any] = {"store": opened.name, "file": file, "runs": None, "mlflow": None}
        if mlflow is not None:
            tasks = [task] if task else list(opened.sql("SELECT DISTINCT task FROM runs ORDER BY task")["task"])
            # pictures are drawn from predictions; of one task at a time they fit into memory
            groups = (opened.runs(task=name, predictions=True) for name in tasks)
            with counted(quiet=quiet):
                held["mlflow"] = _mlflow.deliver(groups, mlflow, out, opened.artifacts)
        if file is not None:
            with counted(quiet=quiet):
                runs = opened.runs(task=task, predictions=predictions)
                export(runs, file)
            held["runs"] = len(runs)
            out.remark(f"wrote {len(runs)} runs to {file}")
        out.write(held)


def import_runs(
    file: Annotated[Path, typer.Argument(help="A .json, .jsonl or .parquet file of export-runs, or a journal.")],
    store: StoreOption = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Add the runs of a file to the store; those that it has stay as they are."""
    from spoton.cli._progress import counted
    from spoton.store import Store
    from spoton.store import import_runs as read_runs

    out = Output(json, quiet)
    with counted(quiet=quiet):
        runs = read_runs(file)
        with Store.open(store) as opened:
            added = opened.add_many(runs)
    out.remark(f"{opened.name}: {added} added, {len(runs) - added} were there already")
    out.write({"store": opened.name, "added": added, "there": len(runs) - added})
