"""A task in a notebook: what it is, and samples of it once its data is loaded."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from spoton import _html
from spoton.data import Array, PointData
from spoton.tasks._own import _give

if TYPE_CHECKING:
    from spoton.tasks._task import Loaded, Task

SHOWN = 5  # images, or rows of a table
COLUMNS = 8
SIDE = 84  # pixels on the page
COLOURS = ("#e4572e", "#17bebb", "#b8860b", "#76b041")


def html(task: Task, loaded: Loaded | None) -> str:
    """The card. `loaded` is None where nobody has asked for the data yet: a picture of a task downloads nothing."""
    facts: dict[str, object] = {
        "answers are": {"point": "points, in pixels", "class": "classes"}.get(task.kind, "numbers")
    }
    parts: list[str] = []
    if loaded is None and getattr(task.load, "func", None) is _give:
        loaded = task.load()  # of the user's own: it is in memory
    if loaded is not None:
        data = loaded.data
        shape = f"images {' x '.join(map(str, np.shape(data.X)[1:]))}" if data.images else f"{data.X.shape[1]} columns"
        facts |= {"rows": len(data), "rows to test": 0 if loaded.test is None else len(loaded.test)}
        facts |= {"inputs": shape, "answers": ", ".join(map(str, data.y.columns))}
        parts.append(_images(data) if data.images else _rows(data))
    facts |= {"ceiling": task.ceiling, "columns that decide": ", ".join(task.support[:COLUMNS])}
    return _html.card(task.name, task.about, {k: v for k, v in facts.items() if v}, *parts)


def _images(data: PointData) -> str:
    pictures = [_picture(np.asarray(data.X[row]), data, row) for row in range(min(SHOWN, len(data)))]
    return f'<div style="display:flex;gap:6px;flex-wrap:wrap;margin-top:6px">{"".join(pictures)}</div>'


def _picture(image: Array, data: PointData, row: int) -> str:
    """One image (C, H, W) with rings around its points; (0, 0) px is the centre of the first pixel."""
    from PIL import Image

    channels, height, width = image.shape
    planes = image[:3] if channels >= 3 else image[:1]
    pixels = (np.clip(planes, 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    held = io.BytesIO()
    shown = Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)
    shown.thumbnail((2 * SIDE, 2 * SIDE))  # a notebook keeps what it shows
    shown.save(held, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}"
    answers = data.y.iloc[row]
    ring = max(height, width) / 28
    rings = "".join(
        f'<circle cx="{float(answers[x]) + 0.5:g}" cy="{float(answers[y]) + 0.5:g}" r="{1.2 * ring:g}" fill="none" '
        f'stroke="{COLOURS[i % 4]}" stroke-width="{0.6 * ring:g}"/>'
        for i, (x, y) in enumerate(data.points)
    )
    said = _html.words(", ".join(f"{name} {_html.number(float(answers[name]))}" for name in data.y.columns[:COLUMNS]))
    return (
        f'<svg width="{SIDE * width / max(height, width):g}" height="{SIDE * height / max(height, width):g}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{said}"><title>{said}</title>'
        f'<image href="{source}" width="{width}" height="{height}" style="image-rendering:pixelated"/>{rings}</svg>'
    )


def _rows(data: PointData) -> str:
    """The first rows of a table: first columns, and the answers."""
    frame = pd.DataFrame(data.X)
    inputs, answers = frame.iloc[:SHOWN, :COLUMNS], data.y.iloc[:SHOWN]
    more = ["..."] if frame.shape[1] > COLUMNS else []
    head = [*map(str, inputs.columns), *more, *(f"→ {name}" for name in answers.columns)]
    values = zip(inputs.itertuples(index=False), answers.itertuples(index=False), strict=True)
    return _html.table(head, [[*map(_plain, x), *more, *map(_plain, y)] for x, y in values])


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
