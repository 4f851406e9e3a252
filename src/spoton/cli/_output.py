"""What commands share of their ends: results, JSON and remarks, what they write, how many cores there are.

Every command takes `--json FILE` and `--quiet`. The result goes to standard output, and so do remarks, as on the file
that was written; with `--json -` standard output holds JSON and nothing else, and remarks go to standard error.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="Write the result as JSON to FILE, or - for standard output."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no remarks; errors are still said.")]


class Output:
    """Where a command's result and its remarks go.

    Args:
        json: what `--json` names.
        quiet: whether `--quiet` is given.

    Raises:
        UsageError: the file of `--json` cannot be one.
    """

    def __init__(self, json: str | None = None, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet
        if json is not None and json != "-":
            check_writable("--json", Path(json))

    @property
    def shows(self) -> bool:
        """Whether people read standard output: not where it holds JSON."""
        return self.json != "-"

    def remark(self, text: str) -> None:
        """Say beside the result what was done."""
        if not self.quiet:
            typer.echo(text, err=not self.shows)

    def show(self, *parts: Any) -> None:
        """Print the result for people: plain text as it is, and what rich draws."""
        if not self.shows:
            return
        screen = None
        for part in parts:
            if isinstance(part, str):
                typer.echo(part)
            else:
                screen = screen or console()
                screen.print(part, highlight=False)

    def write(self, value: Any) -> None:
        """The result as JSON, where that is asked for; a file is replaced at once or not at all."""
        if self.json is None:
            return
        import json

        text = json.dumps(plain(value), indent=1, allow_nan=False)
        if self.json == "-":
            typer.echo(text)
        else:
            replace_text(Path(self.json), text + "\n")


def plain(value: Any) -> Any:
    """The value as JSON has it: NaN and infinity are null, a DataFrame is a list of its rows, a path is text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if hasattr(value, "to_dict"):
        return plain(value.to_dict("records"))
    if hasattr(value, "item"):  # numbers of NumPy
        return plain(value.item())
    return None if value != value else str(value)  # pandas' NaT is not equal to itself


def rows_of(names: Any) -> list[dict[str, str]]:
    """Names with a line each, as rows."""
    return [{"name": name, "about": about} for name, about in names.items()]


def console() -> Console:
    """Standard output. A pipe has no width: 120 columns hold every table, and long sentences stay on one line."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=120, soft_wrap=True)


def cores() -> int:
    """Of those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_writable(option: str, path: Path) -> None:
    """Before a long bench, not after it.

    Raises:
        UsageError: a folder, or a file in a folder that is not there.
    """
    from spoton.errors import UsageError

    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(
            f"{option} {path} cannot be written: {'it is' if path.is_dir() else 'there is no such'} folder"
        )


def replace_text(path: Path, text: str) -> None:
    """Write a file, at once or not at all.

    Raises:
        DataError: it cannot be written.
    """
    from spoton.errors import DataError

    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}); name another file") from error
