"""`Diagnosis`: what the experiments say, in an order of use: faults of the data, what helps, what does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import mean
from typing import TYPE_CHECKING

from spoton._run import Run
from spoton.why._change import Change
from spoton.why._effect import Effect
from spoton.why._probe import Fact

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Measured = tuple[Change, Effect]
Together = tuple[tuple[Change, ...], Effect]


@dataclass(frozen=True)
class Diagnosis:
    """What holds a learner back, as far as it was measured.

    Attributes:
        task, learner: their names.
        position: how far from the mean answer (0) to the oracle (1) the learner comes: 1 minus its error.
        hit: share of exact answers on held-out rows, where that is defined.
        facts: what was seen without a change; faults of the data first.
        measured: changes and their effects, the largest first.
        together: the best combination of changes, its effect, and the learner's name where it has one.
        untested: changes for which there was no time.
        runs: all runs.
        seconds: that it took.
        trouble: why the learner fails, where it does.
        name: of the learner with the best combination, where the catalogue has one.
        failed: changes that could not be tried, and why: the changed learner breaks.
        interrupted: it is of what was measured until then.
    """

    task: str
    learner: str
    position: float
    hit: float | None
    facts: tuple[Fact, ...]
    measured: tuple[Measured, ...]
    together: Together | None
    untested: tuple[Change, ...]
    runs: tuple[Run, ...] = field(repr=False)
    seconds: float = 0.0
    trouble: str = ""
    name: str = ""
    failed: tuple[tuple[Change, str], ...] = ()
    interrupted: bool = False

    @property
    def faults(self) -> tuple[Fact, ...]:
        """Errors of the data, which come before all else."""
        return tuple(fact for fact in self.facts if fact.fault)

    def of(self, verdict: str) -> tuple[Measured, ...]:
        """The changes with this verdict: `helps`, `harms`, `no effect` or `unclear`."""
        return tuple(pair for pair in self.measured if pair[1].verdict == verdict)

    @property
    def causes(self) -> tuple[str, ...]:
        """What the experiments are consistent with, the likeliest first: faults of the data, then what helps.

        What the best combination mends goes before what helps alone and is not needed beside it.
        """
        return tuple(dict.fromkeys(words for _, words in self.named))

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """The causes, each behind the name of the probe that tells it."""
        changes = list(self.together[0]) if self.together else []
        changes += [change for change, _ in self.of("helps")]
        faults = [(fact.probe, fact.words) for fact in self.faults]
        return tuple(dict.fromkeys([*faults, *((change.probe, change.cause) for change in changes)]))

    @property
    def code(self) -> str:
        """Python that applies the best combination, or the best single change, to `learner`; empty where none helps.

        Settings go first: they are named as the learner has them, and not behind what is put around it.
        """
        helps = self.of("helps")
        changes = self.together[0] if self.together else (helps[0][0],) if helps else ()
        lines = [line for change in changes for line in change.code.splitlines()]
        lines.sort(key=lambda line: not line.startswith("learner.set_params("))
        return "\n".join(lines)

    def to_frame(self) -> pd.DataFrame:
        """One row a change: probe, change, cause, closed, low, high, seeds, verdict.

        Those that were not tested, and those that broke, come last, without figures.
        """
        import pandas as pd

        rows = [
            {
                "probe": change.probe,
                "change": change.words,
                "cause": change.cause,
                "closed": effect.closed,
                "low": effect.low,
                "high": effect.high,
                "seeds": effect.seeds,
                "verdict": effect.verdict,
            }
            for change, effect in self.measured
        ]
        rows += [
            {"probe": c.probe, "change": c.words, "cause": c.cause, "seeds": 0, "verdict": "not tested"}
            for c in self.untested
        ]
        rows += [
            {"probe": c.probe, "change": c.words, "cause": c.cause, "seeds": 0, "verdict": "failed"}
            for c, _ in self.failed
        ]
        columns = ["probe", "change", "cause", "closed", "low", "high", "seeds", "verdict"]
        return pd.DataFrame(rows, columns=columns)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The share of the gap that each change closes, with its interval: see `spoton.plots.change_effects`."""
        from spoton.plots import canvas, change_effects

        frame = self.to_frame().dropna(subset="closed")
        return change_effects(ax or canvas(size=(7.2, 1.1 + 0.27 * len(frame))).axes[0], frame)

    def pictures(self, *, dark: bool = False) -> dict[str, Figure]:
        """A figure a finding: `effects`, then one a fact that has one, under its title."""
        from spoton.plots import canvas, fact_picture

        found: dict[str, Figure] = {}
        if self.measured:
            ax = canvas(size=(7.2, 1.1 + 0.27 * len(self.measured)), dark=dark).axes[0]
            found["effects"] = self.plot(ax).get_figure(root=True)  # type: ignore[assignment]
        for fact in self.facts:
            if fact.picture is not None:
                ax = fact_picture(canvas(dark=dark).axes[0], fact.picture)
                found[fact.picture.title] = ax.get_figure(root=True)  # type: ignore[assignment]
        return found

    def _repr_html_(self) -> str:
        from spoton.why._notebook import html

        return html(self)


def position(errors: dict[int, float], floor: dict[int, float]) -> float:
    """From 0, the mean answer, to 1, the oracle; below 0 is worse than the mean answer."""
    if not errors:
        return 0.0
    return mean(1 - (error - floor.get(seed, 0.0)) / (1 - floor.get(seed, 0.0)) for seed, error in errors.items())
