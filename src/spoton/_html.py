"""What things look like in notebooks: small cards and tables, escaped, readable on dark and light pages.

No colour is fixed: text has that of the page, lines and faint words are it at part of its strength.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

LINE = "1px solid rgba(128,128,128,.35)"
CELL = f"padding:2px 12px 2px 0;border:0;border-bottom:{LINE};background:none;vertical-align:top;text-align:"
LONGEST = 400  # characters of one text


def number(value: object) -> str:
    """A number as tables show it; nothing for None, and texts as they are."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else str(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def card(title: str, about: str = "", facts: Mapping[str, object] | None = None, *parts: str) -> str:
    """A card: its title, a line on it, facts with their names where they have values, parts that are HTML already."""
    rows = [(name, value) for name, value in (facts or {}).items() if number(value)]
    inner = [f'<div style="font-weight:600">{words(title)}</div>']
    if about:
        inner.append(f'<div style="opacity:.75">{words(about)}</div>')
    if rows:
        inner.append(table((), [[name, number(value)] for name, value in rows]))
    inner += [part for part in parts if part]
    style = f"border:{LINE};border-radius:6px;padding:8px 12px;max-width:60em;width:fit-content"
    return f'<div style="{style}">{"".join(inner)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]], raw: Iterable[int] = ()) -> str:
    """A table whose first column is names.

    Args:
        head: of the columns; none for a table without.
        rows: the cells, escaped here.
        raw: numbers of the columns that are HTML already.
    """
    unescaped = set(raw)

    def cell(i: int, value: object, tag: str) -> str:
        text = str(value) if i in unescaped and tag == "td" else words(number(value))
        right = i > 0 and isinstance(value, int | float)
        faint = "opacity:.75;" if tag == "th" or i == 0 else ""
        return f'<{tag} style="{CELL}{"right" if right else "left"};font-weight:400;{faint}">{text}</{tag}>'

    lines = ["".join(cell(i, value, "td") for i, value in enumerate(row)) for row in rows]
    top = f"<tr>{''.join(cell(i, name, 'th') for i, name in enumerate(head))}</tr>" if head else ""
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<table style="color:inherit;border-collapse:collapse;margin:6px 0 2px;font-size:90%">{top}{body}</table>'


def words(text: str) -> str:
    """Text as HTML, cut where it is long."""
    return escape(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def curve(values: Sequence[float], width: int = 120, height: int = 22) -> str:
    """A curve as a small picture, logarithmic where all values are positive; nothing below two finite values."""
    finite = [(i, value) for i, value in enumerate(values) if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    log = all(value > 0 for _, value in finite)
    scaled = [(i, math.log(value) if log else value) for i, value in finite]
    low, high = min(y for _, y in scaled), max(y for _, y in scaled)
    step = -(-len(scaled) // width)  # no more points than pixels
    chosen = [*scaled[:-1:step], scaled[-1]]
    across, down = (width - 2) / max(1, len(values) - 1), (height - 4) / (high - low) if high > low else 0.0
    points = " ".join(f"{1 + i * across:.1f},{2 + (high - y) * down:.1f}" for i, y in chosen)
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-label="curve">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.4"/></svg>'
    )
