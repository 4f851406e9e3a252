"""The fastai learners behind `FastaiRegressor`."""

from __future__ import annotations

from functools import partial

from spoton.learners._fastai import FastaiRegressor
from spoton.learners._recipe import Recipe

FASTAI_VISION = Recipe(
    "fastai-vision",
    "fastai: vision_learner with a ResNet18 from random init",
    partial(FastaiRegressor, kind="vision", y_range="extremes"),
    features=(),
    takes_features=False,
    epochs="epochs",
    y_range=True,
)
FASTAI_TABULAR = Recipe(
    "fastai-tabular",
    "fastai: tabular_learner with layers 200, 100; +xnorm is fastai's Normalize",
    partial(FastaiRegressor, kind="tabular"),
    epochs="epochs",
    y_range=True,
    normalize="normalize",
)
