"""Is the net another one when it predicts? Dropout, batch normalisation, batches left out, answers that vary."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import BaseEstimator, clone

from spoton.learners import FastaiRegressor, model_of
from spoton.why._alter import batch_norms, dropouts, group_norm, net_change, no_dropout, usual_momentum
from spoton.why._change import Change
from spoton.why._inside import Inside, calm, error_of, inside
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._stages import outputs_of
from spoton.why._study import Study

if TYPE_CHECKING:
    from torch import nn

# of the root of 1 - R2 on the training rows: batches of 16 alone move it by some 0.05 against the running statistics
CLEAR = 0.15
SMALL = 8  # rows a batch, from which on statistics of a batch are known to a third of a standard deviation, or worse
FEWEST = 4  # rows of an incomplete last batch, below which its statistics are hardly any
ALIKE = 1e-3  # R2 of two modes, up to which they are one
LEFT_OUT = 0.05  # share of the rows that an epoch leaves out, from which on it is worth a word
SLOW = 0.05  # momentum of running statistics, half of torch's, below which they may lag behind a short training
EVALUATION, TRAINING, BATCH, DROPOUT = (
    "evaluation mode",
    "training mode",
    "evaluation mode with batch statistics",
    ("evaluation mode with dropout"),
)
SAME = 1e-4  # difference of two answers to the same row, as a share of their spread, up to which it is rounding


class Modes(Probe):
    """The fitted net in training and in evaluation mode on the same rows, and what makes the difference."""

    name = "modes"
    about = "training against evaluation mode: dropout, batch normalisation, batches left out, answers that vary"

    def look(self, study: Study) -> Iterable[Fact]:
        subject = inside(study)
        if subject is None or subject.module is None:
            return
        with calm():
            yield from self._told(subject)
            yield from self._restless(subject)
        yield from self._batches(study, subject)

    def changes(self, study: Study) -> Iterable[Change]:
        subject = inside(study)
        if subject is None:
            return
        if dropouts(subject.start):
            yield from _vision(study, self.name)
            yield from net_change(
                study,
                self.name,
                "drop nothing",
                "dropout, which a regression pays for with its precision",
                no_dropout,
                "for part in net.modules():\n    if isinstance(part, torch.nn.modules.dropout._DropoutNd):\n"
                "        part.p = 0.0",
                "dropout",
            )
        norms = batch_norms(subject.start)
        if norms and (_lags(subject) or _few(study, subject)):
            if any(part.momentum is not None and part.momentum < SLOW for part in norms):
                yield from net_change(
                    study,
                    self.name,
                    "let the running statistics of batch normalisation follow with momentum 0.1",
                    "batch normalisation whose running statistics lag behind",
                    usual_momentum,
                    "for part in net.modules():\n    if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):\n"
                    "        part.momentum = 0.1",
                    "normalisation",
                )
            yield from net_change(
                study,
                self.name,
                "normalise within each row (GroupNorm) instead of over the batch",
                "batch normalisation, which is another function of a batch than of its running statistics",
                group_norm,
                "from spoton.why.probes import group_norm\n\ngroup_norm(net)  # in place",
                "normalisation",
            )

    def _told(self, subject: Inside) -> Iterator[Fact]:
        scores = modes(subject)
        errors = {mode: error_of(score) for mode, score in scores.items()}
        if len(scores) == 1:
            return  # one and the same function
        listed = ", ".join(f"{score:.3f} in {mode}" for mode, score in scores.items())
        words = f"R2 of the fitted net on the training rows{subject.when}: {listed}"
        advice = ""
        if _lags(subject):
            words += ": consistent with running statistics of batch normalisation that are off"
            advice = "larger batches, a momentum of 0.1, or GroupNorm, which is the same in both modes"
        elif abs(errors.get(DROPOUT, errors[EVALUATION]) - errors[EVALUATION]) > CLEAR:
            # with it the answers scatter; without it, layers behind it meet another spread than in training
            strongest = max(dropouts(subject.start), key=lambda part: part.p)
            words += f": it is trained through dropout of up to {strongest.p:g} ({_name(subject.start, strongest)})"
            advice = "less dropout, or none: what is exact is not averaged"
        elif errors[EVALUATION] - errors.get(TRAINING, errors[EVALUATION]) > CLEAR:
            words += ": it is another net when it predicts"
        yield Fact(self.name, words, advice=advice, picture=_bars(scores))

    def _restless(self, subject: Inside) -> Iterator[Fact]:
        X = subject.raw.take(np.arange(min(len(subject.raw), 64))).X
        first, second = (np.asarray(subject.estimator.predict(X), dtype=np.float64) for _ in range(2))
        spread = max(float(first.std()), 1e-12)
        if (moved := float(np.abs(first - second).max()) / spread) <= SAME:
            return
        module = subject.module
        where = "" if module is None else restless(subject, module)
        words = f"two predictions of the same rows differ by up to {100 * moved:.2g} % of their spread"
        yield Fact(
            self.name,
            words + (f": consistent with randomness in evaluation mode, first in {where}" if where else ""),
            advice="switch noise and augmentation off where a module is not training (`if self.training`)",
        )

    def _batches(self, study: Study, subject: Inside) -> Iterator[Fact]:
        rows, size, left = len(study.train), int(subject.model.batch_size), _last(study, subject)
        drops = isinstance(subject.model, FastaiRegressor) and subject.model.kind == "tabular"
        if drops and left > LEFT_OUT * rows:
            yield Fact(
                self.name,
                f"each epoch leaves out {left} of {rows} rows, other ones each time: the last batch of {size} is "
                "incomplete, and fastai drops it",
                advice="smaller batches",
            )
        if not drops and 1 < left < FEWEST and batch_norms(subject.start):
            yield Fact(
                self.name,
                f"the last batch of each epoch has {left} rows, and batch normalisation takes its statistics from them",
                advice=f"a batch size that leaves {FEWEST} or more of {rows} rows, or none",
            )


_known: WeakKeyDictionary[Inside, dict[str, float]] = WeakKeyDictionary()


def modes(subject: Inside) -> dict[str, float]:
    """Mode -> R2 of the fitted net on the training rows; modes that make no difference are left out.

    Its weights and running statistics stay as they are.
    """
    if subject not in _known and subject.module is not None:
        found = {EVALUATION: _scored(subject, lambda held: [])}
        if batch_norms(subject.module):
            found[BATCH] = _scored(subject, batch_norms)
        if dropouts(subject.module):
            found[DROPOUT] = _scored(subject, dropouts)
        training = _scored(subject, lambda held: [held])
        if not any(abs(training - score) < ALIKE for score in found.values()):
            found[TRAINING] = training  # of both together, or of a part of the user's own
        _known[subject] = found
    return _known.get(subject, {})


def _scored(subject: Inside, parts: Callable[[Any], list[Any]]) -> float:
    """R2 with these parts in training mode."""
    held = copy.deepcopy(subject.module).eval()  # type: ignore[union-attr]
    for part in parts(held):
        part.train()
    return subject.score(held, subject.train)


def restless(subject: Inside, module: nn.Module) -> str:
    """The first part that gives another output for the same input; empty where none does, as where the rows vary."""
    import torch

    module.eval()
    passes = []
    rows = subject.train.inputs[: subject.batch_size]
    for _ in range(2):
        with torch.no_grad(), outputs_of(module) as outputs:
            subject.call(module, rows)
        passes.append(outputs)
    differ = (name for name, out in passes[0].items() if not torch.equal(out, passes[1].get(name, out)))
    found = next(differ, None)
    return "" if found is None else found or type(module).__name__


def _lags(subject: Inside) -> bool:
    """Whether batch statistics serve the fitted net better than the running ones."""
    with calm():
        scores = modes(subject)
    return BATCH in scores and error_of(scores[EVALUATION]) - error_of(scores[BATCH]) > CLEAR


def _few(study: Study, subject: Inside) -> bool:
    """Whether batch normalisation sees batches of a few rows: all, or the last one of an epoch."""
    return subject.batch_size < SMALL or 1 < _last(study, subject) < FEWEST


def _last(study: Study, subject: Inside) -> int:
    """Rows of an epoch's incomplete batch, 0 where there is none."""
    rows, size = len(study.train), int(subject.model.batch_size)
    return rows % size if rows > size else 0


