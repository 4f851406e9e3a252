"""Images of other sizes than those of the training, and learning rates of single parameters."""

from __future__ import annotations

import numpy as np
import pytest

from spoton import get_learner, get_task
from spoton.data import Array
from spoton.errors import DataError
from spoton.learners import TorchRegressor
from spoton.testing import tiny_images


@pytest.fixture(scope="module")
def spotnet() -> TorchRegressor:
    """Trained on 400 images of 28 x 28."""
    data = get_task("pnist/topleft").data()
    learner: TorchRegressor = get_learner("spotnet").set_params(random_state=0)
    return learner.fit(data.X[:400], data.y.to_numpy()[:400])


def placed(size: int, seed: int) -> tuple[Array, Array]:
    """200 images that it has not seen, each somewhere in a larger one, and their points there."""
    data, rng = get_task("pnist/topleft").data(), np.random.RandomState(seed)
    X, at = np.zeros((200, 1, size, size), dtype=np.float32), rng.randint(0, size - 27, (200, 2))
    for image, digit, (x, y) in zip(X, data.X[-200:], at, strict=True):
        image[:, y : y + 28, x : x + 28] = digit
    return X, data.y.to_numpy()[-200:] + at


@pytest.mark.parametrize("size", [28, 56, 112])
def test_spotnet_hits_in_larger_images(spotnet: TorchRegressor, size: int) -> None:
    X, y = placed(size, seed=size)
    assert np.array_equal(spotnet.predict(X), y)


def test_images_of_other_channels_are_refused(spotnet: TorchRegressor) -> None:
    X, _ = placed(56, seed=0)
    with pytest.raises(DataError, match=r"one example has shape \(3, 56, 56\), the net was fitted on \(1, 28, 28\)"):
        spotnet.predict(np.repeat(X, 3, axis=1))
    with pytest.raises(DataError, match=r"one example has shape \(784,\), the net was fitted on \(1, 28, 28\)"):
        spotnet.predict(X[:, 0, :28, :28].reshape(-1, 784))


@pytest.mark.parametrize("schedule", ["flat", "one-cycle"])
def test_some_parameters_have_a_learning_rate_of_their_own(schedule: str) -> None:
    """gatedspot's gate learns 25 times as fast as its convolutions, under a schedule as well."""
    X, y = tiny_images()
    learner = get_learner("gatedspot?epochs=2&width=2").set_params(schedule=schedule, lr=0.002, batch_size=8)
    learner.fit(X, y)
    key = "lr" if schedule == "flat" else "max_lr"
    rates = {
        id(parameter): (group[key], group["betas"][1])
        for group in learner.net_.optimizer_.param_groups
        for parameter in group["params"]
    }
    named = list(learner.module_.named_parameters())
    assert len(rates) == len(named)
    for name, parameter in named:
        lr, beta2 = rates[id(parameter)]
        assert lr == pytest.approx(0.05 if name.startswith("gate.") else 0.002), name
        assert beta2 == 0.99


def test_beta2_is_adam_s() -> None:
    X, y = tiny_images()
    for beta2 in (0.9, 0.999):
        learner = TorchRegressor(epochs=1, beta2=beta2).fit(X, y)
        assert [group["betas"] for group in learner.net_.optimizer_.param_groups] == [(0.9, beta2)]
