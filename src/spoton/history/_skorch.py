"""`SkorchHistory`: skorch's callback that writes a `History`."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
from skorch.callbacks import Callback

from spoton.errors import UsageError
from spoton.history._history import History


class SkorchHistory(Callback):
    """Writes one row an epoch; `net.partial_fit` goes on in the same history as a further fit.

    What skorch has scored by then is in it under skorch's name, as `valid_acc`: put it behind scorings of your own.

    Args:
        history: where to write; a fresh one by default.
        eval_every: every so many epochs also `train_loss_eval`, the training loss in evaluation mode; 0 for never.

    Raises:
        UsageError: a negative `eval_every`.
    """

    def __init__(self, history: History | None = None, eval_every: int = 0) -> None:
        if eval_every < 0:
            raise UsageError(f"eval_every is a number of epochs, 0 for never, not {eval_every}")
        self.history = History() if history is None else history
        self.eval_every = eval_every

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """A further fit."""
        self.history.begin_fit()

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        """Look at the clock."""
        self.start = perf_counter()

    def on_grad_computed(self, net: Any, named_parameters: Any, **kwargs: Any) -> None:
        """The rate of this step, before a scheduler changes it; the last group holds what has no group of its own."""
        self.lr = net.optimizer_.param_groups[-1]["lr"]

    def on_epoch_end(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        """Write the row."""
        row = {"seconds": perf_counter() - self.start, "lr": getattr(self, "lr", None)}
        losses = {key: net.history[-1].get(key) for key in ("train_loss", "valid_loss")}
        if self.eval_every and len(net.history) % self.eval_every == 0:
            losses["train_loss_eval"] = _eval_loss(net, dataset_train)
        self.history.append(losses | _scores(net.history[-1]) | row)


def _scores(row: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of skorch's row, without what is counted or has a name of ours."""
    known = ("epoch", "dur", "train_loss", "valid_loss")
    return {
        key: float(value)
        for key, value in row.items()
        if isinstance(value, int | float | np.floating)
        and not isinstance(value, bool)
        and key not in known
        and not key.endswith("_count")
    }


def _eval_loss(net: Any, dataset: Any) -> float:
    """The mean loss of a data set in evaluation mode; the random numbers of the training go on as if nothing was."""
    import torch
    from skorch.dataset import get_len, unpack_data

    total, rows = 0.0, 0
    with torch.random.fork_rng(devices=[]):
        for batch in net.get_iterator(dataset, training=False):
            size = get_len(unpack_data(batch)[0])
            total += net.validation_step(batch)["loss"].item() * size
            rows += size
    return total / rows
