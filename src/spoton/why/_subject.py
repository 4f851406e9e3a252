"""What `why` takes: a name, an estimator, a net of torch in any form, a Learner of fastai."""

from __future__ import annotations

import sys
from typing import Any

from sklearn.base import BaseEstimator

from spoton.errors import UsageError
from spoton.learners import FastaiRegressor, TorchRegressor, get_learner
from spoton.learners._own_file import is_net, kept, learner_of_file, learner_of_net
from spoton.learners._own_net import OwnNet, check_net
from spoton.tasks import Task
from spoton.why._change import Subject

EPOCHS = 10  # of a Learner that was never fitted


def subject_of(learner: Any, task: Task | None = None) -> Subject:
    """The learner as one to be studied.

    Args:
        learner: a name, a scikit-learn regressor, a torch module (of which copies with fresh weights are trained), a
            class or function that makes one, or a Learner of fastai.
        task: that it is to learn: a net is tried on two of its rows.

    Raises:
        UsageError: an unknown name, a learner of another kind, or a net that does not fit the task.
    """
    if isinstance(learner, str):
        return Subject(learner, get_learner(learner))
    if isinstance(learner, BaseEstimator):
        return Subject(type(learner).__name__, learner, own=True)
    if _is_fastai(learner):
        return _checked(_of_fastai(learner), task)
    if is_net(learner):
        name, estimator, notes = learner_of_net(learner)
        return _checked(Subject(name, estimator, True, notes), task)
    raise UsageError(
        "why takes the name of a learner, a scikit-learn regressor, a torch module or a class of them, or a Learner of "
        f"fastai, not a {type(learner).__name__}"
    )


def module_subject(words: str, task: Task) -> Subject:
    """A net in a file, as the command line names it: `net.py:MyNet?epochs=20&lr=1e-3`.

    Words after `?` are parameters of `TorchRegressor`, or of the net.

    Raises:
        UsageError: no such file or name, something that is no net, or one that does not fit the task.
    """
    name, estimator, notes = learner_of_file(words)
    return _checked(Subject(name, estimator, True, notes), task)


def _checked(subject: Subject, task: Task | None) -> Subject:
    if task is not None and isinstance(subject.estimator, TorchRegressor):
        check_net(subject.estimator, task, subject.name)
    return subject


def _is_fastai(learner: Any) -> bool:
    held = sys.modules.get("fastai.learner")  # without it nothing is a Learner of it
    return held is not None and isinstance(learner, held.Learner)


def _of_fastai(learn: Any) -> Subject:
    """A Learner, fitted or not: its model is trained anew on the rows of the task.

    Raises:
        UsageError: a classifier, or a table with categories.
    """
    from spoton.fastai._scale_target import classifies

    loss = learn.loss_func
    kind = type(getattr(loss, "func", loss)).__name__
    if classifies(loss):
        raise UsageError(
            f"this Learner classifies ({type(loss).__name__}); why takes one that learns numbers or points"
        )
    values = getattr(getattr(learn, "recorder", None), "values", None) or []
    rates = (getattr(learn.recorder, "hps", None) or {}).get("lr", []) if values else []
    shared: dict[str, Any] = {
        "epochs": len(values) or EPOCHS,
        "lr": float(max(rates, default=learn.lr) if rates else _rate(learn.lr)),
        "batch_size": int(learn.dls.bs),
        "schedule": "one-cycle" if len(set(map(float, rates))) > 1 else "flat",
    }
    fitted = "as long as it was fitted" if values else "it was never fitted"
    said = f"the Learner's model is trained anew on the rows of the task: {shared['epochs']} epochs ({fitted})"
    said += f", lr {shared['lr']:g}, batches of {shared['batch_size']}, {shared['schedule']}"
    name = type(learn).__name__
    if type(learn.model).__name__ == "TabularModel" and "MSE" in kind:
        return Subject(name, _tabular(learn, shared), True, (f"{said}; its other callbacks are left out",))
    from torch import nn

    net = OwnNet(learn.model, None if isinstance(getattr(loss, "func", loss), nn.MSELoss) else loss)
    decay: dict[str, Any] = {} if learn.wd is None else {"weight_decay": float(learn.wd)}
    notes = (f"{said}, AdamW, without its transforms and callbacks", *kept(learn.model))
    return Subject(name, TorchRegressor(net=net, y_range="none", **decay, **shared), True, notes)


def _rate(lr: Any) -> float:
    """fastai takes slices of rates for groups of layers: the highest one."""
    return float(lr.stop if isinstance(lr, slice) else lr)


def _tabular(learn: Any, shared: dict[str, Any]) -> FastaiRegressor:
    """A TabularLearner as spoton's own, which makes the same model and trains it by fastai."""
    from torch import nn

    model = learn.model
    if model.n_emb:
        names = ", ".join(map(str, learn.dls.cat_names))
        raise UsageError(
            f"this TabularLearner has categories ({names}); why takes tables of numbers: give their codes as numbers"
        )
    sizes = [part.out_features for part in model.layers.modules() if isinstance(part, nn.Linear)]
    limits = [part for part in model.layers if type(part).__name__ == "SigmoidRange"]
    procs = [type(step).__name__ for step in getattr(learn.dls, "procs", None) or []]
    y_range = (float(limits[0].low), float(limits[0].high)) if limits else None
    return FastaiRegressor(
        kind="tabular", layers=tuple(sizes[:-1]), normalize="Normalize" in procs, y_range=y_range, **shared
    )
