"""spoton makes neural networks hit exact points and exact relations, and tells you why they miss.

The files `_bench.py`, `_evaluate.py` and `_recorded.py` have underscores because `spoton.bench`, `spoton.evaluate` and
`spoton.recorded` are functions: a module of the same name would take their place once it is imported.

Everything is imported when it is first used: `import spoton` loads neither torch nor scikit-learn nor pandas.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from spoton._version import __version__ as __version__

if TYPE_CHECKING:
    from spoton._bench import bench as bench
    from spoton._evaluate import Run as Run
    from spoton._evaluate import evaluate as evaluate
    from spoton._recorded import recorded as recorded
    from spoton.data import PointData as PointData
    from spoton.data import Split as Split
    from spoton.learners import get_learner as get_learner
    from spoton.learners import learner_names as learner_names
    from spoton.metrics import Metric as Metric
    from spoton.models import fit_model as fit_model
    from spoton.models import load_model as load_model
    from spoton.sweeps import sweep as sweep
    from spoton.tables import leaderboard as leaderboard
    from spoton.tasks import Task as Task
    from spoton.tasks import get_task as get_task
    from spoton.tasks import task_names as task_names


# name -> the module that it comes from
_HOMES = {
    "Metric": "spoton.metrics",
    "PointData": "spoton.data",
    "Run": "spoton._evaluate",
    "Split": "spoton.data",
    "Task": "spoton.tasks",
    "bench": "spoton._bench",
    "evaluate": "spoton._evaluate",
    "fit_model": "spoton.models",
    "get_learner": "spoton.learners",
    "get_task": "spoton.tasks",
    "leaderboard": "spoton.tables",
    "learner_names": "spoton.learners",
    "load_model": "spoton.models",
    "recorded": "spoton._recorded",
    "sweep": "spoton.sweeps",
    "task_names": "spoton.tasks",
}

__all__ = [
    "Metric",
    "PointData",
    "Run",
    "Split",
    "Task",
    "bench",
    "evaluate",
    "fit_model",
    "get_learner",
    "get_task",
    "leaderboard",
    "learner_names",
    "load_model",
    "recorded",
    "sweep",
    "task_names",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'spoton' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
