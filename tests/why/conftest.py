"""What the tests of probes share: a learner's own runs, then a look, or its changes on one seed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spoton import Task
from spoton.why import Fact, Probe, Study
from spoton.why._subject import subject_of

Look = Callable[..., list[Fact]]
Closes = Callable[..., dict[str, float]]


def studied(learner: object, task: Task, seeds: int = 3, store: object = None) -> Study:
    """A study whose learner has run."""
    study = Study(task, subject_of(learner, task), seeds=range(seeds), store=store)  # type: ignore[arg-type]
    study.run([study.subject.pair(), "mean"])
    return study


@pytest.fixture(scope="session")
def look() -> Look:
    """(probe, learner, task) -> what it sees."""

    def of(probe: Probe, learner: object, task: Task, **options: object) -> list[Fact]:
        return list(probe.look(studied(learner, task, **options)))  # type: ignore[arg-type]

    return of


@pytest.fixture(scope="session")
def closes() -> Closes:
    """(probe, learner, task) -> the share of the gap that each of its changes closes on one seed, by its words."""

    def of(probe: Probe, learner: object, task: Task, only: str = "") -> dict[str, float]:
        study = studied(learner, task, seeds=1)
        changes = [change for change in probe.changes(study) if only in change.words]
        study.measure([(change,) for change in changes])
        assert not study.failed
        return {key[0].words: effect.closed for key, effect in study.effects.items()}

    return of
