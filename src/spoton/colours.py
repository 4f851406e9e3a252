"""The colours of all pictures: told apart by the colour-blind, and clear on white and on black.

The hues are those of Okabe and Ito ("Color Universal Design", 2008), made darker for light backgrounds and lighter for
dark ones until each has a contrast of 4.5 or more (WCAG's bound for text) against its background.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours for one background, as #rrggbb.

    Attributes:
        paper: the background.
        ink: text and axes.
        faint: grid, frames, what is not to draw the eye.
        series: lines and marks, in the order of use: blue, orange, green, pink, olive, violet, brown-red.
        grey: reference lines (identity, baseline).
        ramp: matplotlib's name of the colour map for densities, which begins near the paper.
    """

    paper: str
    ink: str
    faint: str
    series: tuple[str, ...]
    grey: str
    ramp: str


LIGHT = Palette(
    paper="#ffffff",
    ink="#1f2328",
    faint="#d0d5da",
    series=("#0067b1", "#c24100", "#007a5a", "#a8447f", "#7a6200", "#5b4bb5", "#8a2f22"),
    grey="#6a7178",
    ramp="viridis_r",
)
DARK = Palette(
    paper="#15191e",
    ink="#e8ebee",
    faint="#3a424b",
    series=("#56b4e9", "#ff8f45", "#2fc79a", "#ef9fca", "#f0d03c", "#b0a4ff", "#f08a7d"),
    grey="#959da5",
    ramp="viridis",
)


def luminance(colour: str) -> float:
    """WCAG's relative luminance of #rrggbb: 0 for black, 1 for white."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def palette_on(background: str) -> Palette:
    """The palette that reads well on a background."""
    return DARK if luminance(background) < 0.18 else LIGHT
