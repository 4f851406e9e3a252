"""The figures of 2020, and which learner of spoton each belongs to.

Coordinates were in [-1, 1] then, so distances are in half image widths: times 14 they are pixels. Two faults of 2020
are marked in columns of their own, and both are shown by tests that reproduce the recorded figures to six digits:

- `swapped`: the point `center` had its x and y exchanged. Metrics that treat both coordinates alike are not changed
  by it; single coordinates are.
- `scrambled`: the scikit-learn rows were scored on wrongly paired coordinates, (x0, x1), (x2, x3) ... instead of
  (x0, y0). Their `mse`, `mae` and `sqdist_avg` are right; `r2`, `dist_*` and `sqdist_r2` are not, and mostly too good.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import pandas as pd

PX = 14.0  # half an image width in pixels
SCRAMBLED = (
    "metrics2-df-lasso.csv",
    "metrics2-df-rf.csv",
    "metrics4-perfectml-feats2.csv",
    "metrics4-rflasso.csv",
)


@lru_cache(maxsize=1)
def _table() -> pd.DataFrame:
    with (resources.files("spoton") / "_recorded.csv").open("rb") as file:
        table = pd.read_csv(file)
    table["swapped"] = table["target"] == "center"
    table["scrambled"] = table["source"].isin(SCRAMBLED)
    return table


def recorded() -> pd.DataFrame:
    """All rows: model, details, target, split, the metrics as they were recorded, source, swapped, scrambled."""
    return _table().copy()


# (learner of spoton, model of 2020, its details). Features of 2020 were divided by 28, so penalties change with them;
# the FeatsNets' sigmoid went from 0 to 28 px. benchmarks/recorded.py says where the details of 2020 are wrong.
PAIRS: list[tuple[str, str, str]] = [
    ("net3", "Net3", "10 fit epochs"),
    ("lasso", "Lasso", "alpha=1"),
    ("forest", "RF", "default params"),
    ("resnet18", "ResNet18", "90 fit epochs"),
    ("fastai-vision", "ResNet18", "90 fit epochs"),
    ("linear@pts", "LR Feats2", "feats 12,22"),
    ("ridge@pts?alpha=784", "Ridge Feats2", "feats 12,22"),
    ("lasso@pts?alpha=28", "Lasso Feats2", "alpha=1.0 | feats 12,22"),
    ("forest@pts", "RF Feats2", "feats 12,22"),
    ("forest@pix+pts", "RF Feats", "feats 11,12,22"),
    ("featsnet@pts12+pts22?epochs=90&lr=0.02&y_range=0x28", "FeatsNet2.1122", "feats=11,12 | epochs=90, lr=1e-2"),
    (
        "featsnet@pts12+pts22+ynorm+yrange=samples?epochs=90&lr=0.01",
        "FeatsNet3.1222",
        "y_norm=True | feats=11,12 | epochs=90, lr=1e-2",
    ),
    *[
        (f"featsnet@pix+pts{n}?epochs=20&y_range=0x28", f"FeatsNet1.{n}", f"feats=pix,pts{n}")
        for n in ("11", "12", "22")
    ],
    *[(f"featsnet@pts{n}?epochs=20&y_range=0x28", f"FeatsNet1.{n}", f"feats=,pts{n}") for n in ("11", "12", "22")],
]


# found whatever their parameters are: nobody trains them for 90 epochs to see the figure
LONG = ("resnet18", "fastai-vision")


def find(task: str, learner: str, split: str = "valid") -> pd.Series | None:
    """The recorded row of a learner, by its whole name, on pnist/topleft or pnist/center; None where there is none."""
    family, _, target = task.partition("/")
    if family != "pnist" or target not in ("topleft", "center"):
        return None
    stem = learner.partition("?")[0]
    name = stem if stem in LONG else learner
    for ours, model, details in PAIRS:
        if ours == name:
            table = _table()
            rows = table[
                (table["model"] == model)
                & (table["details"] == details)
                & (table["target"] == target)
                & (table["split"] == split)
            ]
            return None if rows.empty else rows.iloc[0]
    return None
