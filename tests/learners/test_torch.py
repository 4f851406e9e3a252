from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from torch import nn

from spoton import evaluate, get_learner
from spoton.errors import DataError, Diverged, Refused, UsageError
from spoton.learners import TorchRegressor
from spoton.nets import BaseNet
from spoton.testing import tiny_images, tiny_table


def test_it_learns_a_linear_law() -> None:
    X, y = tiny_table(400)
    net = TorchRegressor(epochs=60, lr=0.01, y_range="auto", random_state=0).fit(X[:300], y[:300])
    assert net.score(X[300:], y[300:]) > 0.99
    losses = [row["train_loss"] for row in net.history_]
    assert losses[-1] < losses[0] / 50
    assert [row["epoch"] for row in net.history_] == list(range(1, 61))


def test_limits_hold() -> None:
    X, y = tiny_images()
    predicted = TorchRegressor(y_range=([3, 4], [5, 6]), epochs=1, random_state=0).fit(X, y).predict(X)
    assert (predicted >= [3, 4]).all()
    assert (predicted <= [5, 6]).all()


def test_torch_s_random_numbers_are_left_alone() -> None:
    X, y = tiny_images()
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    TorchRegressor(epochs=1, random_state=0).fit(X, y)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_seeds_matter() -> None:
    X, y = tiny_images()
    one, two = (TorchRegressor(epochs=2, random_state=seed).fit(X, y).predict(X) for seed in (0, 1))
    assert not np.allclose(one, two)


def test_the_users_own_module() -> None:
    class Mine(nn.Module):
        def __init__(self, in_shape: tuple[int, ...], n_out: int, *, width: int = 3, y_range: object = None) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(width), nn.Linear(width, n_out))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)  # type: ignore[no-any-return]

    X, y = tiny_images()
    net = TorchRegressor(net=Mine, net_options={"width": 5}, epochs=2, random_state=0).fit(X, y)
    assert net.predict(X).shape == y.shape
    assert clone(net).net is Mine


def test_a_last_batch_of_one_row_does_not_break_batch_normalisation() -> None:
    X, y = tiny_images(17)
    TorchRegressor(net="ResNet18", batch_size=16, epochs=1, random_state=0).fit(X, y)


def test_channels_and_sizes() -> None:
    X = np.random.RandomState(0).rand(6, 3, 40, 33).astype(np.float32)
    net = TorchRegressor(epochs=1, random_state=0).fit(X, np.arange(12).reshape(6, 2) * 3)
    # extremes: the edges of the longer side
    assert net.module_.layers[-1].hi.tolist() == [39.5, 39.5]  # type: ignore[index]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"net": "BaseNets"}, UsageError, "no net is called 'BaseNets'; did you mean BaseNet"),
        (
            {"net_options": {"width": 3}},
            UsageError,
            "the net BaseNet takes no width; it takes in_shape, n_out, hidden",
        ),
        (
            {"lr": 1e30, "y_range": "none", "net_options": {"relu": True}, "epochs": 20},
            Diverged,
            "training loss became .* lower lr",
        ),
    ],
)
def test_wrong_options(options: dict[str, object], error: type[Exception], words: str) -> None:
    X, y = tiny_images()
    with pytest.raises(error, match=words):
        TorchRegressor(random_state=0, **options).fit(X, y)  # type: ignore[arg-type]


def test_wrong_data() -> None:
    X, y = tiny_images()
    with pytest.raises(DataError, match="2 rows or more"):
        TorchRegressor().fit(X[:1], y[:1])
    with pytest.raises(NotFittedError):
        TorchRegressor().predict(X)
    net = TorchRegressor(epochs=1).fit(X, y)
    with pytest.raises(DataError, match=r"one example has shape \(1, 20, 28\), the net was fitted on \(1, 28, 28\)"):
        net.predict(X[:, :20])


def test_base_net_s_parameters_worked_out_by_hand() -> None:
    def count(**options: object) -> int:
        return sum(p.numel() for p in BaseNet((1, 4, 5), 2, **options).parameters())  # type: ignore[arg-type]

    assert count(hidden=3) == 20 * 3 + 3 + 3 * 2
    assert count(hidden=3, mid=7, relu=True) == 20 * 3 + 3 + 3 * 7 + 7 + 7 * 2


@pytest.mark.parametrize("task", ["pnist/topleft", "pnist/center", "pnist/corner", "pnist/box"])
def test_spotnet_hits_every_held_out_image(task: str) -> None:
    """The claim of the project: under 100 parameters, random init, gradient descent on 567 images."""
    run = evaluate("spotnet", task, seed=11)
    assert run.train_size == 567
    assert run.parameters is not None
    assert run.parameters < 100
    assert run.metrics["valid"]["hit"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("task", ["pnist/topleft", "pnist/box"])
def test_spotnet_needs_no_adam(task: str) -> None:
    """Stochastic gradient descent with momentum does it too."""
    assert evaluate("spotnet?optimizer=sgd&lr=0.1", task, seed=11).metrics["valid"]["hit"] == 1


def test_spotnet_refuses_what_is_no_pixel() -> None:
    X, y = tiny_images()
    with pytest.raises(Refused, match="points at pixels 0 to 27, and answers run from"):
        get_learner("spotnet").fit(X, y * 10)
    with pytest.raises(Refused, match="this task is a table"):
        get_learner("spotnet").fit(*tiny_table())


def test_spotnet_takes_images_that_are_not_square() -> None:
    X, y = tiny_images(80, 20, 33)
    net = get_learner("spotnet").set_params(random_state=0).fit(X[:60], y[:60])
    assert (net.predict(X[60:]) == y[60:]).all()


def test_a_schedule_is_named_right() -> None:
    X, y = tiny_images()
    with pytest.raises(UsageError, match="no schedule is called 'cosine'; known: flat, one-cycle"):
        TorchRegressor(schedule="cosine").fit(X, y)
