"""The running curves of `spoton bench --live`, beside the progress bar."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH, HEIGHT = 56, 4  # characters of a curve, each 2 x 4 dots
MOST = 4  # curves at once
STALE = 20.0  # seconds without an epoch after which a fit is no longer shown
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # Unicode's braille: column, row -> bit


@dataclass
class Fit:
    """The curve of one fit."""

    what: str = ""
    name: str = ""
    epoch: int = 0
    values: list[float] = field(default_factory=list)
    told: float = 0.0


class Curves:
    """Reads what processes tell in a folder (see `spoton._live`), and draws it each time it is shown."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self._read: dict[Path, int] = {}
        self._fits: dict[Path, Fit] = {}

    def __rich__(self) -> RenderableType:
        """The newest curves, one below the other."""
        from rich.console import Group
        from rich.text import Text

        now = time.monotonic()
        self.update(now)
        fits = [fit for fit in self._fits.values() if now - fit.told < STALE]
        parts: list[RenderableType] = []
        for fit in sorted(fits, key=lambda fit: fit.what)[:MOST]:
            head = f"{fit.what}  epoch {fit.epoch}  {fit.name.replace('_', ' ')} "
            parts.append(Text.assemble((head, "dim"), (f"{fit.values[-1]:.4g}", "bold")))
            parts += [Text(line, "cyan") for line in curve(fit.values)]
        return Group(*parts)

    def update(self, now: float) -> None:
        """Read on where reading ended; a line that is not whole yet waits."""
        for path in sorted(self._folder.glob("*.jsonl")):
            with open(path, "rb") as file:
                file.seek(self._read.get(path, 0))
                text = file.read()
            whole = text.rpartition(b"\n")[0]
            if not whole:
                continue
            self._read[path] = self._read.get(path, 0) + len(whole) + 1
            for line in whole.splitlines():
                self._tell(path, json.loads(line), now)

    def _tell(self, path: Path, told: dict[str, object], now: float) -> None:
        fit = self._fits.setdefault(path, Fit())
        what, name, epoch = str(told["what"]), str(told["name"]), int(str(told["epoch"]))
        if (what, name) != (fit.what, fit.name) or epoch <= fit.epoch:
            fit.values = []
        fit.what, fit.name, fit.epoch, fit.told = what, name, epoch, now
        fit.values.append(float(str(told["value"])))


def curve(values: Sequence[float], width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """A curve in braille dots, `height` lines of text; logarithmic where all values are positive.

    Longer curves than there are dots are thinned to the mean of neighbours; the last value stands at the right end.
    """
    scaled = [math.log(v) for v in values] if min(values) > 0 else list(values)
    columns = min(2 * width, len(scaled))
    edges = [round(i * len(scaled) / columns) for i in range(columns + 1)]
    means = [sum(scaled[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means), max(means)
    top = 4 * height - 1
    rows = [round((high - v) / (high - low) * top) if high > low else top for v in means]
    cells = [[0x2800] * -(-columns // 2) for _ in range(height)]
    for x, row in enumerate(rows):
        before = rows[x - 1] if x else row
        # the dots between two neighbours too, so that steep curves hold together
        for y in range(
            min(row, before + 1 if row > before else row), max(row, before - 1 if row < before else row) + 1
        ):
            cells[y // 4][x // 2] |= DOTS[x % 2][y % 4]
    return ["".join(map(chr, line)) for line in cells]
