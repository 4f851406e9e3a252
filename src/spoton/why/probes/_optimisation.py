"""Is it the descent: too few steps, the wrong learning rate?"""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real

from spoton.why._change import Change, parameter, setting
from spoton.why._effect import error_of
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

RATES = ("lr", "learning_rate_init", "learning_rate")
EPOCHS = ("epochs", "max_iter")
FEW = 32  # rows that any net should be able to learn by heart


class Optimisation(Probe):
    """Other learning rates, four times the epochs, smaller and larger batches."""

    name = "optimisation"
    about = "the descent: learning rate, epochs, batch size; whether the training rows are learned"

    def look(self, study: Study) -> Iterable[Fact]:
        runs = [run for run in study.runs if run.learner == study.subject.name and run.status == "ok"]
        losses = [run.metrics["train"]["r2"] for run in runs if "r2" in run.metrics.get("train", {})]
        if not losses:
            return
        train = sum(losses) / len(losses)
        valid = 1 - sum(error_of(run) ** 2 for run in runs) / len(runs)
        yield Fact(self.name, f"R2 on the training rows {train:.3f}, on held-out rows {valid:.3f}")
        if len(study.train) > 2 * FEW:
            few = study.run([study.subject.pair()], study.seeds[:1], train_sizes=[FEW])
            scores = [run.metrics["train"]["r2"] for run in few if "r2" in run.metrics.get("train", {})]
            if scores:
                yield Fact(self.name, f"trained on {FEW} rows alone, R2 on these {scores[0]:.3f}")

    def changes(self, study: Study) -> Iterable[Change]:
        model = study.subject.estimator
        rate = next((found for key in RATES if (found := parameter(model, key)) is not None), None)
        epochs = next((found for key in EPOCHS if (found := parameter(model, key)) is not None), None)
        if epochs is None or rate is None or not _number(rate[1]) or not _number(epochs[1]):
            return  # a learning rate without passes, or the other way round, is no descent of this kind
        key = rate[0].split("__")[-1]
        for factor in (10, 3, 1 / 3, 1 / 10):
            value = float(f"{rate[1] * factor:.3g}")
            what = f"{key} {value:g} instead of {rate[1]:g}"
            cause = "a learning rate that is too low" if factor > 1 else "a learning rate that is too high"
            yield setting(self.name, what, cause, key, value, group="rate")
        passes = epochs[0].split("__")[-1]
        yield setting(
            self.name, f"{4 * epochs[1]} epochs instead of {epochs[1]}", "too few epochs", passes, 4 * int(epochs[1])
        )
        batch = parameter(model, "batch_size")
        if batch is not None and _number(batch[1]):
            for size in (max(4, int(batch[1]) // 4), 4 * int(batch[1])):
                if 2 * size <= len(study.train):
                    cause = "batches that are too large" if size < batch[1] else "batches that are too small"
                    yield setting(self.name, f"batches of {size} instead of {batch[1]}", cause, "batch_size", size)


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
