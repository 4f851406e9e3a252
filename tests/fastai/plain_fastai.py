"""Small data and Learners of plain fastai."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch

from spoton.fastai._quiet import quietly

with quietly():
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.losses import MSELossFlat
    from fastai.tabular.core import Normalize
    from fastai.tabular.data import TabularDataLoaders
    from fastai.tabular.learner import tabular_learner


def frame(n: int = 160, mean: float = 100.0, seed: int = 0) -> pd.DataFrame:
    """Two columns and an answer that lies far from 0."""
    x = np.random.RandomState(seed).randn(n, 2)
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": mean + 2 * x[:, 0] + x[:, 1]})


def tabular(df: pd.DataFrame | None = None, y_names: Any = "y", path: Any = ".", **options: Any) -> Any:
    """A small tabular Learner; the last quarter of the rows is held out."""
    df = frame() if df is None else df
    held = list(range(len(df) * 3 // 4, len(df)))
    dls = TabularDataLoaders.from_df(
        df, y_names=y_names, cont_names=["a", "b"], procs=[Normalize], valid_idx=held, bs=32, path=path
    )
    torch.manual_seed(0)
    return quiet(tabular_learner(dls, **{"layers": [20], **options}))


def custom(X: Any, y: Any, net: Any, bs: int = 16, **options: Any) -> Any:
    """A Learner of any net on tensors; the last quarter of the rows is held out."""
    cut = len(X) * 3 // 4
    sides = [torch.utils.data.TensorDataset(X[s], y[s]) for s in (slice(cut), slice(cut, None))]
    dls = DataLoaders.from_dsets(*sides, bs=bs, num_workers=0, device="cpu")
    return quiet(Learner(dls, net, **{"loss_func": MSELossFlat(), **options}))


def quiet(learn: Any) -> Any:
    """Without bars and tables."""
    learn.remove_cbs([cb for cb in learn.cbs if type(cb).__name__ == "ProgressCallback"])
    learn.logger = _nothing
    return learn


def _nothing(*_: Any) -> None: ...
