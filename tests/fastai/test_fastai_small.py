"""Limits of answers, seeds, and getters."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from plain_fastai import custom, frame, quiet, tabular
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.fastai import evaluate, seed_all, tabular_dls, with_getters, with_y_range, y_range_for
from spoton.fastai._quiet import quietly

with quietly():
    from fastai.data.block import DataBlock, RegressionBlock, TransformBlock
    from fastai.data.transforms import IndexSplitter
    from fastai.layers import SigmoidRange
    from fastai.tabular.learner import tabular_learner
    from fastai.torch_core import set_seed


def test_limits_leave_room() -> None:
    assert y_range_for([0, 10], margin=0.1) == (-1, 11)
    assert y_range_for(frame().y) == pytest.approx(y_range_for(torch.tensor(frame().y.to_numpy())))
    lo, hi = y_range_for(pd.DataFrame({"y": [0.0, 4.0], "z": [3.0, 3.0]}))
    assert (lo.tolist(), hi.tolist()) == ([-2, 2.5], [6, 3.5])
    assert y_range_for(np.array([[1.0], [3.0]]), margin=0) == (1, 3)
    with pytest.raises(DataError, match="targets that are numbers"):
        y_range_for(["a"])
    for wrong in ([], [np.nan, 1.0], np.zeros((2, 2, 2))):
        with pytest.raises(DataError, match="finite targets"):
            y_range_for(wrong)
    with pytest.raises(UsageError, match="margin"):
        y_range_for([1.0], -1)


def test_answers_at_the_ends_need_room() -> None:
    """Half of the targets are the smallest, half the largest: at the limits of a sigmoid they are never met."""
    x = torch.tensor([[-1.0], [1.0]]).repeat(40, 1)
    y = 50 + 50 * x
    errors = []
    for limits in ((float(y.min()), float(y.max())), y_range_for(y)):
        torch.manual_seed(0)
        learn = custom(x, y, with_y_range(nn.Sequential(nn.Linear(1, 1)), *limits))
        learn.fit(60, 0.1)
        errors.append(evaluate(learn, metrics=["mae"])["mae"])
    assert errors[1] < 0.1 * errors[0], "targets at the very limits are met now"


def test_limits_for_any_model() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(3, 2)

        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return 1e3 * self.net(a + b)

    lo, hi = y_range_for(torch.tensor([[0.0, 10.0], [1.0, 30.0]]))
    model = with_y_range(Two(), lo, hi)
    answers = model(torch.randn(50, 3), torch.randn(50, 3))
    assert ((answers >= lo) & (answers <= hi)).all()
    # fastai's own has the limits as plain attributes: a change of device or dtype leaves them behind
    assert SigmoidRange(lo, hi).double().low.dtype == torch.float32, "SigmoidRange moves its limits now"
    assert model.double().head.lo.dtype == torch.float64
    chain = nn.Sequential(nn.Linear(3, 1))
    assert with_y_range(chain, 0, 1) is chain
    with pytest.raises(UsageError, match="lo < hi"):
        with_y_range(chain, 1, 0)


def trained(learn: Any) -> Tensor:
    learn.fit(1, 0.1)
    return torch.cat([parameter.detach().flatten() for parameter in learn.model.parameters()])


def fresh(dls: Any) -> Any:
    from fastai.learner import Learner
    from fastai.losses import MSELossFlat

    return quiet(Learner(dls, nn.Linear(3, 1), loss_func=MSELossFlat()))


def test_the_same_result_twice_on_the_same_data() -> None:
    X = torch.randn(40, 3)
    dls = custom(X, X @ torch.ones(3, 1) + torch.randn(40, 1), nn.Linear(3, 1)).dls
    found = []
    for _ in range(2):
        set_seed(0, reproducible=True)
        found.append(trained(fresh(dls)))
    assert not torch.equal(*found), "set_seed reaches the DataLoaders now"
    found = []
    for _ in range(2):
        seed_all(dls, np.int64(0))
        found.append(trained(fresh(dls)))
    seed_all(dls, 1)
    assert torch.equal(*found)
    assert not torch.equal(found[0], trained(fresh(dls)))


def test_it_reaches_tables_too() -> None:
    for dls in (tabular().dls, tabular_dls(frame(), "y", bs=32)):
        found = []
        for _ in range(2):
            seed_all(dls, 3)
            found.append(trained(quiet(tabular_learner(dls, layers=[10], config={"ps": 0.3}))))
        assert torch.equal(*found)


def test_seeds_that_are_none() -> None:
    for wrong in (-1, 0.5, True):
        with pytest.raises(UsageError, match="whole number"):
            seed_all(tabular().dls, wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"learn\.dls"):
        seed_all(tabular())
    random.seed()  # others' tests draw on
    torch.backends.cudnn.deterministic = False


def as_float(i: int) -> float:
    return float(i)


def block() -> Any:
    return DataBlock(
        (TransformBlock, RegressionBlock), get_x=as_float, get_y=lambda i: i + 0.5, splitter=IndexSplitter([0, 1])
    )


def first(dblock: Any) -> tuple[float, float]:
    x, y = dblock.datasets(list(range(8))).train[0]
    return float(x), float(y)


def negative(i: int) -> float:
    return -float(i)


def test_another_getter() -> None:
    plain = block()
    assert first(plain) == (2, 2.5)
    copied = deepcopy(plain)
    copied.get_y = negative
    assert first(copied) == (2, 2.5), "a DataBlock reads get_y when it is used now"
    assert first(with_getters(plain, get_y=negative)) == (2, -2)
    made = with_getters(plain, get_y=negative).dataloaders(list(range(8)), bs=2, num_workers=0)
    assert float(made.train_ds[0][1]) == -2
    assert first(with_getters(plain, get_x=[negative])) == (-2, 2.5)
    assert first(plain) == (2, 2.5)
    with pytest.raises(UsageError, match="1 functions as get_y"):
        with_getters(plain, get_y=[negative, negative])
    with pytest.raises(UsageError, match="nothing to change"):
        with_getters(plain)
