"""`Sweep`: what a sweep found."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from optuna.trial import FrozenTrial, TrialState

from spoton._run import Run
from spoton.errors import DataError
from spoton.sweeps._claims import CLAIM, MADE, PLANNED, counted, learner_of
from spoton.sweeps._plan import Plan
from spoton.sweeps._search import DONE, REASON, RUN, SECONDS
from spoton.sweeps._space import Setting

if TYPE_CHECKING:
    import pandas as pd
    from optuna.study import Study

    from spoton.store import Store

STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
PICTURE = "sweep.png"
LEAST = 4  # finished trials that say something of what is important


@dataclass(frozen=True)
class Row:
    """One trial.

    Attributes:
        number: Optuna's.
        state: `complete`, `pruned`, `failed`, or `running` in another process.
        value: the metric on the rows held out; of a pruned trial when it was stopped; None where it failed.
        params: the setting.
        learner: its name.
        epochs: passes over the data that were made.
        planned: passes that were planned.
        seconds: of the fit.
        reason: why it failed, or where it was stopped.
        run: id of its run in the store.
    """

    number: int
    state: str
    value: float | None
    params: Setting
    learner: str
    epochs: int | None
    planned: int | None
    seconds: float | None
    reason: str
    run: str


@dataclass
class Sweep:
    """What a sweep found. Its figures of trials served to choose; what the choice is worth is in `report`.

    Attributes:
        plan: what was to be done.
        study: Optuna's study. Trials in it that are `void`, or failed and were not `made`, do not count.
        trials: those that count, in the order in which they were drawn.
        runs: of the trials, as far as they are known here or in the store.
        finals: runs of the best few on further splits.
        report: runs of the best, and of the learner as it was given, on the validation side of the reported seeds;
            empty while other processes still make trials, or where no trial was completed.
        best: the trial that was chosen, None where none was completed.
        made: trials that were made now; the others were there.
    """

    plan: Plan
    study: Study
    trials: list[Row]
    runs: list[Run]
    made: int = 0
    finals: list[Run] = field(default_factory=list)
    report: list[Run] = field(default_factory=list)
    best: Row | None = None

    @classmethod
    def of(cls, plan: Plan, study: Study, runs: Mapping[int, Run], store: Store | None, made: int) -> Sweep:
        """Read the study; runs of earlier calls come from the store."""
        held = counted(study.get_trials(deepcopy=False))
        missing = {_made(trial).get(RUN) for trial in held if trial.number not in runs}
        earlier: dict[str, Run] = {}
        if missing and store is not None:
            earlier = {run.id: run for run in store.runs(task=plan.tuning.name) if run.id in missing}
        found = [runs.get(trial.number) or earlier.get(_made(trial).get(RUN, "")) for trial in held]
        result = cls(plan, study, [_row(plan, t) for t in held], [run for run in found if run is not None], made)
        result.best = next(iter(result.ranked()), None)
        return result

    def ranked(self) -> list[Row]:
        """The completed trials, the best first; among equals that with the smaller squared error."""
        errors = {run.id: run.metrics.get("valid", {}).get("mse", math.inf) for run in self.runs}
        done = [row for row in self.trials if row.state == "complete"]
        return sorted(done, key=lambda row: (self._worse(row.value), errors.get(row.run, math.inf), row.number))

    def _worse(self, value: float | None) -> float:
        """What is to be small."""
        return math.inf if value is None else -value if self.plan.greater else value

    def choose(self) -> None:
        """The best mean over the trial and its repetitions; a finalist that fails there is out."""
        if not self.finals:
            return
        self.best = min(self.ranked()[: self.plan.finalists], key=lambda row: self._worse(self.mean_of(row)))

    def mean_of(self, row: Row) -> float | None:
        """The mean of a finalist over all splits of the tuning rows; None where one of its runs failed."""
        again = [
            run.metrics.get("valid", {}).get(self.plan.metric) for run in self.finals if run.learner == row.learner
        ]
        values = [row.value, *again]
        return None if any(value is None for value in values) else fmean(value for value in values if value is not None)

    @property
    def best_params(self) -> Setting:
        """The setting that was chosen; empty where no trial was completed."""
        return dict(self.best.params) if self.best else {}

    @property
    def best_learner(self) -> Any:
        """The learner with it, as `evaluate` and `bench` take it."""
        return self.plan.family(self.best_params)[1]

    def to_frame(self) -> pd.DataFrame:
        """One row a trial: number, state, value, a column a parameter, and what else a `Row` has."""
        import pandas as pd

        names = ("learner", "epochs", "planned", "seconds", "reason", "run")
        columns = ["number", "state", "value", *self.plan.space.parts, *names]
        rows = [
            [row.number, row.state, row.value, *(row.params.get(key) for key in self.plan.space.parts)]
            + [getattr(row, name) for name in names]
            for row in self.trials
        ]
        # a parameter may be called like a column
        columns = [name if columns.index(name) == i else f"{name}_" for i, name in enumerate(columns)]
        return pd.DataFrame(rows, columns=columns)

    def _repr_html_(self) -> str:
        from spoton.sweeps._card import html

        return html(self)

    def to_dict(self) -> dict[str, Any]:
        """What was asked, all trials, the choice, and what it is worth: rows of runs, one a split."""
        asked = {"task": self.plan.task.name, "learner": self.plan.family.name, "metric": self.plan.metric}
        chosen = None if self.best is None else {"learner": self.best.learner, "params": self.best_params}
        rows = [row for run in self.report for row in run.rows()]
        return asked | {"best": chosen, "trials": [asdict(row) for row in self.trials], "report": rows}

    def importance(self) -> dict[str, float]:
        """Parameter -> its share in what sets good trials apart, the largest first; empty below four finished trials.

        PED-ANOVA (Watanabe, Bansal and Hutter, IJCAI 2023), Optuna's evaluator, for the best tenth of the trials or
        the best five. With few trials it is a hint, no finding.
        """
        import optuna

        done = [row for row in self.trials if row.state == "complete"]
        several = [key for key, part in self.plan.space.parts.items() if len(part.values() or [0, 0]) > 1]
        if len(done) < LEAST or len({row.value for row in done}) < 2:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an interface that may change
            best = min(0.5, max(0.1, 5 / len(done)))
            evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=best)
            return optuna.importance.get_param_importances(self.study, evaluator=evaluator, params=several)

    def draw(self, path: str | Path | None = None, *, dark: bool = False) -> Any:
        """Pictures of the trials in one figure: progress, importance, the most important parameters, two against each.

        Args:
            path: also write it there; the ending says the kind, as in .png, .svg, .pdf.
            dark: on a dark background.

        Returns:
            The figure.

        Raises:
            DataError: no trial has a score, or the file cannot be written.
        """
        from spoton.plots import sweep_figure

        logs = [key for key, part in self.plan.space.parts.items() if getattr(part, "log", False)]
        figure = sweep_figure(self.to_frame(), self.importance(), self.plan.metric, logs=logs, dark=dark)
        if path is not None:
            try:
                figure.savefig(path, facecolor=figure.get_facecolor())
            except (OSError, ValueError) as error:
                raise DataError(f"the picture {path} cannot be written ({error}); name another file") from error
        return figure

    def keep(self, store: Store, *, again: bool = True) -> None:
        """Keep the figure in the store, as the artifact `sweep.png` of the winner's first reported run.

        Args:
            store: the store.
            again: draw it also where the store has one.

        Raises:
            DataError: no trial has a score.
            StoreError: the run is not in the store, or it cannot be written.
        """
        winners = [run.id for run in self.report if self.best and run.learner == self.best.learner]
        run = [*winners, self.best.run if self.best else ""][0]
        if not again and PICTURE in store.artifacts(run):
            return
        data = io.BytesIO()
        figure = self.draw()
        figure.savefig(data, format="png", dpi=100, facecolor=figure.get_facecolor())
        store.add_artifact(run, PICTURE, data.getvalue(), "image/png")


def _row(plan: Plan, trial: FrozenTrial) -> Row:
    made = _made(trial)
    return Row(
        number=trial.number,
        state=STATES.get(trial.state, "running"),
        value=trial.value if trial.state != TrialState.FAIL else None,
        params=plan.space.settle(trial.params),
        learner=learner_of(trial),
        epochs=made.get(DONE),
        planned=trial.user_attrs[CLAIM][PLANNED],
        seconds=made.get(SECONDS),
        reason=made.get(REASON, ""),
        run=made.get(RUN, ""),
    )


def _made(trial: FrozenTrial) -> dict[str, Any]:
    found: dict[str, Any] = trial.user_attrs.get(MADE, {})
    return found
