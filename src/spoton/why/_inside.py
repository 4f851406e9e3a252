"""`inside`: the torch net within a learner, before and after one training, for the probes that look into it."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import clone

from spoton._evaluate import _prepare, _seeded
from spoton._threads import one_thread
from spoton.data import Array, PointData
from spoton.learners import FastaiRegressor, TorchRegressor, innermost, model_of
from spoton.why._change import parameter
from spoton.why._study import Study

if TYPE_CHECKING:
    from torch import Tensor, nn

ROWS = 512, 256  # of training and held-out rows, at most, that are sent through the net: some seconds, for a ResNet18
FEWEST = 64  # of these, however slow the net is
SECONDS, PART = 2.0, 0.02  # that one look takes, at most; and as a share of the time that is left
SHARE = 0.1  # of the time that is left, which the training may take: the changes are what the budget is for


@dataclass(frozen=True)
class Rows:
    """Rows as the net itself meets them: features, scaled answers.

    Attributes:
        inputs: (n, *in_shape).
        targets: (n, k).
    """

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def batches(self, size: int) -> Iterator[Rows]:
        """The rows in batches, without a last one of a single row, which batch normalisation cannot take."""
        for start in range(0, max(len(self) - 1, 1), size):
            yield Rows(self.inputs[start : start + size], self.targets[start : start + size])


@dataclass(frozen=True, eq=False)
class Inside:
    """A net within a learner.

    Attributes:
        model: the learner's `TorchRegressor` or `FastaiRegressor`, fitted, or at its start if the training failed.
        estimator: the whole fitted learner around it.
        start: the module before the first step.
        module: after the training; None where it failed.
        train, valid: rows; `raw` are the training rows as the learner gets them.
        criterion: (output, targets) -> loss.
        epochs, asked: of the training, and of the learner.
        seconds: that one look may take.
    """

    model: Any
    estimator: Any
    start: nn.Module
    module: nn.Module | None
    train: Rows
    valid: Rows
    raw: PointData
    criterion: Callable[[Tensor, Tensor], Tensor]
    before: tuple[Any, ...]
    epochs: int
    asked: int
    seconds: float = SECONDS

    @property
    def batch_size(self) -> int:
        return int(min(self.model.batch_size, len(self.train)))

    @property
    def when(self) -> str:
        """`after 3 of 10 epochs`, or nothing where it is the whole training."""
        return f" after {self.epochs} of {self.asked} epochs" if self.epochs < self.asked else ""

    def call(self, module: nn.Module, inputs: Tensor) -> Tensor:
        """The module's output; a tabular net of fastai takes (categories, numbers), and there are no categories."""
        out: Tensor = module(*self.before, inputs)
        return out

    def loss(self, module: nn.Module, rows: Rows) -> Tensor:
        return self.criterion(self.call(module, rows.inputs), rows.targets)

    def output(self, module: nn.Module, inputs: Tensor) -> Tensor:
        """Output on many rows, batch by batch, without gradients, in the mode that the module is in."""
        import torch

        with torch.no_grad():
            parts = Rows(inputs, inputs).batches(self.batch_size)
            return torch.cat([self.call(module, part.inputs) for part in parts])

    def score(self, module: nn.Module, rows: Rows) -> float:
        """R2 of the module in the mode that it is in, the mean over the answers."""
        out = self.output(module, rows.inputs)
        decode: Any = getattr(module, "decode", None)
        answers = decode(out) if decode else out
        return r2(rows.targets[: len(answers)].cpu().numpy(), answers.reshape(len(answers), -1).cpu().numpy())


_known: WeakKeyDictionary[Study, Inside | None] = WeakKeyDictionary()


def inside(study: Study) -> Inside | None:
    """The net within the study's learner, trained once for all probes; None where there is none, or no time."""
    if study not in _known and study.left > 0:
        _known[study] = _trained(study)
    return _known.get(study)


@contextmanager
def calm() -> Iterator[None]:
    """One thread, random numbers from a seed, and no warnings: those of the fit are in the runs."""
    with warnings.catch_warnings(), one_thread(), _seeded(0):
        warnings.simplefilter("ignore")
        yield


def r2(actual: Array, predicted: Array) -> float:
    """The mean over the answers that vary; minus infinity for answers that are not finite."""
    spread = ((actual - actual.mean(axis=0)) ** 2).sum(axis=0)
    varies = spread > 0
    if not varies.any() or not np.isfinite(predicted).all():
        return -np.inf
    missed = ((predicted.astype(np.float64) - actual) ** 2).sum(axis=0)
    return float(np.mean(1 - missed[varies] / spread[varies]))


def error_of(score: float) -> float:
    """The root of 1 - R2, not above 1: what is worse than the mean answer says nothing of how bad it is."""
    return min(1.0, math.sqrt(max(1 - score, 0.0))) if math.isfinite(score) else 1.0


