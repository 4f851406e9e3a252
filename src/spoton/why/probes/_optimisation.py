"""Is it the descent: too few steps, the wrong learning rate?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from numbers import Real

from sklearn.base import BaseEstimator, clone

from spoton.learners import TorchRegressor, model_of, rename
from spoton.why._change import Change, parameter, setting
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

RATES = ("lr", "learning_rate_init", "learning_rate")
EPOCHS = ("epochs", "max_iter")
FASTER = 10  # times the learning rate of Adam is what descent with momentum begins with


class Optimisation(Probe):
    """Other learning rates, four times the epochs, smaller and larger batches, another schedule and optimiser."""

    name = "optimisation"
    about = "the descent: learning rate, epochs, batch size, optimiser; whether the training rows are learned"

    def look(self, study: Study) -> Iterable[Fact]:
        runs = [run for run in study.runs if run.learner == study.subject.name and run.status == "ok"]
        losses = [run.metrics["train"]["r2"] for run in runs if "r2" in run.metrics.get("train", {})]
        if losses:
            train = sum(losses) / len(losses)
            held = [run.metrics["valid"]["r2"] for run in runs if "r2" in run.metrics["valid"]]
            valid = sum(held) / len(held) if held else math.nan  # as it is: errors are cut off at 2
            yield Fact(self.name, f"R2 on the training rows {train:.3f}, on held-out rows {valid:.3f}")

    def changes(self, study: Study) -> Iterable[Change]:
        model = study.subject.estimator
        rate = next((found for key in RATES if (found := parameter(model, key)) is not None), None)
        epochs = epochs_of(model)
        if epochs is None or rate is None or not is_number(rate[1]):
            return  # a learning rate without passes, or the other way round, is no descent of this kind
        key = rate[0].split("__")[-1]
        passes = epochs[0].split("__")[-1]
        yield setting(
            self.name, f"{4 * epochs[1]} epochs instead of {epochs[1]}", "too few epochs", passes, 4 * int(epochs[1])
        )
        for factor in (10, 3, 1 / 3, 1 / 10):
            value = float(f"{rate[1] * factor:.3g}")
            what = f"{key} {value:g} instead of {rate[1]:g}"
            cause = "a learning rate that is too low" if factor > 1 else "a learning rate that is too high"
            yield setting(self.name, what, cause, key, value, group="rate")
        batch = parameter(model, "batch_size")
        if batch is not None and is_number(batch[1]):
            for size in (max(4, int(batch[1]) // 4), 4 * int(batch[1])):
                if 2 * size <= len(study.train) and size != batch[1]:
                    cause = "batches that are too large" if size < batch[1] else "batches that are too small"
                    yield setting(self.name, f"batches of {size} instead of {batch[1]}", cause, "batch_size", size)
        yield from self._optimisers(model, float(rate[1]))

    def _optimisers(self, model: BaseEstimator, lr: float) -> Iterator[Change]:
        schedule = parameter(model, "schedule")
        if schedule is not None and schedule[1] == "flat":
            words = "a learning rate that rises and falls in one cycle"
            yield setting(self.name, words, "a learning rate that never falls", "schedule", "one-cycle")
        solver = parameter(model, "solver")
        if solver is not None and solver[1] in ("adam", "sgd"):
            for other in ("lbfgs", "sgd" if solver[1] == "adam" else "adam"):
                words = f"the solver {other} instead of {solver[1]}"
                change = setting(self.name, words, "the optimiser", "solver", other, group="optimiser")
                # lbfgs finds its own steps: it helps whatever is wrong with the rate or the epochs
                yield replace(change, bypass=other == "lbfgs")
        if isinstance(model_of(model), TorchRegressor) and parameter(model, "optimizer") is not None:
            yield _momentum(model, lr)


def _momentum(model: BaseEstimator, lr: float) -> Change:
    """Descent with momentum for Adam, or the other way round, at the rate that goes with it."""
    now = str((parameter(model, "optimizer") or ("", "adam"))[1])
    other, rate = ("sgd", FASTER * lr) if now == "adam" else ("adam", lr / FASTER)
    rate = float(f"{rate:.3g}")
    named = {"sgd": "SGD with momentum", "adam": "AdamW"}

    def apply(estimator: BaseEstimator) -> BaseEstimator:
        changed = clone(estimator)
        for key, value in (("optimizer", other), ("lr", rate)):
            if (found := parameter(changed, key)) is not None:
                changed.set_params(**{found[0]: value})
        return changed

    return Change(
        Optimisation.name,
        f"{named[other]} at lr {rate:g} instead of {named.get(now, now)} at {lr:g}",
        "the optimiser",
        apply,
        f'learner.set_params(optimizer="{other}", lr={rate!r})',
        lambda name: rename(name, options={"optimizer": other, "lr": str(rate)}),
        "rate",
    )


def epochs_of(estimator: BaseEstimator) -> tuple[str, int] | None:
    """The parameter for passes over the rows, and its value; None where there is none."""
    found = next((found for key in EPOCHS if (found := parameter(estimator, key)) is not None), None)
    return (found[0], int(found[1])) if found is not None and is_number(found[1]) else None


def is_number(value: object) -> bool:
    """A number, and no bool."""
    return isinstance(value, Real) and not isinstance(value, bool)
