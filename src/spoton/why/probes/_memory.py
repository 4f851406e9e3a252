"""Can it learn a few rows by heart?"""

from __future__ import annotations

import math
from collections.abc import Iterable

from spoton.why._change import parameter, setting
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study
from spoton.why.probes._cost import affords
from spoton.why.probes._optimisation import epochs_of, is_number

FEW = 32  # rows that any net should be able to learn by heart
KNOWN = 0.99  # R2 from which on they are
MOST = 2000  # epochs


class Memory(Probe):
    """The learner on 32 rows and on one batch, with as many steps as its whole training has."""

    name = "memory"
    about = "whether it can learn 32 rows, one batch and all rows by heart"

    def look(self, study: Study) -> Iterable[Fact]:
        epochs = epochs_of(study.subject.estimator)
        if epochs is None or not study.base or study.task.kind == "class":
            return
        rows = len(study.train)
        batch = parameter(study.subject.estimator, "batch_size")
        size = int(batch[1]) if batch is not None and is_number(batch[1]) else FEW
        scores = {}
        for few in sorted({FEW, size}):
            if 2 * few > rows or few < 4 or not affords(study):
                continue
            # a batch of few rows is smaller, and so is its step's cost
            steps = epochs[1] * math.ceil(rows / size) / math.ceil(few / size)
            asked = int(min(MOST, max(epochs[1], steps)))
            words = f"{asked} epochs"
            learner = study.subject.with_changes([setting(self.name, words, "", epochs[0].split("__")[-1], asked)])
            runs = study.run([learner], study.seeds[:1], train_sizes=[few])
            found = [run.metrics["train"]["r2"] for run in runs if "r2" in run.metrics.get("train", {})]
            if found:
                scores[few] = found[0]
        if not scores:
            return
        whole = [run.metrics["train"]["r2"] for run in study.runs if self._is_base(study, run)]
        told = {**{f"{few} rows": score for few, score in scores.items()}}
        if whole:
            told[f"all {rows}"] = sum(whole) / len(whole)
        listed = ", ".join(f"{score:.3f} on {name}" for name, score in told.items())
        knows = min(scores.values()) >= KNOWN
        yield Fact(
            self.name,
            f"trained on these rows alone with as many steps, R2 on the same rows is {listed}: "
            + ("it can learn few rows by heart" if knows else "it does not learn few rows by heart"),
            advice="" if knows else "look at the descent, the limits and the scale of its outputs before the data",
        )

    def _is_base(self, study: Study, run: object) -> bool:
        plain = getattr(run, "learner", "") == study.subject.name and getattr(run, "asked_train_size", 0) is None
        return plain and "r2" in getattr(run, "metrics", {}).get("train", {})
