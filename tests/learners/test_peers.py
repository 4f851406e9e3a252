"""The peers on the bench: what they decline, and what the scan channels and the head are worth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spoton import evaluate, get_learner, get_task
from spoton.learners import TorchRegressor, _peers, learner_names
from spoton.learners._recipe import Recipe
from spoton.learners._torch import make_net
from spoton.testing import tiny_images

RECIPES = [value for value in vars(_peers).values() if isinstance(value, Recipe)]
POINTING = ["unet-heatmap", "unet-logscan", "unet-dsnt", "simcc", "stn", "logscan", "keypoint-head"]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.name)
def test_a_recipe_is_listed_and_its_options_are_the_net_s(recipe: Recipe) -> None:
    assert recipe.name in learner_names()
    made = recipe.make()
    options = dict.fromkeys(recipe.options, 1) | {"loss": "nll"} if "loss" in recipe.options else {}
    make_net(made.net, (1, 8, 12), 2, **(made.net_options or {}) | options)


@pytest.mark.parametrize("name", POINTING)
@pytest.mark.parametrize("task", ["pnist/pxsum", "pnist/top"])
def test_nets_that_point_decline_numbers(name: str, task: str) -> None:
    run = evaluate(name, task, epochs=1)
    assert run.status == "skipped"
    assert "points" in run.reason


def test_a_box_is_two_points() -> None:
    run = evaluate("logscan", "pnist/box", seed=11, epochs=5)
    assert run.parameters == 36
    assert run.metrics["valid"]["hit"] > 0.9


def test_logscan_hits_with_19_parameters() -> None:
    run = evaluate("logscan", "pnist/topleft", seed=11, epochs=5)
    assert run.parameters == 19
    assert run.metrics["valid"]["hit"] > 0.98


def test_heatmaps_are_decoded_batch_by_batch() -> None:
    X, y = tiny_images(20, 18, 24)
    net = TorchRegressor(net="UNetHeatmap", epochs=1, batch_size=8, y_range="none", random_state=0).fit(X, y)
    found = net.predict(X)  # which puts the module into evaluation as well
    with torch.no_grad():
        whole = net.module_.decode(net.module_(torch.from_numpy(X[:, None] / np.float32(255))))  # type: ignore[operator]
    assert np.array_equal(found, whole.numpy())


def test_weights_decay() -> None:
    X, y = tiny_images()
    kept, decayed = (
        TorchRegressor(epochs=20, lr=0.01, weight_decay=decay, random_state=0).fit(X, y).module_ for decay in (0.0, 5.0)
    )
    norms = [sum(float(p.detach().square().sum()) for p in module.parameters()) for module in (kept, decayed)]
    assert norms[1] < 0.7 * norms[0]


@pytest.mark.slow
def test_scan_channels_are_worth_ten_points_on_a_conditional_task() -> None:
    """Same net, same training, with and without; and a whole U-Net gains as well."""
    names = ("logscan", "logscan?scan=false", "unet-logscan?epochs=15", "unet-heatmap?epochs=15")
    hits = [evaluate(name, "qnist/if37", seed=11).metrics["valid"]["hit"] for name in names]
    assert hits[0] > hits[1] + 0.1
    assert hits[2] > hits[3] + 0.1


@pytest.mark.slow
def test_the_head_chooses_by_image() -> None:
    """A few plain convolutions under it: 3 and 7 ask for different points, and it is not told which is which."""
    assert evaluate("keypoint-head", "qnist/if37", seed=11).metrics["valid"]["hit"] > 0.8


def test_the_head_goes_on_anybody_s_backbone() -> None:
    class Mine(torch.nn.Module):
        def __init__(self, in_shape: tuple[int, ...], n_out: int, y_range: object = None) -> None:
            from spoton.layers import KeypointHead, PointNLL

            super().__init__()
            self.criterion = PointNLL
            self.backbone = torch.nn.Conv2d(in_shape[0], 8, 3, padding=1)
            self.head = KeypointHead(8, n_out // 2)
            self.decode = self.head.decode

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(torch.relu(self.backbone(x)))  # type: ignore[no-any-return]

    X, y = tiny_images(64, 20, 33)
    net = TorchRegressor(Mine, epochs=30, lr=0.03, schedule="one-cycle", batch_size=16, random_state=0).fit(X, y)
    assert (net.predict(X) == y).all(axis=1).mean() > 0.9


def test_names_carry_settings() -> None:
    net = get_learner("unet-heatmap?loss=mse&sigma=1.5&width=4&lr=0.02")
    assert net.net_options == {"loss": "mse", "sigma": 1.5, "width": 4}
    assert get_task("qnist/if37").kind == "point"
