"""An exported graph against the learner that it came from, on real inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spoton.data import Array
from spoton.errors import DataError

TOLERANCE = 1e-5  # of a unit, and of the answer where it is larger: float32 has seven digits
ROWS = 256  # at a time

Run = Callable[[Array], Array]


@dataclass(frozen=True)
class Checked:
    """What the check of a file found.

    Attributes:
        path: the file.
        rows: how many inputs both answered.
        worst: the largest difference of an answer, in its unit.
        pixels: how many of its coordinates are halfway between two pixels and were rounded the other way; None where
            answers are no points. All others are on the same pixel.
        sizes: other image sizes (H, W) that were tried.
    """

    path: Path
    rows: int
    worst: float
    pixels: int | None
    sizes: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        """One sentence."""
        others = f", {' and '.join(f'{w} x {h} px' for h, w in self.sizes)} among them" if self.sizes else ""
        apart = f"differ by at most {self.worst:.1g}" if self.worst else "are the same"
        where = "" if self.pixels is None else ", and each point is on the same pixel"
        return f"{self.path}: checked on {self.rows:,} inputs{others}: the answers {apart}{where}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "path": str(self.path), "sizes": [list(size) for size in self.sizes]}


def compare(path: Path, pairs: list[tuple[Array, Array]], points: bool, unit: str, sizes: Any = ()) -> Checked:
    """Compare answers.

    Args:
        path: the file, for messages.
        pairs: (the learner's answers, the graph's), each (n, k).
        points: whether answers are pixels.
        unit: of the answers.
        sizes: other image sizes among the inputs.

    Raises:
        DataError: answers differ by more than `TOLERANCE`, or lie on another pixel.
    """
    wanted, found = (np.concatenate([np.asarray(pair[i], dtype=np.float64) for pair in pairs]) for i in (0, 1))
    if wanted.shape != found.shape:
        raise DataError(f"{path.name} is not written: it answers in shape {found.shape}, the learner in {wanted.shape}")
    apart = np.abs(wanted - found)
    allowed = TOLERANCE * np.maximum(1.0, np.abs(wanted))
    wrong = ~(apart <= allowed)  # NaN is wrong too
    worst = float(apart.max(initial=0.0))
    # between two pixels the last digit decides, which nobody promises
    halfway = np.abs(np.abs(wanted - np.floor(wanted)) - 0.5) <= allowed
    moved = np.rint(wanted) != np.rint(found)
    if points:
        wrong |= moved & ~halfway
    if wrong.any():
        rows = np.flatnonzero(wrong.any(axis=1))
        raise DataError(
            f"{path.name} is not written: its answers differ from the learner's on {len(rows)} of {len(wanted)} inputs "
            f"(first: {rows[0]}), by up to {worst:.3g}{f' {unit}' if unit else ''}, and {TOLERANCE:g} is allowed"
        )
    return Checked(path, len(wanted), worst, int(moved.sum()) if points else None, tuple(sizes))


def by_torch(path: Path) -> Run:
    """What a .pt2 file answers."""
    import torch

    graph = torch.export.load(path).module()

    def run(X: Array) -> Array:
        with torch.no_grad():
            found: Array = graph(torch.tensor(X)).numpy()
        return found

    return run


def by_onnxruntime(path: Path) -> Run:
    """What an .onnx file answers."""
    from spoton.optional import require

    runtime = require("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors alone
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(X: Array) -> Array:
        found: Array = session.run(None, {name: X})[0]
        return found

    return run


def answers(run: Run, X: Array) -> Array:
    """Of all rows: the first alone, then by batches, so that more than one size of a batch is tried."""
    parts = [run(X[:1])]
    parts += [run(X[start : start + ROWS]) for start in range(1, len(X), ROWS)]
    return np.concatenate(parts)
