"""`spoton fit`: a learner that is kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spoton.cli._output import Json, Output, Quiet
from spoton.cli._own import Images, Npz, Points, TableFile, Target, own_tasks

if TYPE_CHECKING:
    from spoton.tasks import Task


def fit(
    task: Annotated[str | None, typer.Argument(help="A task, as in pnist/topleft; none with own data.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder to keep the model in.")] = None,
    learner: Annotated[
        str | None, typer.Option("--learner", "-l", help="A learner, as in spotnet; spoton learners lists them.")
    ] = None,
    module: Annotated[
        str | None, typer.Option(help="A torch net of your own: FILE.py:NAME, as in net.py:MyNet?epochs=20&lr=1e-3.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the split and the learner.")] = 0,
    train_size: Annotated[int | None, typer.Option(min=1, help="Number of training rows; all by default.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, for learners that have some.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is there.")] = False,
    json: Json = None,
    quiet: Quiet = False,
    images: Images = None,
    points: Points = None,
    table: TableFile = None,
    target: Target = None,
    npz: Npz = None,
) -> None:
    """Fit a learner, print where it stands, and keep it in a folder."""
    from spoton.cli._progress import progress
    from spoton.errors import UsageError
    from spoton.history import History, on_epoch

    if output is None:
        raise UsageError("fit needs a folder for the model: -o model")
    if (learner is None) == (module is None):
        raise UsageError("fit takes one learner: --learner, as in --learner spotnet, or --module FILE.py:NAME")
    out = Output(json, quiet)
    with progress(quiet=quiet) as bar:
        bar.say("loading")
        from spoton.models import fit_model, load_model
        from spoton.models._folder import check_free

        check_free(output, force=force)
        one = _one_task(task, own_tasks(images, points, table, target, npz))
        made: Any = learner
        name: str | None = None
        if module is not None:
            made, name = _of_file(module, one, out)
        bar.say(f"fitting {name or learner} on {one.name}")

        def told(history: History) -> None:
            bar.say(f"fitting {name or learner} on {one.name}: epoch {history[-1]['epoch']}")

        try:
            with on_epoch(told):
                model = fit_model(one, made, seed=seed, train_size=train_size, epochs=epochs, name=name)
        except KeyboardInterrupt:
            typer.echo("interrupted: no model is kept", err=True)
            sys.exit(130)
        bar.say("keeping it")
        model.save(output, force=force)
        # read back at once: what cannot be used is not called kept
        again = load_model(output, net=made.net if module is not None else None)
        _check_same(model, again, one)
        beside = _ends(one, seed, train_size) if out.shows else {}
    if out.shows:
        _print(model, beside, one)
    out.remark(f"model: {output}")
    own = {"images": images, "points": points, "table": table, "target": target, "npz": npz}
    _next(model, output, module, own, out)
    out.write(model.card.to_dict())


def _one_task(task: str | None, own: list[Task]) -> Task:
    from spoton.errors import UsageError
    from spoton.tasks import get_task

    found = [*own, *([get_task(task)] if task else [])]
    if len(found) != 1:
        raise UsageError(f"fit takes one task, or own data, and there are {len(found)}; spoton tasks lists tasks")
    return found[0]


def _of_file(words: str, task: Task, out: Output) -> tuple[Any, str]:
    from spoton.learners._own_file import learner_of_file
    from spoton.learners._own_net import check_net

    name, made, notes = learner_of_file(words)
    check_net(made, task, name)
    for note in notes:
        out.remark(f"note: {note}")
    return made, name


def _check_same(model: Any, again: Any, task: Task) -> None:
    import numpy as np

    from spoton.errors import DataError

    some = task.data().take(task.split(model.card.split["seed"]).valid[:8])
    labels = some.labels if model.card.learner["uses_labels"] else None
    if not np.array_equal(model.predict(some.X, labels), again.predict(some.X, labels)):
        raise DataError(
            f"{model.card.learner['name']} answers otherwise once it is read from its folder; please report this, with "
            "the command"
        )


def _ends(task: Task, seed: int, train_size: int | None) -> dict[str, Any]:
    """The two ends of the scale: what the mean answer has, and the exact rule."""
    from spoton._evaluate import evaluate

    names = ["mean", *(["oracle"] if task.make_oracle is not None else [])]
    runs = {name: evaluate(name, task, seed, train_size=train_size) for name in names}
    return {name: run.metrics for name, run in runs.items() if run.status == "ok"}


def _print(model: Any, beside: dict[str, Any], task: Task) -> None:
    from rich.table import Table
    from rich.text import Text

    from spoton.cli._output import console
    from spoton.metrics import all_metrics

    card, screen = model.card, console()
    rows = ", ".join(f"{count} {side}" for side, count in card.split["rows"].items())
    many = f", {card.run['parameters']:,} parameters" if card.run["parameters"] else ""
    title = f"{card.learner['name']} on {card.task['name']}, seed {card.split['seed']}: {rows}; fitted in "
    screen.print(Text(f"{title}{card.run['seconds']:.1f} s{many}"), highlight=False)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("metric")
    sides = list(card.metrics)
    for name in (*sides, *(f"{name} (valid)" for name in beside)):
        shown.add_column(name, justify="right")
    for name in all_metrics():
        if any(name in card.metrics[side] for side in sides):
            values = [card.metrics[side].get(name) for side in sides]
            values += [scores.get("valid", {}).get(name) for scores in beside.values()]
            shown.add_row(name, *("" if value is None else f"{value:.4g}" for value in values))
    screen.print(shown, highlight=False)
    if task.ceiling:
        screen.print(Text(f"ceiling: {task.ceiling}"), highlight=False)
    for note in card.run["notes"]:
        typer.echo(f"note: {note}", err=True)


def _next(model: Any, folder: Path, module: str | None, own: dict[str, Path | str | None], out: Output) -> None:
    import shlex

    inputs = "IMAGES" if model.card.inputs["kind"] == "images" else "TABLE"
    place, again = shlex.quote(str(folder)), [] if module is None else ["--module", module.partition("?")[0]]
    given = [word for name, value in own.items() if value is not None for word in (f"--{name}", str(value))]
    answers = "points" if model.card.answers["points"] else "answers"
    out.remark(" ".join([f"next: spoton predict {place} {inputs} -o {answers}.csv", *map(shlex.quote, again)]))
    out.remark(" ".join([f"      spoton verify {place}", *map(shlex.quote, [*again, *given])]))