def _trained(study: Study) -> Inside | None:
    if not isinstance(model_of(study.subject.estimator), TorchRegressor | FastaiRegressor):
        return None
    first = [run for run in study.runs if run.learner == study.subject.name and run.seed == study.seeds[0]]
    seconds = next((run.fit_seconds for run in first if run.status == "ok" and run.asked_train_size is None), None)
    with calm():
        start = fitted(study, 0)
        if start is None:
            return None
        asked = int(model_of(study.subject.estimator).epochs)
        share = SHARE * study.left / seconds if seconds else 1 / max(asked, 1)  # one epoch of what failed
        epochs = min(asked, max(1, int(share * asked)))
        after = fitted(study, epochs)
        return _inside(study, start, after, epochs, asked)


def fitted(study: Study, epochs: int) -> Any:
    """The study's learner after so many epochs on the first seed; None where that fails."""
    estimator = clone(study.subject.estimator)
    passes = parameter(estimator, "epochs")
    if passes is not None:
        estimator.set_params(**{passes[0]: epochs})
    y = study.train.y.to_numpy(dtype=np.float64)
    try:
        estimator = _prepare(estimator, study.task, study.seeds[0], None)
        estimator.fit(study.train.X, y.ravel() if y.shape[1] == 1 else y)
    except Exception:  # whatever the learner raises; the runs say what it was
        return None
    return estimator if module_of(estimator) is not None else None


def module_of(estimator: Any) -> nn.Module | None:
    """The torch module within a fitted learner."""
    model = innermost(estimator)
    if isinstance(model, TorchRegressor):
        return model.module_
    found: nn.Module | None = model.learn_.model if isinstance(model, FastaiRegressor) else None
    return found


def _inside(study: Study, start: Any, after: Any, epochs: int, asked: int) -> Inside | None:
    import torch

    at_start, seconds = module_of(start), max(0.0, min(SECONDS, PART * study.left))
    share = _affordable(start, study.train, seconds)
    sides = [
        side.take(np.arange(min(len(side), max(FEWEST, int(share * most)))))
        for side, most in zip((study.train, study.valid), ROWS, strict=True)
    ]
    met = [_met(start, at_start, side.X) for side in sides]
    if at_start is None or any(found is None for found in met):
        return None
    rows = []
    for side, (_, inputs) in zip(sides, [found for found in met if found is not None], strict=True):
        targets = _as_trained(start, side.y.to_numpy(dtype=np.float64)).reshape(len(side), -1)
        rows.append(Rows(inputs, torch.as_tensor(targets, dtype=torch.float32, device=inputs.device)))
    whole = after if after is not None else start
    model = innermost(whole)
    criterion = model.net_.criterion_ if isinstance(model, TorchRegressor) else model.learn_.loss_func
    return Inside(
        model=model,
        estimator=whole,
        start=at_start,
        module=None if after is None else module_of(after),
        train=rows[0],
        valid=rows[1],
        raw=sides[0],
        criterion=criterion,
        before=met[0][0] if met[0] is not None else (),
        epochs=epochs,
        asked=asked,
        seconds=seconds,
    )


def _affordable(start: Any, train: PointData, seconds: float) -> float:
    """The share of `ROWS` that a forward pass reaches in this time."""
    few = train.take(np.arange(min(len(train), FEWEST // 4)))
    begin = time.perf_counter()
    try:
        start.predict(few.X)
    except Exception:  # a net at its start may give answers that a learner refuses
        return 1.0
    a_row = (time.perf_counter() - begin) / len(few)
    return min(1.0, seconds / max(sum(ROWS) * a_row, 1e-9))


def _met(estimator: Any, module: nn.Module | None, X: Any) -> tuple[tuple[Any, ...], Tensor] | None:
    """What the module is called with in `predict`: what comes before the tensor, and the tensor of all rows."""
    import torch

    kept: list[tuple[Any, ...]] = []
    if module is None:
        return None
    handle = module.register_forward_pre_hook(lambda _, args: kept.append(args))
    try:
        estimator.predict(X)
    except Exception:  # a net at its start may give answers that a learner refuses
        return None
    finally:
        handle.remove()
    if not kept or not torch.is_tensor(kept[0][-1]) or any(torch.is_tensor(part) for part in kept[0][:-1]):
        return None
    inputs = torch.cat([args[-1].detach() for args in kept])
    return (kept[0][:-1], inputs) if len(inputs) == len(X) else None


def _as_trained(estimator: Any, y: Array) -> Array:
    """Answers as the net is trained on them, behind all scalers of answers."""
    if hasattr(estimator, "regressor_"):
        return _as_trained(estimator.regressor_, np.asarray(estimator.transformer_.transform(y)))
    return _as_trained(estimator.steps[-1][1], y) if hasattr(estimator, "steps") else y
