"""What a bench prints at its end: leaderboards, how long it took, what to try next; and the same as a picture."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text

from spoton._run import Run
from spoton.errors import DataError
from spoton.tables._advice import advice
from spoton.tables._leaderboard import leaderboard
from spoton.tables._render import render


def report(runs: Sequence[Run], took: str = "", *, spread: bool = True) -> list[RenderableType]:
    """The parts in order; `took` is a line on time and processes, `spread=False` fits 80 columns."""
    parts: list[RenderableType] = []
    board = leaderboard(runs)
    for table in render(runs, spread=spread, board=board):
        parts += [table, ""]
    if took:
        parts += [Text(took, "dim"), ""]
    if sentence := advice(runs, board):
        parts.append(Text.assemble(("Next: ", "bold"), sentence))
    return parts


def save_svg(path: str | Path, parts: Iterable[RenderableType], width: int = 110) -> None:
    """Write the parts as a picture of a terminal, that refers to nothing outside itself.

    Raises:
        DataError: the file cannot be written.
    """
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for part in parts:
        console.print(part, highlight=False)
    svg = console.export_svg(title="spoton bench")
    # rich loads its font from the web; any monospaced font at hand serves as well
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    try:
        Path(path).write_text(svg, encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"the picture {path} cannot be written ({error.strerror or error}); name another with --picture"
        ) from error
