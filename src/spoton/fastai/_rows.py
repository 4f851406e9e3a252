"""The rows of one side of a Learner's data: in order, none left out, without augmentation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor

from spoton.errors import DataError, UsageError
from spoton.fastai._quiet import quietly

with quietly():
    from fastai.torch_core import no_random, to_device

SIDES = ("train", "valid")


def check_learner(learn: Any) -> Any:
    """The Learner itself.

    Raises:
        UsageError: it is none.
    """
    if missing := [part for part in ("dls", "model") if not hasattr(learn, part)]:
        raise UsageError(
            f"a fastai Learner is expected, this is a {type(learn).__name__} without {missing[0]}; give one"
        )
    return learn


@contextmanager
def all_rows(learn: Any, side: str) -> Iterator[Any]:
    """A loader of every row of a side, in the order of its dataset, as validation sees them.

    The Learner's own loaders, and all random numbers, are afterwards what they were.

    Raises:
        UsageError: another side, or loaders that are not fastai's.
        DataError: a side without rows.
    """
    if side not in SIDES:
        raise UsageError(f"the sides of a Learner's data are {' and '.join(SIDES)}, not {side!r}")
    loader = check_learner(learn).dls[SIDES.index(side)]
    if not hasattr(loader, "new") or loader.n is None:
        raise UsageError(
            f"rows in order need fastai's DataLoaders of data with a length, this is a {type(loader).__name__};"
            " make them with DataLoaders.from_dsets"
        )
    if not loader.n:
        raise DataError(f"the {side} side has no rows; a Learner that was exported and loaded again has none")
    with no_random():
        # not shuffle=False alone: weighted and partial loaders draw rows by a get_idxs of their own
        ordered = loader.new(shuffle=False, drop_last=False, get_idxs=partial(_every, loader.n))
        unaugmented = getattr(loader.dataset, "set_split_idx", None)
        if unaugmented is None:
            yield ordered
        else:
            with unaugmented(1):
                yield ordered


def _every(n: int) -> list[int]:
    return list(range(n))


def parts(learn: Any, batch: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """(inputs, targets) of a batch, as fastai splits it, on the device of the model and as plain tensors."""
    parameter = next(learn.model.parameters(), None)
    batch = tuple(_plain(part) for part in to_device(tuple(batch), parameter.device if parameter is not None else None))
    n_inputs = getattr(learn.dls, "n_inp", 1 if len(batch) == 1 else len(batch) - 1)
    return batch[:n_inputs], batch[n_inputs:]


def _plain(part: Any) -> Any:
    """fastai's tensor types refuse some operations among each other; its loop casts them too."""
    if isinstance(part, tuple | list):
        return tuple(_plain(one) for one in part)
    return part.as_subclass(Tensor) if isinstance(part, Tensor) else part


def targets_of(learn: Any, side: str) -> Tensor:
    """The targets of a side, (n, k) float64 on the CPU; points are (n, 2 P).

    Raises:
        DataError: no targets, several, or some that are no finite numbers.
    """
    found: list[Tensor] = []
    with all_rows(learn, side) as loader:
        for batch in loader:
            _, targets = parts(learn, batch)
            if len(targets) != 1 or not isinstance(targets[0], Tensor):
                raise DataError(f"this needs one target that is a tensor, a batch has {len(targets)}; use one block")
            found.append(targets[0].detach().cpu().double().reshape(len(targets[0]), -1))
    answers = torch.cat(found)
    if not answers.isfinite().all():
        raise DataError(f"some targets of the {side} side are NaN or infinite; leave those rows out")
    return answers
