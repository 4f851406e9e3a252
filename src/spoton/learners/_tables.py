"""The learners for tables that are spoton's own."""

from __future__ import annotations

from spoton.learners._recipe import Recipe
from spoton.learners._spottable import SpotTable

SPOTTABLE = Recipe(
    "spottable",
    "sparse linear path + MLPs on what it leaves: finds four columns among eight hundred",
    SpotTable,
    epochs="epochs",
)
