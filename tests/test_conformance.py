"""Every member of the catalogue passes the checks of its family. New members are found by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from spoton import catalogue
from spoton.errors import MissingExtra
from spoton.learners import Recipe, get_learner
from spoton.metrics import Metric
from spoton.tasks import get_task, task_names
from spoton.tasks._california import at_hand
from spoton.testing import check_learner, check_metric, check_net, check_task

VARIANTS = [
    "pnist/topleft?digits=all",
    "pnist/center?digits=379&shift=3",
    "pnist/topleft?digits=all&size=56&shift=12&specks=0.02&haze=40",
    "pnist/box?blur=1&haze=20&specks=0.05",
    "pnist/corner?blur=1.7&digits=all",
    "pnist/both?size=41&shift=30",
    "pnist/topleft?ynoise=0.5",
    "pnist/pxsum?haze=30",
    "qnist/all?specks=0.03&size=40&blur=1",
    "qnist/if37?train=600",
    "columns/perfect?rescale=1&superfluous=2000&rows=50",
    "columns/uniform?superfluous=0",
    "columns/plain?superfluous=10&noise=0.5",
    "columns/pixels?superfluous=20&rows=100&noise=0.1",
    "friedman1?superfluous=795&rescale=1",
    "friedman3?noise=0.2",
    "diabetes?superfluous=50",
    "columns/sum?terms=20&added=random",
    "columns/perfect?added=second-order&share=0.2",
    "linear/dense?columns=100&condition=1e6&superfluous=30&rescale=1",
    "steps?superfluous=796&rescale=1",
    "products?added=corrupted&noise=0.1",
    "california-like?rows=300&rescale=1",
    "real/wine?added=second-order&rows=100",
]
# a few iterations show the interface as well as many
PEERS = ("unet-heatmap", "unet-logscan", "unet-dsnt", "simcc", "coordconv", "vit-small", "stn", "keypoint-head")
QUICK = {"mlp": 20, "gbdt": 5, "resnet18": 1, "resnet18-logscan": 1, "fastai-vision": 1, **dict.fromkeys(PEERS, 2)}
DETECTORS = ("fasterrcnn", "keypointrcnn", "retinanet", "ssdlite")  # a step takes a second
QUICK |= dict.fromkeys(DETECTORS, 1)
TABULAR_PEERS = ("realmlp", "tabm", "mlp-plr", "xgboost-td", "lightgbm-td")  # their package takes long to import
QUICK |= {"stg": 20, "realmlp": 1, "tabm": 1, "mlp-plr": 1}


def recipes() -> list[Any]:
    """All learners but lassonet, whose path of penalties takes minutes: tests/learners/test_tabular_peers.py has it."""
    found = [r for r in catalogue.members("spoton.learners", Recipe) if r.name != "lassonet"]
    return [
        pytest.param(r, id=r.name, marks=[pytest.mark.slow] * (r.name in (*TABULAR_PEERS, *DETECTORS))) for r in found
    ]


def nets() -> list[str]:
    """All that spoton.nets exports."""
    return sorted(catalogue.classes("spoton.nets", nn.Module))


def tasks() -> list[str]:
    """All tasks, but those that would be downloaded and are not at hand; tests/tasks/test_real.py has them."""
    return [name for name in task_names() if name != "california" or at_hand()]


@pytest.mark.parametrize("name", [*tasks(), *VARIANTS])
def test_task(name: str) -> None:
    task = get_task(name)
    try:
        task.data()
    except MissingExtra as reason:
        pytest.skip(str(reason))
    check_task(task)


@pytest.mark.parametrize("metric", catalogue.members("spoton.metrics", Metric), ids=lambda m: m.name)
def test_metric(metric: Metric) -> None:
    check_metric(metric)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few iterations on purpose
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")  # lightgbm, on arrays it was fitted on
@pytest.mark.parametrize("recipe", recipes())
def test_learner(recipe: Recipe) -> None:
    try:
        learner = get_learner(recipe.name, epochs=QUICK.get(recipe.name))
    except MissingExtra as reason:
        pytest.skip(str(reason))
    check_learner(learner)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # lasso on 24 rows
@pytest.mark.parametrize(
    "name",
    [
        "linear@pts",
        "ridge@pix+pts+xnorm",
        "lasso@min+max+dummy",
        "basenet+ynorm",
        "featsnet@pts12+pts22+ynorm+yrange=samples",
        "basenet+yrange=auto?hidden=8&mid=5&relu=true&epochs=2",
        "knn+xnorm+ynorm",
        "basenet+ynorm=robust",
        "ridge+ynorm=quantile+yrange=samples:0.2",
        "knn+ynorm=yeo-johnson",
        "basenet@pts+xnorm+yrange=none",
    ],
)
def test_learner_with_features_and_modifiers(name: str) -> None:
    check_learner(get_learner(name))


@pytest.mark.parametrize("name", nets())
def test_net(name: str) -> None:
    check_net(catalogue.classes("spoton.nets", nn.Module)[name])
