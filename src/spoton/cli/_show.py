"""`spoton show`: a picture of a task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spoton.cli import _complete as complete
from spoton.cli._output import Json, Output, Quiet
from spoton.cli._own import Images, Npz, Points, TableFile, Target, own_tasks


def show(
    task: Annotated[
        str | None, typer.Argument(help="A task, as in pnist/topleft.", autocompletion=complete.task)
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The picture: .png, .svg or .pdf.")] = None,
    n: Annotated[int, typer.Option(min=1, max=200, help="How many samples.")] = 15,
    seed: Annotated[int, typer.Option(min=0, help="Which samples.")] = 0,
    images: Images = None,
    points: Points = None,
    table: TableFile = None,
    target: Target = None,
    npz: Npz = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write a picture of a task's samples with their points, and say where it is."""
    from spoton.cli._progress import counted
    from spoton.errors import DataError, UsageError

    out = Output(json, quiet)
    with counted(quiet=quiet) as say:
        say("loading", 0, 0)
        from spoton.plots import samples
        from spoton.tasks import get_task

        chosen = own_tasks(images, points, table, target, npz) + ([get_task(task)] if task else [])
        if len(chosen) != 1:
            raise UsageError(f"show needs one task, there are {len(chosen)}; spoton tasks lists them")
        one = chosen[0]
        safe = "".join(c if c.isalnum() or c in "-_.=" else "-" for c in one.name)
        path = output or Path(f"show-{safe}.png")
        data, test = one.data(), one.test()
        say("drawing", 0, 0)
        try:
            samples(one, n, seed).savefig(path)
        except (OSError, ValueError) as error:
            raise DataError(f"the picture {path} cannot be written ({error}); name another with --output") from error
    tested = f" and {len(test)} to test" if test is not None else ""
    out.remark(f"{one.name}: {one.about}; {len(data)} rows{tested}, answers {', '.join(data.y.columns)}")
    if one.ceiling:
        out.remark(f"ceiling: {one.ceiling}")
    out.remark(f"picture: {path}")
    held = {"task": one.name, "about": one.about, "kind": one.kind, "ceiling": one.ceiling, "rows": len(data)}
    counts = {"test_rows": 0 if test is None else len(test), "answers": list(data.y.columns)}
    out.write(held | counts | {"picture": path})
