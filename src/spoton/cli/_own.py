"""Options that name the user's own data, shared by the commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from spoton.tasks import Task

Images = Annotated[
    Path | None, typer.Option(help="Folder of images, together with --points.", rich_help_panel="Own data")
]
Points = Annotated[
    Path | None,
    typer.Option(help="CSV: a column `file`, then NAME_x,NAME_y in pixels.", rich_help_panel="Own data"),
]
TableFile = Annotated[
    Path | None, typer.Option("--table", help="CSV or parquet, with --target.", rich_help_panel="Own data")
]
Target = Annotated[str | None, typer.Option(help="Column or columns to learn: COL[,COL].", rich_help_panel="Own data")]
Npz = Annotated[
    Path | None,
    typer.Option(help="X (n, H, W) or (n, C, H, W), y (n, k), optional labels.", rich_help_panel="Own data"),
]


def own_tasks(
    images: Path | None, points: Path | None, table: Path | None, target: str | None, npz: Path | None
) -> list[Task]:
    """The tasks that these options name.

    Raises:
        UsageError: one option of a pair without the other.
    """
    from spoton.errors import UsageError

    for (name, value), (other, partner) in (
        (("--images", images), ("--points", points)),
        (("--table", table), ("--target", target)),
    ):
        if (value is None) != (partner is None):
            given, missing = (name, other) if value is not None else (other, name)
            raise UsageError(f"{given} needs {missing} beside it")
    if images is None and table is None and npz is None:
        return []
    from spoton.tasks import Task
    from spoton.tasks._own import from_npz

    found: list[Task] = []
    if images is not None and points is not None:
        found.append(Task.from_folder(images, points))
    if table is not None and target is not None:
        found.append(Task.from_table(table, target))
    if npz is not None:
        found.append(from_npz(npz))
    return found
