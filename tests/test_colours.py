"""Colours are told apart by everybody, on both backgrounds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from spoton.colours import DARK, LIGHT, Palette, contrast, luminance, palette_on

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009)
PROTAN = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTAN = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert luminance("#ff0000") == pytest.approx(0.2126)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_lines_and_text_are_clear(palette: Palette) -> None:
    assert contrast(palette.ink, palette.paper) > 12
    assert all(contrast(colour, palette.paper) >= 4.5 for colour in (*palette.series, palette.grey))
    assert palette_on(palette.paper) is palette


def lab(colour: str, deficiency: object = None) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    if deficiency is not None:
        linear = np.clip(np.array(deficiency) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ linear / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("deficiency", [None, PROTAN, DEUTAN])
def test_the_first_colours_are_told_apart_by_the_colour_blind(palette: Palette, deficiency: object) -> None:
    """The differences in CIELAB; 10 is told apart at a glance. What comes later has marks and dashes as well."""
    for one, other in combinations(palette.series[:4], 2):
        assert np.linalg.norm(lab(one, deficiency) - lab(other, deficiency)) > 10, (one, other)
