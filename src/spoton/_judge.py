"""`Judge`: scores a learner after each epoch, from outside; and keeps what happened in a fit."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from spoton.data import Array
from spoton.history import History, from_sklearn
from spoton.learners import innermost, staged_predictions

KEPT = ("mse", "r2", "dist_avg", "hit", "accuracy")  # metrics of an epoch; a run has all of them


class Judge:
    """Looks on at a fit (see `spoton.history.on_epoch`).

    The learner has neither the validation rows nor a way to ask for a score: the judge holds the whole estimator, with
    its scaling of answers, and has it predict in mid-fit. Learners that cannot predict before they are done (one model
    an output, one a label) have their own history alone; boosted trees are scored stage by stage afterwards.

    Args:
        estimator: what is fitted, the outermost.
        rows: side -> number of rows, of the sides to score.
        score: (side, predicted) -> metrics by name.
        predict: side -> predictions of the estimator as it is now.
        apart: a context that gives back the state of all random numbers: a learner must not notice.
        every: score every so many epochs; 0 for never.

    Attributes:
        seconds: spent here, to be taken off the time of the fit.
    """

    def __init__(
        self,
        estimator: Any,
        score: Callable[[str, Any], dict[str, float]],
        predict: Callable[[str], Any],
        apart: Callable[[], AbstractContextManager[None]],
        *,
        every: int,
        rows: dict[str, int],
    ) -> None:
        self._estimator, self._score, self._predict, self._apart = estimator, score, predict, apart
        self._every, self._rows, self._sides = every, rows, tuple(rows)
        self._seen: list[History] = []
        self.seconds = 0.0

    def __call__(self, history: History) -> None:
        """After an epoch."""
        if not any(history is other for other in self._seen):
            self._seen.append(history)
        if not self._every or history[-1]["epoch"] % self._every:
            return
        start = perf_counter()
        try:
            with self._apart():
                history.note(**self._scores(self._predict))
        except (NotFittedError, AttributeError):
            self._every = 0  # it cannot predict before it is done
        except Exception as error:  # the fit goes on
            self._every = 0
            warnings.warn(f"no validation in mid-fit: {type(error).__name__}: {error}", stacklevel=2)
        finally:
            self.seconds += perf_counter() - start

    def history(self, *, staged: Callable[[str], Any] | None = None) -> History | None:
        """What happened, None where the learner has no epochs.

        Args:
            staged: side -> its rows, to score boosted trees stage by stage.
        """
        if len(self._seen) == 1:
            return self._seen[0]
        if self._seen:
            return History.joined(self._seen)
        if staged is not None and (found := self._stages(staged)) is not None:
            return found
        parts = [part for model in _models(self._estimator) if (part := _kept(model)) is not None]
        return History.joined(parts) if parts else None

    def _scores(self, predict: Callable[[str], Any]) -> dict[str, float]:
        found = {}
        for side in self._sides:
            predicted = np.asarray(predict(side), dtype=np.float64)
            if np.isfinite(predicted).all():  # else the epoch has no score: a fit that diverges says so itself
                scores = self._score(side, predicted)
                found.update({f"{side}_{name}": scores[name] for name in KEPT if name in scores})
        return found

    def baseline(self, y: Array) -> dict[str, float]:
        """What the mean of the training answers y (n, k) would have, as `History.baseline` holds it."""
        mean = y.mean(axis=0)
        return self._scores(lambda side: np.tile(mean, (self._rows[side], 1)))

    def _stages(self, rows: Callable[[str], Any]) -> History | None:
        """Boosted trees after each tree, or after so many that there are a hundred scores."""
        parts = [staged_predictions(self._estimator, rows(side)) for side in self._sides]
        if any(part is None for part in parts):
            return None
        history = History()
        pending: dict[str, Any] | None = None
        for number, stage in enumerate(zip(*(part for part in parts if part is not None), strict=True), 1):
            held = dict(zip(self._sides, stage, strict=True))
            pending = {"epoch": number, "held": held}
            if number % self._every == 0:
                history.append({"epoch": number, **self._scores(held.__getitem__)})
                pending = None
        if pending is not None:
            history.append({"epoch": pending["epoch"], **self._scores(pending["held"].__getitem__)})
        return history


def _models(estimator: Any) -> Iterator[Any]:
    """The models inside: several, where there is one an output or one a label."""
    model = innermost(estimator)
    held = getattr(model, "estimators_", None)
    if _kept(model) is not None or held is None:
        yield model
        return
    # a dict by label, an array of trees, or a list that NumPy must not try to look into
    for part in held.values() if isinstance(held, dict) else held.ravel() if isinstance(held, np.ndarray) else held:
        yield from _models(part)


def _kept(model: Any) -> Any:
    """The history that a fitted model has by itself."""
    own = getattr(model, "history_", None)
    if isinstance(own, History) or (isinstance(own, list) and own and all(isinstance(row, dict) for row in own)):
        return own
    return from_sklearn(model)
