"""`check_load`: weights of a tabular Learner, loaded only where the columns stand as they did when they were saved."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spoton.errors import DataError, UsageError
from spoton.fastai._history import evaluating
from spoton.fastai._quiet import quietly
from spoton.fastai._rows import all_rows, check_learner, parts

with quietly():
    from fastai.learner import load_learner

ROWS = 1000  # of training, on which orders of columns are tried
BETTER = 0.5  # another order has to leave less than this share of the loss
PASSES = 30  # exchanges of two columns that are made one after the other
PAIRS = 1770  # tried for each of them: all those of 60 columns
PROMISING = 200  # tried of more columns


def check_load(learn: Any, file: str | Path) -> Any:
    """`learn.load(file)`, or an error where the file was saved with the columns of numbers in another order.

    fastai puts columns in the order of a Python set, which differs from process to process, and saves weights without
    their names. Loaded under another order they raise no error and predict nonsense.

    A `.pth` file holds no names. So its weights are tried on training rows, with the columns as they are and with pairs
    of them exchanged as long as that lowers the loss; where less than half of the loss is left, the order is another
    one. Of more than 60 columns the pairs are tried whose exchange promises most by the gradient of the loss. Of a
    `.pkl` of `learn.export`, which has the names, these are compared, and nothing is loaded into `learn`.

    Args:
        learn: a tabular Learner with its training rows.
        file: as for `learn.load`; or the path of an exported Learner. The latter is a pickle: open none that you do not
            trust.

    Returns:
        The Learner, with the weights of a `.pth` file.

    Raises:
        DataError: another order; the Learner is as it was. The message tells the order that fits.
        UsageError: no Learner, or one that is not tabular or has no columns of numbers.

    Limits: of weights that were hardly trained any order is as good. Columns of categories are not tried: embeddings of
    other sizes are refused by torch.
    """
    names = [str(name) for name in getattr(check_learner(learn).dls, "cont_names", ())]
    if Path(file).suffix == ".pkl":
        with quietly():
            saved = load_learner(file).dls
        for kind in ("cat_names", "cont_names", "y_names"):
            was, now = list(getattr(saved, kind, ())), list(getattr(learn.dls, kind, ()))
            if was != now:
                raise DataError(f"{file} was saved with {kind} {was}, and here they are {now}; make the data like that")
        return learn
    if not names:
        raise UsageError("orders are tried of columns of numbers, and this Learner has none; use learn.load")
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


def _best_order(learn: Any, n: int) -> tuple[list[int], float, float]:
    """(order, loss as it is, loss in that order): pairs are exchanged as long as that helps."""
    cats, conts, targets = _rows(learn)
    order = list(range(n))

    def loss(inputs: Tensor) -> Tensor:
        found: Tensor = learn.loss_func(learn.model(cats, inputs), targets)
        return found

    with evaluating(learn.model):
        first = last = float(loss(conts))
        for _ in range(PASSES):
            tried = [_exchanged(order, i, j) for i, j in _promising(loss, conts[:, order])]
            losses = [float(loss(conts[:, one])) for one in tried]
            if not losses or min(losses) >= last:
                break
            last = min(losses)
            order = tried[losses.index(last)]
    return order, first, last


def _promising(loss: Callable[[Tensor], Tensor], conts: Tensor) -> list[tuple[int, int]]:
    """Pairs of columns to exchange; where there are many, those that lower the loss most by its gradient."""
    n = conts.shape[1]
    if n * (n - 1) // 2 <= PAIRS:
        return list(combinations(range(n), 2))
    with torch.enable_grad():
        inputs = conts.clone().requires_grad_()
        (slope,) = torch.autograd.grad(loss(inputs), inputs)
    # [i, j]: what the loss gains, to first order, when the place of column i is given the values of column j
    product = slope.T @ conts
    gain = product - product.diagonal()[:, None]
    rows, columns = torch.triu_indices(n, n, 1)
    best = (gain + gain.T)[rows, columns].topk(PROMISING, largest=False).indices
    return list(zip(rows[best].tolist(), columns[best].tolist(), strict=True))


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
