"""`spoton store`, `leaderboard`, `export-runs`, `import-runs`: what became of the runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spoton.cli._mlflow import Mlflow
from spoton.cli._output import console

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
def info(store: StoreOption = None) -> None:
    """Say where the store is and what is in it."""
    from spoton.store import JOURNAL, Store, read

    with Store.open(store, create=False) as opened:
        counts = opened.counts()
        typer.echo(f"{opened.name}: schema {opened.schema}, {', '.join(f'{n:,} {name}' for name, n in counts.items())}")
        if counts["runs"]:
            tasks = opened.sql(
                "SELECT task, COUNT(*) AS runs, COUNT(DISTINCT learner) AS learners, MAX(finished) AS newest "
                "FROM runs GROUP BY task ORDER BY task"
            )
            typer.echo(tasks.to_string(index=False))
        waiting = [run.id for run in read(JOURNAL, opened.place)]
        if missing := len(set(waiting) - opened.has(waiting)):
            typer.echo(f"{missing} more in {JOURNAL}; spoton store sync delivers them")


@store.command()
def sync(store: StoreOption = None, journal: Journal = None) -> None:
    """Deliver runs that wait in the spool because the database was full, locked or gone."""
    from spoton.errors import UsageError
    from spoton.store import JOURNAL, Store, others
    from spoton.store import sync as deliver

    spool = journal or Path(JOURNAL)
    if journal is not None and not spool.exists():
        raise UsageError(f"there is no journal {journal}")
    with Store.open(store) as opened:
        delivered, there = deliver(opened, spool, keep=journal is not None)
        typer.echo(f"{opened.name}: {delivered} delivered, {there} were there already")
        if journal is None and (left := others(spool, opened.place)):
            typer.echo(f"{spool} has more, for {' and '.join(left)}; --store names one, --journal {spool} takes all")


@store.command()
def copy(
    source: Annotated[str, typer.Argument(help="File or URL to copy from.")],
    target: Annotated[str, typer.Argument(help="File or URL to copy to; runs that it has stay.")],
) -> None:
    """Copy all runs to another database, and prove that both hold the same."""
    from spoton.store import Store
    from spoton.store import copy as copy_all

    with Store.open(source, create=False) as first, Store.open(target) as second:
        copied, proofs = copy_all(first, second)
        typer.echo(f"{first.name} -> {second.name}: {copied} of {proofs[0].rows} runs copied, the others were there")
        for proof in proofs:
            typer.echo(f"  {proof.table:<12} {proof.rows:>9,} rows  {proof.digest[:16]}  equal")


def leaderboard(
    tasks: Annotated[list[str] | None, typer.Argument(help="Tasks; all in the store by default.")] = None,
    store: StoreOption = None,
    csv: Annotated[Path | None, typer.Option(help="Write the view `leaderboard` to this CSV file instead.")] = None,
) -> None:
    """Print the leaderboard of all runs in the store, the newest of each."""
    from spoton.cli._stored import stored_tasks
    from spoton.errors import DataError
    from spoton.store import Store
    from spoton.tables import report, tell_apart

    with Store.open(store, create=False) as opened:
        names = stored_tasks(opened, tasks)
        if csv is not None:
            board = opened.leaderboard()
            board = board[board["task"].isin(names)] if names else board
            try:
                board.to_csv(csv, index=False)
            except OSError as error:
                raise DataError(f"{csv} cannot be written ({error.strerror or error}); name another file") from error
            typer.echo(f"wrote {len(board)} rows to {csv}")
            return
        wanted: list[str | None] = [*names] or [None]
        runs = [run for name in wanted for run in opened.runs(task=name, newest=True)]
        tell_apart(runs)
        screen = console()
        for part in report(runs, f"{len(runs)} runs in {opened.name}", spread=screen.width >= 105):
            screen.print(part, highlight=False)


def export_runs(
    file: Annotated[Path | None, typer.Argument(help="A .json, .jsonl or .parquet file.")] = None,
    store: StoreOption = None,
    task: Annotated[str | None, typer.Option(help="Runs of this task only.")] = None,
    predictions: Annotated[bool, typer.Option("--predictions", help="With the predictions that were kept.")] = False,
    mlflow: Mlflow = None,
) -> None:
    """Write the runs of the store to a file, or send them to an MLflow server."""
    from spoton.cli import _mlflow
    from spoton.cli._stored import stored_tasks
    from spoton.errors import UsageError
    from spoton.store import Store
    from spoton.store import export_runs as export

    if file is None and mlflow is None:
        raise UsageError("export-runs needs a file, or the address of an MLflow server by --mlflow")
    _mlflow.check(mlflow)
    with Store.open(store, create=False) as opened:
        task = next(iter(stored_tasks(opened, [task] if task else [])), None)
        if mlflow is not None:
            tasks = [task] if task else list(opened.sql("SELECT DISTINCT task FROM runs ORDER BY task")["task"])
            # pictures are drawn from predictions; of one task at a time they fit into memory
            _mlflow.deliver((opened.runs(task=name, predictions=True) for name in tasks), mlflow)
        if file is None:
            return
        runs = opened.runs(task=task, predictions=predictions)
        export(runs, file)
        typer.echo(f"wrote {len(runs)} runs to {file}")


def import_runs(
    file: Annotated[Path, typer.Argument(help="A .json, .jsonl or .parquet file of export-runs, or a journal.")],
    store: StoreOption = None,
) -> None:
    """Add the runs of a file to the store; those that it has stay as they are."""
    from spoton.store import Store
    from spoton.store import import_runs as read_runs

    runs = read_runs(file)
    with Store.open(store) as opened:
        added = opened.add_many(runs)
        typer.echo(f"{opened.name}: {added} added, {len(runs) - added} were there already")
