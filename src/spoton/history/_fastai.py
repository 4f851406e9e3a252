"""`FastaiHistory`: fastai's callback that writes a `History`.

fastai's own records are emptied by each fit and by each `validate` or `get_preds`, and its training loss is a running
average over epochs. This one is armed by training alone, goes on over any number of fits, and holds true means.
"""

from __future__ import annotations

import warnings
from functools import cache
from time import perf_counter
from typing import Any

from spoton.errors import UsageError
from spoton.history._history import History


def FastaiHistory(history: History | None = None, eval_every: int = 0) -> Any:  # it stands for a class
    """A fastai callback that writes one row an epoch: the training loss, the recorder's metrics, lr and seconds.

    It is `cbs=` of a Learner (then it sees every fit) or of one fit, and has an attribute `history`.

    Args:
        history: where to write; a fresh one by default.
        eval_every: every so many epochs also `train_loss_eval`, the loss of all training rows in evaluation mode,
            without dropout and augmentation; 0 for never.

    Raises:
        UsageError: a negative `eval_every`.
    """
    if eval_every < 0:
        raise UsageError(f"eval_every is a number of epochs, 0 for never, not {eval_every}")
    return _class()(History() if history is None else history, eval_every)


@cache
def _class() -> Any:
    """The class: made when it is first needed, since fastai takes seconds to import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages below fastai, which nobody here can mend
        from fastai.callback.core import Callback

    class SpotonHistory(Callback):
        order = 60  # after the Recorder, whose metrics it takes

        def __init__(self, history: History, eval_every: int) -> None:
            super().__init__()
            self.history, self.eval_every, self.armed = history, eval_every, False

        def __reduce__(self) -> Any:
            # with its Learner: one that is exported and loaded again calls it
            return FastaiHistory, (self.history, self.eval_every), {"learn": self.learn, "armed": False}

        def before_fit(self) -> None:
            # also called by `validate` and `get_preds`, which train nothing
            self.begun = self.armed = False

        def before_train(self) -> None:
            if hasattr(self.learn, "lr_finder"):
                return  # a mock training, whose steps are taken back
            if not self.begun:
                self.history.begin_fit()
            self.begun = self.armed = True
            self.start, self.total, self.rows = perf_counter(), 0.0, 0

        def after_loss(self) -> None:
            if self.armed and self.learn.training:
                size = len(self.learn.yb[0])
                self.total += self.learn.loss.item() * size
                self.rows += size

        def after_epoch(self) -> None:
            if not self.armed:
                return
            self.armed = False
            row = {"seconds": perf_counter() - self.start, "lr": float(self.learn.opt.hypers[-1]["lr"])}
            recorded = dict(
                zip(self.learn.recorder.metric_names[1:], getattr(self.learn, "final_record", ()), strict=False)
            )
            recorded["train_loss"] = self.total / self.rows if self.rows else None
            if self.eval_every and (self.learn.epoch + 1) % self.eval_every == 0:
                recorded |= self.scores()
            self.history.append({key: value for key, value in recorded.items() if key != "time"} | row)

        def scores(self) -> dict[str, float]:
            """What is measured on the training rows in evaluation mode."""
            return {"train_loss_eval": _eval_loss(self.learn)}

    return SpotonHistory


def _eval_loss(learn: Any) -> float:
    """The mean loss of the training rows in evaluation mode; nothing of the training changes."""
    import torch
    from fastai.torch_core import no_random, to_detach

    was = learn.model.training
    total, rows = 0.0, 0
    loader = learn.dls.train.new(shuffle=False, drop_last=False)
    unaugmented = getattr(loader.dataset, "set_split_idx", None)
    with no_random(), torch.no_grad():
        learn.model.eval()
        try:
            inside = unaugmented(1) if unaugmented else None
            if inside is not None:
                inside.__enter__()
            try:
                for batch in loader:
                    n_inputs = getattr(loader, "n_inp", len(batch) - 1)
                    answers = batch[n_inputs:]
                    loss = learn.loss_func(learn.model(*batch[:n_inputs]), *answers)
                    total += float(to_detach(loss)) * len(answers[0])
                    rows += len(answers[0])
            finally:
                if inside is not None:
                    inside.__exit__(None, None, None)
        finally:
            learn.model.train(was)
    return total / rows
