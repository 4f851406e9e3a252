"""`check_load`: weights of a tabular Learner, loaded only where the columns stand as they did when they were saved."""

from __future__ import annotations

from copy import deepcopy
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spoton.errors import DataError, UsageError
from spoton.fastai._history import evaluating
from spoton.fastai._quiet import quietly
from spoton.fastai._rows import all_rows, parts

with quietly():
    from fastai.learner import load_learner

ROWS = 1000  # of training, on which orders of columns are tried
BETTER = 0.5  # another order has to leave less than this share of the loss
PASSES = 30  # exchanges of two columns that are tried one after the other
COLUMNS = 60  # with more of them, trying each pair takes too long


def check_load(learn: Any, file: str | Path) -> Any:
    """`learn.load(file)`, or an error where the file was saved with the columns of numbers in another order.

    fastai puts columns in the order of a Python set, which differs from process to process, and saves weights without
    their names. Loaded under another order they raise no error and predict nonsense.

    A `.pth` file holds no names. So its weights are tried on training rows, with the columns as they are and with pairs
    of them exchanged as long as that lowers the loss; where less than half of the loss is left, the order is another
    one. Of a `.pkl` of `learn.export`, which has the names, these are compared, and nothing is loaded into `learn`.

    Args:
        learn: a tabular Learner with its training rows.
        file: as for `learn.load`; or the path of an exported Learner. The latter is a pickle: open none that you do not
            trust.

    Returns:
        The Learner, with the weights of a `.pth` file.

    Raises:
        DataError: another order; the Learner is as it was. The message tells the order that fits.
        UsageError: the Learner is not tabular, or has no, or more than 60, columns of numbers.

    Limits: of weights that were hardly trained any order is as good. Columns of categories are not tried: embeddings of
    other sizes are refused by torch.
    """
    names = [str(name) for name in getattr(learn.dls, "cont_names", ())]
    if Path(file).suffix == ".pkl":
        with quietly():
            saved = load_learner(file).dls
        for kind in ("cat_names", "cont_names", "y_names"):
            was, now = list(getattr(saved, kind, ())), list(getattr(learn.dls, kind, ()))
            if was != now:
                raise DataError(f"{file} was saved with {kind} {was}, and here they are {now}; make the data like that")
        return learn
    if not 0 < len(names) <= COLUMNS:
        raise UsageError(f"orders of columns are tried for 1 to {COLUMNS} columns of numbers, there are {len(names)}")
    before = deepcopy(learn.model.state_dict()), learn.opt.state_dict() if learn.opt is not None else None
    with quietly():
        learn.load(file)
    order, first, last = _best_order(learn, len(names))
    if last < BETTER * first:
        learn.model.load_state_dict(before[0])
        if before[1] is None:
            learn.opt = None
        else:
            learn.opt.load_state_dict(before[1])
        raise DataError(
            f"{file} was saved with its columns in another order: the loss on training rows is {first:.3g}, and"
            f" {last:.3g} with cont_names={[names[i] for i in order]}; give that order to tabular_dls"
        )
    return learn


@torch.no_grad()
def _best_order(learn: Any, n: int) -> tuple[list[int], float, float]:
    """(order, loss as it is, loss in that order): pairs are exchanged as long as that helps."""
    cats, conts, targets = _rows(learn)
    order = list(range(n))

    def loss(tried: list[int]) -> float:
        return float(learn.loss_func(learn.model(cats, conts[:, tried]), targets))

    with evaluating(learn.model):
        first = last = loss(order)
        for _ in range(PASSES):
            tried = [_exchanged(order, i, j) for i, j in combinations(range(n), 2)]
            losses = [loss(one) for one in tried]
            if not losses or min(losses) >= last:
                break
            last = min(losses)
            order = tried[losses.index(last)]
    return order, first, last


def _exchanged(order: list[int], i: int, j: int) -> list[int]:
    changed = list(order)
    changed[i], changed[j] = changed[j], changed[i]
    return changed


def _rows(learn: Any) -> tuple[Tensor, Tensor, Tensor]:
    batches, count = [], 0
    with all_rows(learn, "train") as loader:
        for batch in loader:
            inputs, targets = parts(learn, batch)
            if len(inputs) != 2:
                raise UsageError(f"this is no tabular Learner: its model takes {len(inputs)} inputs, not two")
            batches.append((*inputs, *targets))
            count += len(targets[0])
            if count >= ROWS:
                break
    cats, conts, answers = (torch.cat(column) for column in zip(*batches, strict=True))
    return cats, conts, answers
