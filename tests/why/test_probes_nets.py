"""Probes of the descent and of the net: each names its planted fault, and a clean learner is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from spoton import Task, get_learner
from spoton.errors import UsageError
from spoton.learners import TorchRegressor
from spoton.why import Fact
from spoton.why._subject import subject_of
from spoton.why.probes import Architecture, Joint, Memory, Optimisation, SparseSkip

Look = Callable[..., list[Fact]]
Closes = Callable[..., dict[str, float]]
NET = "basenet+yrange=none?epochs=20&lr=0.01&batch_size=16&relu=true"


def table(columns: int = 4, law: Callable[[Any], Any] | None = None) -> Task:
    X = np.random.RandomState(0).normal(size=(150, columns))
    return Task.from_arrays("own", X, X[:, 0] - X[:, 1] if law is None else law(X))


def test_a_short_descent_is_found(closes: Closes) -> None:
    slow = "basenet+yrange=none?epochs=2&lr=1e-3&batch_size=64"
    found = closes(Optimisation(), slow, table())
    assert found["8 epochs instead of 2"] > 0
    assert found["lr 0.01 instead of 0.001"] > 0.2
    assert found["batches of 16 instead of 64"] > 0
    assert "SGD with momentum at lr 0.01 instead of AdamW at 0.001" in found
    assert "a learning rate that rises and falls in one cycle" in found


def test_a_torch_learner_descends_with_momentum() -> None:
    data = table().data()
    y = data.y.to_numpy().ravel()
    learner = TorchRegressor(optimizer="sgd", lr=0.02, epochs=30, batch_size=16, y_range="none", random_state=0)
    assert learner.fit(data.X, y).score(data.X, y) > 0.9
    assert type(learner.net_.optimizer_).__name__ == "SGD"
    with pytest.raises(UsageError, match="no optimizer is called 'lion'; known: adam, sgd"):
        TorchRegressor(optimizer="lion").fit(data.X, y)


def test_solvers_of_scikit_learn_s_mlp_are_tried(closes: Closes) -> None:
    found = closes(Optimisation(), "mlp?max_iter=30", table(), only="solver")
    assert set(found) == {"the solver lbfgs instead of adam", "the solver sgd instead of adam"}
    assert found["the solver lbfgs instead of adam"] > 0.5


def test_what_cannot_be_learned_by_heart_is_told(look: Look) -> None:
    assert "it can learn few rows by heart" in look(Memory(), NET, table(), seeds=1)[0].words
    told = look(Memory(), TorchRegressor(y_range=(0, 0.1), epochs=10, random_state=0), table(), seeds=1)
    assert "does not learn few rows by heart" in told[0].words
    assert told[0].advice
    assert not look(Memory(), "ridge", table(), seeds=1)  # it has no steps


def test_a_sparse_skip_finds_the_linear_part(closes: Closes) -> None:
    task = table(columns=30, law=lambda X: 5 * X[:, 3] + np.abs(X[:, 4]))
    found = closes(Architecture(), NET, task)
    assert found["put a sparse linear skip beside the net"] > 0.3
    assert closes(Architecture(), Ridge(), task) == {}
    data = task.data()
    skip = SparseSkip(get_learner("mean"), random_state=0).fit(data.X, data.y.to_numpy().ravel())
    assert np.flatnonzero(np.abs(skip.coef_path_[:, 0]) > 0.1).tolist() == [3]
    assert skip.predict(data.X).shape == (150,)


def test_average_pooling_is_replaced() -> None:
    import torch
    from torch import nn

    from spoton.why.probes import without_averages
    from spoton.why.probes._pooling import MaxMin, averages

    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.AvgPool2d(2), nn.Sequential(nn.AdaptiveAvgPool2d(1)))
    assert averages(net) == 2
    x = torch.randn(2, 1, 9, 7)
    shape = net(x).shape
    assert averages(without_averages(net, "max and min")) == 0
    assert net(x).shape == shape
    y = torch.tensor([[[[1.0, 4.0], [2.0, 3.0]], [[5.0, 8.0], [6.0, 7.0]], [[9.0, 0.0], [1.0, 2.0]]]])
    assert MaxMin(2)(y).ravel().tolist() == [4.0, 8.0, 0.0]  # two of three channels by their maximum
    assert MaxMin(output_size=1)(y).ravel().tolist() == [4.0, 8.0, 0.0]


def test_pooling_that_forgets_the_place_is_found(closes: Closes) -> None:
    from torch import nn

    images = np.zeros((160, 1, 6, 6), dtype=np.float32)
    rng = np.random.RandomState(0)
    images[:] = rng.uniform(0, 0.5, images.shape)
    images[np.arange(160), 0, rng.randint(6, size=160), rng.randint(6, size=160)] = brightest = rng.uniform(1, 3, 160)
    task = Task.from_arrays("own", images, brightest)  # the brightest pixel: an average says little of it

    def pooled() -> nn.Module:
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1))

    learner = subject_of(pooled, task).estimator.set_params(epochs=30, lr=0.02, batch_size=16)
    found = closes(Architecture(), learner, task, only="pool")
    assert found["pool by the maximum instead of the average"] > 0.3


def test_a_net_is_told_where_it_is(closes: Closes) -> None:
    from torch import nn

    images = np.zeros((120, 1, 8, 8), dtype=np.float32)
    column = np.random.RandomState(0).randint(8, size=120)
    images[np.arange(120), 0, np.random.RandomState(1).randint(8, size=120), column] = 1
    task = Task.from_arrays("own", images, column.astype(float))  # of a dot: shift-invariant layers cannot tell

    def pooled(in_shape: tuple[int, ...], n_out: int) -> nn.Module:
        head = [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, n_out)]
        return nn.Sequential(nn.Conv2d(in_shape[0], 8, 1), nn.ReLU(), *head)

    learner = subject_of(pooled, task).estimator.set_params(epochs=25, lr=0.03, batch_size=20)
    found = closes(Architecture(), learner, task, only="channels before the net")
    assert set(found) == {"put LogScan channels before the net", "put coordinate channels before the net"}
    assert max(found.values()) > 0.3


def test_answers_are_parted_where_they_touch_each_other(closes: Closes) -> None:
    task = table(law=lambda X: X[:, :2])
    assert list(closes(Joint(), NET, task)) == ["one learner an answer"]
    assert closes(Joint(), "linear", task) == {}
    assert closes(Joint(), NET, table()) == {}
