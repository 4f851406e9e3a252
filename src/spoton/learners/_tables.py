"""The learners for tables that are spoton's own."""

from __future__ import annotations

from spoton.learners._ladder import SpotTableLadder
from spoton.learners._recipe import Recipe
from spoton.learners._spottable import SpotTable

SPOTTABLE = Recipe(
    "spottable",
    "sparse linear path + MLPs on what it leaves: finds four columns among eight hundred",
    SpotTable,
    epochs="epochs",
)
SPOTTABLE_LADDER = Recipe(
    "spottable-ladder",
    "spottable, sums and products of steps and hinges, and the best mixture of them: for the last digit",
    SpotTableLadder,
    epochs="epochs",
)
