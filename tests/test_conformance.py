"""Every member of the catalogue passes the checks of its family. New members are found by themselves."""

from __future__ import annotations

import pytest
from torch import nn

from spoton import catalogue
from spoton.errors import MissingExtra
from spoton.learners import Recipe, get_learner
from spoton.metrics import Metric
from spoton.tasks import get_task, task_names
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
]
# a few iterations show the interface as well as many
PEERS = ("unet-heatmap", "unet-logscan", "unet-dsnt", "simcc", "coordconv", "vit-small", "stn", "keypoint-head")
QUICK = {"mlp": 20, "gbdt": 5, "resnet18": 1, "resnet18-logscan": 1, "fastai-vision": 1, **dict.fromkeys(PEERS, 2)}


def nets() -> list[str]:
    """All that spoton.nets exports."""
    return sorted(catalogue.classes("spoton.nets", nn.Module))


@pytest.mark.parametrize("name", [*task_names(), *VARIANTS])
def test_task(name: str) -> None:
    check_task(get_task(name))


@pytest.mark.parametrize("metric", catalogue.members("spoton.metrics", Metric), ids=lambda m: m.name)
def test_metric(metric: Metric) -> None:
    check_metric(metric)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few iterations on purpose
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")  # lightgbm, on arrays it was fitted on
@pytest.mark.parametrize("recipe", catalogue.members("spoton.learners", Recipe), ids=lambda r: r.name)
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
        "basenet@pts+xnorm+yrange=none",
    ],
)
def test_learner_with_features_and_modifiers(name: str) -> None:
    check_learner(get_learner(name))


@pytest.mark.parametrize("name", nets())
def test_net(name: str) -> None:
    check_net(catalogue.classes("spoton.nets", nn.Module)[name])
