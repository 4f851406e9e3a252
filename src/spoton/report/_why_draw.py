"""Pictures of a diagnosis as SVG that needs no script: in the page's colours, with words for those who see none."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from spoton.errors import DataError
from spoton.why._render import way

SCALE = (-0.4, 1.2)  # shares of the gap that the bars span
BAR = (240, 20)  # width and height of one
COLOURS = {"helps": "var(--s2)", "harms": "var(--s1)", "unclear": "var(--s0)"}
WIDE, TALL = 340, 250
LEFT, BOTTOM, TOP, RIGHT = 54, 36, 8, 12
LONG = 14  # characters of a name below an axis


def ruler() -> Markup:
    """The scale above the bars."""
    parts = [
        f'<text class="tick" x="{_across(v):.1f}" y="12" text-anchor="middle">{name}</text>'
        for v, name in ((0.0, "0"), (0.5, "50"), (1.0, "100 %"))
    ]
    return _svg(BAR[0], 16, "".join(parts), hidden=True)


def interval(closed: float, low: float | None, high: float | None, verdict: str) -> Markup:
    """One line of a forest plot; its figures stand beside it in words."""
    colour, middle = COLOURS.get(verdict, "var(--grey)"), BAR[1] / 2
    parts = [
        f'<line class="axis" x1="{_across(v):.1f}" x2="{_across(v):.1f}" y1="0" y2="{BAR[1]}"'
        f"{'' if v == 0 else ' stroke-dasharray=' + chr(34) + '3 3' + chr(34)}/>"
        for v in (0.0, 1.0)
    ]
    if low is not None and high is not None:
        parts.append(
            f'<line x1="{_across(low):.1f}" x2="{_across(high):.1f}" y1="{middle}" y2="{middle}" stroke="{colour}" '
            'stroke-width="3" stroke-linecap="round"/>'
        )
        for end, way in ((low, -1), (high, 1)):
            if not SCALE[0] <= end <= SCALE[1]:  # it goes on
                x = _across(end)
                arrow = f"M{x:.1f} {middle - 5}l{6 * way} 5l{-6 * way} 5"
                parts.append(f'<path d="{arrow}" fill="none" stroke="{colour}" stroke-width="2"/>')
    fill = "var(--paper)" if verdict == "unclear" else colour
    parts.append(
        f'<circle cx="{_across(closed):.1f}" cy="{middle}" r="5" fill="{fill}" stroke="{colour}" stroke-width="2"/>'
    )
    return _svg(*BAR, "".join(parts), hidden=True)


def standing(position: float) -> Markup:
    """Where the learner is between the mean answer and the oracle."""
    place = 8 + 344 * min(1.0, max(0.0, position))
    say = f"from the mean answer to the oracle: {way(position)}"
    inside = (
        '<line class="axis" x1="8" x2="352" y1="10" y2="10"/>'
        f'<line x1="8" x2="{place:.1f}" y1="10" y2="10" stroke="var(--s0)" stroke-width="4" stroke-linecap="round"/>'
        f'<circle cx="{place:.1f}" cy="10" r="6.5" fill="var(--s0)"/>'
        '<text class="tick" x="8" y="32">mean answer</text>'
        '<text class="tick" x="352" y="32" text-anchor="end">oracle</text>'
    )
    return _svg(360, 38, inside, say)


def picture(held: dict[str, Any]) -> Markup | None:
    """A `Picture` of a fact, as it is kept; None for a table, which is words, and for one that holds nothing."""
    try:
        if held["kind"] == "image":
            return _image(held)
        return _chart(held) if held["kind"] in ("curve", "bars") and held["x"] else None
    except (KeyError, TypeError, ValueError, DataError):
        return None  # from a probe of somebody's own; the words are there


def _across(share: float) -> float:
    low, high = SCALE
    return 8 + (BAR[0] - 16) * (min(max(share, low), high) - low) / (high - low)


def _svg(wide: float, tall: float, inside: str, say: str = "", hidden: bool = False) -> Markup:
    told = 'aria-hidden="true"' if hidden else f'role="img" aria-label="{escape(say)}"'
    return Markup(f'<svg class="chart" viewBox="0 0 {wide:g} {tall:g}" {told}>{inside}</svg>')


def _chart(held: dict[str, Any]) -> Markup:
    """A curve or bars over numbers or names."""
    names = [str(value) for value in held["x"]]
    places = [float(i) for i in range(len(names))]
    by_number = held["kind"] == "curve" and not any(isinstance(value, str) for value in held["x"])
    if by_number:
        places = [float(value) for value in held["x"]]
    y = [None if value is None else float(value) for value in held["y"]]
    limits = (
        list(zip(held["low"], held["high"], strict=True)) if len(held["low"]) == len(y) == len(held["high"]) else []
    )
    known = [value for value in (*y, *(end for pair in limits for end in pair)) if value is not None]
    if not known or len(y) != len(places):
        raise DataError("a picture needs one y for each x")
    low, high = min(known), max(known)
    if held["kind"] == "bars" or (low >= 0 and low < 0.4 * high):
        low, high = min(low, 0.0), max(high, 0.0)
    low, high = (low, high + 0.05 * (high - low)) if high > low else (low - 0.5, high + 0.5)
    edge = 0.0 if by_number else 0.6
    first, last = min(places) - edge, max(places) + edge
    last = last if last > first else first + 1.0
    turned = not by_number and sum(map(len, names)) > 44
    foot = BOTTOM + (62 if turned else 0)
    wide, tall = WIDE - LEFT - RIGHT, TALL - TOP - BOTTOM

    def px(value: float) -> float:
        return LEFT + wide * (value - first) / (last - first)

    def py(value: float) -> float:
        return float(TOP + tall * (1 - (value - low) / (high - low)))

    parts = [f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{wide}" height="{tall}"/>']
    for tick in _ticks(low, high):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + wide}" y1="{py(tick):.1f}" y2="{py(tick):.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 5}" y="{py(tick) + 4:.1f}" text-anchor="end">{_number(tick)}</text>'
        )
    below = TOP + tall
    shown = [(t, _number(t)) for t in _ticks(first, last)] if by_number else list(zip(places, names, strict=True))
    for place, name in shown:
        short = escape(name if len(name) <= LONG else name[: LONG - 1] + "…")
        x = f"{px(place):.1f}"
        if turned:
            way = f"translate({x} {below + 12}) rotate(-50)"
            parts.append(f'<text class="tick" transform="{way}" text-anchor="end">{short}</text>')
        else:
            parts.append(f'<text class="tick" x="{x}" y="{below + 14}" text-anchor="middle">{short}</text>')
    if held["kind"] == "bars":
        half = 0.32 * wide / (last - first)
        for place, value in zip(places, y, strict=True):
            if value is not None:
                top, base = sorted((py(value), py(0.0)))
                parts.append(
                    f'<rect x="{px(place) - half:.1f}" width="{2 * half:.1f}" y="{top:.1f}" height="{base - top:.1f}" '
                    'fill="var(--s0)"/>'
                )
    for place, (bottom, top) in zip(places, limits, strict=False):
        if bottom is not None and top is not None:
            x = f'x1="{px(place):.1f}" x2="{px(place):.1f}"'
            parts.append(f'<line class="whisker" {x} y1="{py(bottom):.1f}" y2="{py(top):.1f}"/>')
    if held["kind"] == "curve":
        lines, line = [], list[str]()
        for place, value in [*zip(places, y, strict=True), (0.0, None)]:
            if value is not None:
                line.append(f"{px(place):.1f} {py(value):.1f}")
                parts.append(f'<circle cx="{px(place):.1f}" cy="{py(value):.1f}" r="3" fill="var(--s0)"/>')
            elif line:
                lines.append("M" + "L".join(line))
                line = []
        parts.append(f'<path d="{"".join(lines)}" fill="none" stroke="var(--s0)" stroke-width="2"/>')
    middle = TOP + tall / 2
    turn = f"rotate(-90 12 {middle})"
    parts.append(
        f'<text x="{LEFT + wide / 2}" y="{below + foot - 4}" text-anchor="middle">{escape(held["x_label"])}</text>'
        f'<text x="12" y="{middle}" transform="{turn}" text-anchor="middle">{escape(held["y_label"])}</text>'
    )
    told = [f"{name} {_number(value)}" for name, value in zip(names, y, strict=True) if value is not None]
    say = f"{held['title']}: {', '.join(told[:12])}{', …' if len(told) > 12 else ''}"
    return _svg(WIDE, TOP + tall + foot, "".join(parts), say)


def _image(held: dict[str, Any]) -> Markup:
    """Grey values as a picture inside of the page."""
    from PIL import Image

    values = np.array(held["rows"], dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise DataError("an image has rows of one length")
    made = io.BytesIO()
    Image.fromarray((255 * (1 - values.clip(0, 1))).round().astype(np.uint8)).save(made, "PNG", optimize=True)
    data = base64.b64encode(made.getvalue()).decode()
    tall, wide = values.shape
    size = 280 / max(tall, wide)
    inside = (
        f'<image class="grey" href="data:image/png;base64,{data}" width="{size * wide:g}" height="{size * tall:g}"/>'
    )
    return _svg(size * wide, size * tall, inside, str(held["title"]))


def _ticks(low: float, high: float) -> Sequence[float]:
    """Round steps, about five."""
    power = 10.0 ** math.floor(math.log10((high - low) / 5))
    step = next(size * power for size in (1, 2, 5, 10) if (high - low) / (size * power) <= 5)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−").replace("e−0", "e−").replace("e+0", "e")
