"""The command line. Commands hold no logic: they read words, call one function of the package, and print.

Nothing heavy is imported here, so that `spoton --help` answers at once; each command imports what it needs.
"""

from __future__ import annotations

import signal
import sys

import typer

from spoton.cli._bench import bench as _bench
from spoton.cli._doctor import doctor as _doctor
from spoton.cli._export import export as _export
from spoton.cli._fit import fit as _fit
from spoton.cli._lists import learners as _learners
from spoton.cli._lists import metrics as _metrics
from spoton.cli._lists import recorded as _recorded
from spoton.cli._lists import tasks as _tasks
from spoton.cli._predict import predict as _predict
from spoton.cli._predict import verify as _verify
from spoton.cli._report import report as _report
from spoton.cli._report import serve as _serve
from spoton.cli._serve_model import serve_model as _serve_model
from spoton.cli._show import show as _show
from spoton.cli._sql import sql as _sql
from spoton.cli._store import export_runs as _export_runs
from spoton.cli._store import import_runs as _import_runs
from spoton.cli._store import leaderboard as _leaderboard
from spoton.cli._store import store as _store
from spoton.cli._surroundings import flush, give_up_stdout, settle
from spoton.cli._sweep import sweep as _sweep
from spoton.cli._why import why as _why

app = typer.Typer(
    name="spoton",
    help="Make neural networks hit exact points and exact relations, and find out why they miss.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich's help costs 0.2 s, half of what --help may take
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 some run failed (its row says why), 2 wrong usage or data, 130 interrupted.",
)
app.command()(_bench)
app.command()(_tasks)
app.command()(_learners)
app.command()(_metrics)
app.command()(_show)
app.command()(_why)
app.command()(_fit)
app.command()(_predict)
app.command()(_verify)
app.command()(_recorded)
app.command()(_sweep)
app.command()(_leaderboard)
app.command()(_report)
app.command()(_serve)
app.command("export")(_export)
app.command("serve-model")(_serve_model)
app.command("export-runs")(_export_runs)
app.command("import-runs")(_import_runs)
app.command()(_doctor)
app.add_typer(_store)
app.add_typer(_sql)


def _version(asked: bool) -> None:
    if asked:
        from spoton._version import __version__

        typer.echo(f"spoton {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_version, is_eager=True),
) -> None: ...


def main() -> None:
    """Entry point: errors of spoton become one sentence on standard error and exit code 2."""
    from spoton import _interrupt
    from spoton.errors import SpotonError

    settle()
    _interrupt.listen()
    # so that a bench ends its processes when it is told to end
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        try:
            app()
        finally:
            flush()
    except SpotonError as error:
        typer.echo(f"spoton: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # a disk that is full, a folder that is gone: no fault of ours that a traceback would help
        give_up_stdout()
        of = f" of {error.filename}" if error.filename else ""
        typer.echo(f"spoton: the system says{of}: {error.strerror or error}", err=True)
        sys.exit(2)
    except MemoryError:
        typer.echo("spoton: this needs more memory than there is; give fewer rows, or smaller images", err=True)
        sys.exit(2)
