"""`History`: fastai's callback that keeps what happened in each epoch, over all fits and whatever is called between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from spoton.errors import UsageError
from spoton.fastai._quiet import quietly
from spoton.fastai._rows import all_rows, parts
from spoton.history import FastaiHistory
from spoton.history import History as Record

with quietly():
    from fastai.torch_core import to_detach

    # the class behind the function: it is made when it is first asked for, since fastai takes seconds to import
    _Base: Any = type(FastaiHistory())

KEPT = ("lrs", "iters", "losses", "values", "metric_names")  # what each validation empties in fastai's Recorder


class History(_Base):
    """A callback that keeps one row an epoch, over any number of fits.

    `validate`, `get_preds`, `predict`, `tta` and `lr_find` add no rows and take none away, and what fastai's own
    recorder holds of the last fit survives all of them but `lr_find`. A fit that is interrupted keeps the epochs that
    ended.

    Args:
        eval_every: every so many epochs also `train_loss_eval` and `train_<metric>_eval`: the loss and the Learner's
            metrics on all training rows in evaluation mode, without dropout and augmentation; 0 for never.

    Attributes:
        history: a `spoton.history.History`: a sequence of dicts with `epoch` (from 1, running on over all fits), `fit`,
            `train_loss` (the mean over the epoch's rows; fastai's is a running average that never begins anew),
            `valid_loss`, the metrics, `lr` and `seconds`. It has `to_frame()`, `plot()`
            and `to_json(path)`.
        eval_every: as given.

    Raises:
        UsageError: a negative `eval_every`.

    Limits: callbacks that change batches do so in training alone, not for `eval_every`.

    Example:
        >>> learn = tabular_learner(dls, cbs=History(eval_every=1))  # doctest: +SKIP
        >>> learn.fit(5)  # doctest: +SKIP
        >>> learn.history.history.to_frame()  # doctest: +SKIP
    """

    def __init__(self, eval_every: int = 0) -> None:
        if eval_every < 0:
            raise UsageError(f"eval_every is a number of epochs, 0 for never, not {eval_every}")
        super().__init__(Record(), eval_every)
        self.recorded: dict[str, Any] = {}

    def __reduce__(self) -> Any:
        return type(self), (), dict(vars(self))

    def after_epoch(self) -> None:
        """Write the row."""
        trained = self.armed
        super().after_epoch()
        recorder = getattr(self.learn, "recorder", None)
        if trained and recorder is not None:
            self.recorded = {name: getattr(recorder, name) for name in KEPT if hasattr(recorder, name)}

    def after_fit(self) -> None:
        """Give the recorder back what a validation took."""
        recorder = getattr(self.learn, "recorder", None)
        if not self.begun and recorder is not None and not hasattr(self.learn, "lr_finder"):
            for name, value in self.recorded.items():
                setattr(recorder, name, value)

    def scores(self) -> dict[str, float]:
        """Loss and metrics on the training rows in evaluation mode."""
        learn, total, count = self.learn, 0.0, 0
        metrics = [copy(metric) for metric in learn.metrics]  # the Recorder's own go on
        for metric in metrics:
            metric.reset()
        with all_rows(learn, "train") as loader, evaluating(learn.model):
            for batch in loader:
                inputs, targets = parts(learn, batch)
                answers = learn.model(*inputs)
                loss = learn.loss_func(answers, *targets)
                seen = SimpleNamespace(
                    pred=answers, xb=inputs, yb=targets, x=inputs[0], y=targets[0], loss=loss, to_detach=to_detach
                )
                for metric in metrics:
                    metric.accumulate(seen)
                total += float(loss) * len(targets[0])
                count += len(targets[0])
        return {"train_loss_eval": total / count} | {f"train_{m.name}_eval": m.value for m in metrics}


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """The model in evaluation mode, without gradients; each part is afterwards in the mode that it was in."""
    modes = [(module, module.training) for module in model.modules()]
    with torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
