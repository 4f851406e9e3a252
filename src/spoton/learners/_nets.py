"""The torch learners: nets of `spoton.nets` behind `TorchRegressor`."""

from __future__ import annotations

from functools import partial

from spoton.learners._recipe import Recipe
from spoton.learners._torch import TorchRegressor

_BASE = {"hidden", "mid", "relu"}

BASENET = Recipe(
    "basenet",
    "torch: flatten, linear, linear, sigmoid range (options hidden, mid, relu)",
    TorchRegressor,
    features=(),
    divide=True,
    epochs="epochs",
    y_range=True,
    options=tuple(sorted(_BASE)),
)
NET3 = Recipe(
    "net3",
    "torch: the Net3 of 2020, hidden 28, no activation between the layers",
    TorchRegressor,
    features=(),
    divide=True,
    epochs="epochs",
    y_range=True,
)
RELU4 = Recipe(
    "relu4",
    "torch: Net3 with a ReLU between its layers",
    partial(TorchRegressor, net_options={"relu": True}),
    features=(),
    divide=True,
    epochs="epochs",
    y_range=True,
)
FEATSNET = Recipe(
    "featsnet",
    "torch: Net3 on features of the ink, all of pts by default",
    TorchRegressor,
    features=("pts",),
    divide=True,
    epochs="epochs",
    y_range=True,
    options=tuple(sorted(_BASE)),
)
SPOTNET = Recipe(
    "spotnet",
    "torch: ink gate, survival scans and a learned selection; 11 + 14 parameters an output",
    partial(TorchRegressor, net="SpotNet", lr=0.15, schedule="one-cycle", batch_size=16, beta2=0.9, y_range="none"),
    features=(),
    takes_features=False,
    epochs="epochs",
)
GATEDSPOT = Recipe(
    "gatedspot",
    "torch: the scans of spotnet, and a small convolutional net that chooses among them image by image",
    partial(
        TorchRegressor,
        epochs=20,
        net="GatedSpot",
        lr=0.01,
        schedule="one-cycle",
        batch_size=32,
        beta2=0.99,
        y_range="none",
    ),
    features=(),
    takes_features=False,
    epochs="epochs",
    options=("width",),
)
RESNET18 = Recipe(
    "resnet18",
    "torch: torchvision's ResNet18 from random init, batches of 16",
    # 567 images in batches of 64 are nine steps an epoch, too few for batch normalisation to settle
    partial(TorchRegressor, net="ResNet18", batch_size=16),
    features=(),
    takes_features=False,
    epochs="epochs",
    y_range=True,
)
