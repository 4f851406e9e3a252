"""What a look may cost: fits of the learner as it is, only where the budget has room for them."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from spoton._evaluate import evaluate
from spoton._run import Run
from spoton.why._study import Study

_AGAIN: WeakKeyDictionary[Study, Run] = WeakKeyDictionary()


def first_run(study: Study) -> Run | None:
    """The learner's run on the first seed and all rows, where it is ok."""
    known = [run for run in study.runs if run.learner == study.subject.name and run.asked_train_size is None]
    return next((run for run in known if run.seed == study.seeds[0] and run.status == "ok"), None)


def affords(study: Study, fits: float = 1.0) -> bool:
    """Whether there is time for so many fits of the learner on all rows."""
    first = first_run(study)
    return first is not None and study.left > fits * (first.fit_seconds or 0.0)


def again(study: Study) -> Run | None:
    """The learner's first run once more, on this machine and with its predictions; made once a study.

    None where the learner fails, or where there is no time for it.
    """
    if study not in _AGAIN:
        if not affords(study):
            return None
        pair = study.subject.pair()
        learner, name = (pair, None) if isinstance(pair, str) else (pair[1], pair[0])
        _AGAIN[study] = evaluate(learner, study.task, study.seeds[0], name=name, keep_predictions=True)
    found = _AGAIN[study]
    return found if found.status == "ok" else None