def _vision(study: Study, probe: str) -> Iterator[Change]:
    """fastai's own words for it."""
    model = model_of(study.subject.estimator)
    if isinstance(model, FastaiRegressor) and model.kind == "vision":
        words, cause = "drop nothing (ps=0)", "dropout, which a regression pays for with its precision"
        code = "# fastai: vision_learner(dls, arch, ps=0.0)\nfrom spoton.why.probes import without_dropout\n\n"
        yield Change(probe, words, cause, without_dropout, f"{code}learner = without_dropout(learner)", None, "dropout")


class NoDropout(FastaiRegressor):
    """A vision learner whose head drops nothing."""

    def _head(self) -> dict[str, Any]:
        return {**super()._head(), "ps": 0.0}


def without_dropout(estimator: BaseEstimator) -> BaseEstimator:
    """A copy of the learner whose fastai vision learner drops nothing."""
    changed = clone(estimator)
    parameters = changed.get_params(deep=False)
    for key in ("regressor", "estimator"):
        if isinstance(parameters.get(key), BaseEstimator):
            return changed.set_params(**{key: without_dropout(parameters[key])})
    if steps := parameters.get("steps"):
        return changed.set_params(steps=[*steps[:-1], (steps[-1][0], without_dropout(steps[-1][1]))])
    return NoDropout(**parameters)


def _name(module: nn.Module, part: Any) -> str:
    return next((name for name, held in module.named_modules() if held is part), type(part).__name__)


def _bars(scores: dict[str, float]) -> Picture:
    return Picture(
        "bars",
        "the same fitted net on the training rows, mode by mode",
        "mode",
        "R2 on the training rows",
        x=tuple(scores),
        y=tuple(max(-1.0, score) for score in scores.values()),
    )
