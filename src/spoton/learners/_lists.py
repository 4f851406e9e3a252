"""Learners for lists of numbers: a net that learns their order, and two peers."""

from __future__ import annotations

from functools import partial

from spoton.learners._recipe import Recipe
from spoton.learners._torch import TorchRegressor

ORDERNET = Recipe(
    "ordernet",
    "torch: all pairs of a list compared, 14 parameters; argmax, max, sort of any length (option hard)",
    partial(TorchRegressor, net="OrderNet", lr=0.1, schedule="one-cycle", batch_size=32, y_range="none"),
    features=(),
    epochs="epochs",
    options=("hard",),
)
POINTERNET = Recipe(
    "pointernet",
    "torch: a transformer that points at elements of a list (options width, depth, heads, places)",
    partial(TorchRegressor, net="PointerNet", epochs=30, schedule="one-cycle", batch_size=32, y_range="none"),
    features=(),
    epochs="epochs",
    options=("width", "depth", "heads", "places"),
)
DEEPSETS = Recipe(
    "deepsets",
    "torch: a net for each element of a list, pooled, and a net on top (options hidden, pool)",
    partial(TorchRegressor, net="DeepSets", epochs=30, schedule="one-cycle", batch_size=32, y_range="none"),
    features=(),
    epochs="epochs",
    y_range=True,
    options=("hidden", "pool"),
)
