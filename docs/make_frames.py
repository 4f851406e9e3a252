"""Draws docs/img/frames.svg, with the numbers of spoton.frames: `python docs/make_frames.py`."""

from __future__ import annotations

from pathlib import Path

from spoton import frames

OUT = Path(__file__).parent / "img" / "frames.svg"
SIZE, SIDE, LEFT, TOP = 5, 76, 180, 56  # pixels along the axis, their side, and where the first one begins
INK = (3, 1)
COLOURS = {"px": "#00695c", "unit": "#8e4585", "fastai": "#a04000"}
WORDS = {
    "px": "centres count from 0",
    "unit": "outer centres at -1 and 1",
    "fastai": "outer edges at -1 and 1",
}


def text(x: float, y: float, words: str, *, size: int = 15, fill: str = "#222", anchor: str = "middle") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" text-anchor="{anchor}">{words}</text>'


def line(x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1.5, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{stroke}" stroke-width="{width:g}"{dashed}/>'


def across(px: float) -> float:
    """Where a coordinate in px lies on the picture."""
    return LEFT + (px + 0.5) * SIDE


def grid() -> list[str]:
    """Two rows of pixels, one of them ink, with its centre and its coordinates."""
    parts = []
    for row in range(2):
        for column in range(SIZE):
            fill = "#37474f" if (column, row) == INK else "#f4f4f4"
            x, y = LEFT + column * SIDE, TOP + row * SIDE
            parts.append(f'<rect x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" fill="{fill}" stroke="#9e9e9e"/>')
    x, y = across(INK[0]), TOP + (INK[1] + 0.5) * SIDE
    parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="#fff"/>')
    parts.append(text(x, y + 24, f"({INK[0]}, {INK[1]})", size=14, fill="#fff"))
    parts.append(text(LEFT + SIZE * SIDE / 2, 26, "x: columns, to the right", size=14, fill="#555"))
    parts.append(text(LEFT - 12, TOP + SIDE, "y: rows, down", size=14, fill="#555", anchor="end"))
    return parts


def ruler(frame: str, y: float) -> list[str]:
    """An axis of one frame below the pixels, with a mark at each centre, or at each edge for fastai."""
    colour = COLOURS[frame]
    lo, hi = frames.edges_px(SIZE)
    parts = [line(across(lo), y, across(hi), y, colour, 2)]
    parts.append(text(LEFT - 26, y + 1, frame, size=16, fill=colour, anchor="end"))
    parts.append(text(LEFT - 26, y + 18, WORDS[frame], size=11, fill="#555", anchor="end"))
    edges = [lo + i for i in range(SIZE + 1)] if frame == "fastai" else []
    for px in (*range(SIZE), *edges):
        at_edge = px in edges
        number = frames.convert(float(px), "px", frame, SIZE)
        parts.append(line(across(px), y - (9 if at_edge else 5), across(px), y + (9 if at_edge else 5), colour))
        if not at_edge or px in (lo, hi):
            shown = f"{px}" if frame == "px" else f"{number:.1f}".replace("-0.0", "0.0")
            parts.append(text(across(px), y + 26, shown, fill=colour, size=14))
    return parts


def picture() -> str:
    """The whole picture, on a light card that is read on dark pages too."""
    below = TOP + 2 * SIDE
    width, height = LEFT + SIZE * SIDE + 34, below + 232
    parts = [f'<rect width="{width}" height="{height}" rx="8" fill="#fff"/>', *grid()]
    parts += [line(across(px), below, across(px), below + 190, "#cfcfcf", 1, "3 4") for px in range(SIZE)]
    for place, frame in enumerate(frames.FRAMES):
        parts += ruler(frame, below + 44 + 70 * place)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" role="img">\n'
        "<title>Five pixels, and the same places in the frames px, unit and fastai</title>\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    OUT.write_text(picture(), encoding="utf-8")
