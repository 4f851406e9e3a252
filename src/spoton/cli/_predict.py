"""`spoton predict` and `spoton verify`: a model that was kept, in use and under test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from spoton.cli._output import Json, Output, Quiet, check_writable, console, replace_text
from spoton.cli._own import Images, Npz, Points, TableFile, Target, own_tasks

ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder that spoton fit wrote.")]
Module = Annotated[
    str | None, typer.Option(help="Your own net, where the model has one: FILE.py:NAME, as it was in the fit.")
]
Device = Annotated[str | None, typer.Option(help="torch's name of a device, as in cuda; that of the fit by default.")]


def predict(
    model: ModelFolder,
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUTS...", help="Images, folders of them, or an .npz with X; or a .csv or .parquet."),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV to write; standard output by default.")
    ] = None,
    overlay: Annotated[
        Path | None, typer.Option(help="Folder for the images with the predicted points drawn in.")
    ] = None,
    module: Module = None,
    device: Device = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Predict points or numbers with a model: CSV out, and pictures."""
    from spoton.cli._progress import progress

    out = Output(json, quiet)
    if output is not None:
        check_writable("--output", output)
    with progress(quiet=quiet) as bar:
        bar.say("loading")
        from spoton.models._files import open_inputs
        from spoton.models._predict import predict_files, to_csv

        held = load(model, module, device)
        source = open_inputs(inputs, held.card)
        bar.start(len(source.names))
        bar.say(f"predicting {'images' if source.column == 'file' else 'rows'}")
        found = predict_files(held, source, pictures=overlay, on_rows=bar.done)
    text = to_csv(held, source, found)
    if output is not None:
        replace_text(output, text)
        out.remark(f"{len(found)} rows: {output}")
    elif out.shows:
        typer.echo(text, nl=False)
    if overlay is not None and not quiet:
        typer.echo(f"pictures: {overlay}", err=output is None or not out.shows)
    columns = held.card.answers["columns"]
    rows = zip(source.names, found.tolist(), strict=True)
    out.write([{source.column: name, **dict(zip(columns, row, strict=True))} for name, row in rows])


def verify(
    model: ModelFolder,
    module: Module = None,
    device: Device = None,
    json: Json = None,
    quiet: Quiet = False,
    images: Images = None,
    points: Points = None,
    table: TableFile = None,
    target: Target = None,
    npz: Npz = None,
) -> None:
    """Make a model's data, split, predictions and metrics anew: are they as its card says? If not, what differs?"""
    from spoton.cli._progress import progress
    from spoton.errors import UsageError

    out = Output(json, quiet)
    with progress(quiet=quiet) as bar:
        bar.say("loading")
        from spoton.models import verify as look

        held = load(model, module, device)
        own = own_tasks(images, points, table, target, npz)
        if len(own) > 1 or (own and not held.card.task["own"]):
            raise UsageError(
                f"the model was fitted on {'one task' if held.card.task['own'] else held.card.task['name']}, and these "
                f"are {len(own)} of your own; leave out what it was not fitted on"
            )
        verdict = look(held, own[0] if own else None, on_step=bar.say)
    if out.shows:
        _print(held, verdict)
    out.write(_told(held, verdict))
    sys.exit(0 if verdict.ok else 1)


def load(folder: Path, module: str | None, device: str | None) -> Any:
    """The model of a folder, with the user's own net where `--module` names one."""
    from spoton.models import load_model

    if module is None:
        return load_model(folder, device=device)
    from spoton.learners._own_file import learner_of_file

    return load_model(folder, net=learner_of_file(module)[1].net, device=device)


def _print(model: Any, verdict: Any) -> None:
    from rich.table import Table
    from rich.text import Text

    card, shown = model.card, Table(box=None, pad_edge=False, show_header=False)
    words = {True: ("same", "green"), False: ("DIFFERS", "red"), None: ("unknown", "yellow")}
    for check in verdict.checks:
        shown.add_row(check.what, Text(*words[check.same]), Text(check.said))
    screen = console()
    name = f"{card.learner['name']} on {card.task['name']}, fitted {card.run.get('started', '')[:10]}"
    screen.print(Text(name), highlight=False)
    screen.print(shown, highlight=False)
    if verdict.ok:
        screen.print(Text("verified: the model is here what its card says", "bold"), highlight=False)
    else:
        differs = ", ".join(verdict.differs) or "what could not be looked at"
        screen.print(Text(f"not verified: it differs in {differs}", "bold"), highlight=False)


def _told(model: Any, verdict: Any) -> dict[str, Any]:
    return {
        "ok": verdict.ok,
        "task": model.card.task["name"],
        "learner": model.card.learner["name"],
        "differs": list(verdict.differs),
        "checks": [{"what": one.what, "same": one.same, "said": one.said} for one in verdict.checks],
        "metrics": {"card": model.card.metrics, "here": verdict.metrics},
    }
