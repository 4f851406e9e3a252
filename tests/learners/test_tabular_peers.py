"""Peers for tables: each fits something, and they say which extra they need."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
import torch

from spoton import evaluate, get_learner
from spoton.errors import MissingExtra, UsageError
from spoton.learners import learner_names
from spoton.learners._tabular_peers import STGRegressor
from spoton.nets import STG
from spoton.optional import installed
from spoton.testing import check_learner

NEEDS = {
    "realmlp": ("pytabkit", "peers"),
    "tabm": ("pytabkit", "peers"),
    "mlp-plr": ("pytabkit", "peers"),
    "xgboost-td": ("pytabkit", "peers"),
    "lightgbm-td": ("pytabkit", "peers"),
    "xgboost": ("xgboost", "trees"),
}


@pytest.mark.parametrize("name", NEEDS)
def test_a_missing_package_names_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package, extra = NEEDS[name]
    monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
    with pytest.raises(MissingExtra, match=rf"{package}.*spoton\[{extra}\]"):
        get_learner(name)
    assert name in learner_names()


def test_lassonet_without_its_package_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lassonet", None)  # type: ignore[arg-type]
    run = evaluate("lassonet", "real/iris")
    assert run.status == "skipped"
    assert "spoton[peers]" in run.reason


@pytest.mark.parametrize(
    "name", ["xgboost", pytest.param("lassonet?n_iters=100x20&path_multiplier=1.3&cv=2", marks=pytest.mark.slow)]
)
def test_they_learn_a_table(name: str) -> None:
    package = name.partition("?")[0]
    if not installed(package):
        pytest.skip(f"{package} is not installed")
    assert evaluate(name, "real/cancer").metrics["valid"]["r2"] > 0.8


@pytest.mark.slow
def test_lassonet_is_a_learner() -> None:
    if not installed("lassonet"):
        pytest.skip("lassonet is not installed")
    check_learner(get_learner("lassonet?cv=2&path_multiplier=2.0&n_iters=20x5"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["realmlp", "mlp-plr", "tabm?n_epochs=5", "xgboost-td", "lightgbm-td"])
def test_those_of_pytabkit_learn_a_table(name: str) -> None:
    if not installed("pytabkit"):
        pytest.skip("pytabkit is not installed")
    assert evaluate(name, "real/iris").metrics["valid"]["r2"] > 0.7


def test_gates_by_hand() -> None:
    net = STG((4,), 1)
    net.mu.data = torch.tensor([-1.0, -0.5, 0.0, 2.0])
    assert torch.equal(net.gates(), torch.tensor([0.0, 0.0, 0.5, 1.0]))
    noise = torch.tensor([[3.0, 0.5, -0.5, -6.0]])
    assert torch.allclose(net.gates(noise), torch.tensor([[1.0, 0.25, 0.25, 0.0]]))
    # F((mu + 1/2) / sigma) at -1, 0, 1 and 5 sd
    assert net.penalty().item() == pytest.approx((0.158655 + 0.5 + 0.841345 + 0.9999997) / 4, abs=1e-5)


def test_noise_is_for_training_alone() -> None:
    net, x = STG((3,), 2), torch.randn(5, 3)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_gates_close_on_superfluous_columns() -> None:
    random = np.random.RandomState(0)
    X = pd.DataFrame(random.normal(size=(300, 20)))
    y = X[3] + 2 * X[7]
    model = STGRegressor((30, 10), lam=0.5, epochs=1000, random_state=0).fit(X, y)
    closed = np.delete(model.gates_, [3, 7])
    assert model.gates_[[3, 7]].min() > 0.9
    assert (closed < 0.1).mean() > 0.8
    with pytest.raises(UsageError, match="positive sigma"):
        STGRegressor(sigma=0).fit(X, y)
