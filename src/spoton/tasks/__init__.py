"""Tasks: what is to be learned. A family is one file and one export line here."""

from __future__ import annotations

from functools import lru_cache

from spoton import catalogue, names
from spoton.errors import UsageError
from spoton.tasks._california import CALIFORNIA as CALIFORNIA
from spoton.tasks._california import CALIFORNIA_LIKE as CALIFORNIA_LIKE
from spoton.tasks._columns import FAMILY as COLUMNS
from spoton.tasks._family import Option as Option
from spoton.tasks._family import TaskFamily as TaskFamily
from spoton.tasks._linear import FAMILY as LINEAR
from spoton.tasks._lists import FAMILY as LISTS
from spoton.tasks._plans import FAMILY as PLANS
from spoton.tasks._pnist import FAMILY as PNIST
from spoton.tasks._qnist import FAMILY as QNIST
from spoton.tasks._real import FAMILY as REAL
from spoton.tasks._scenes import FAMILY as SCENES
from spoton.tasks._scenes import SceneObjects as SceneObjects
from spoton.tasks._scenes import scene_objects as scene_objects
from spoton.tasks._tables import DIABETES as DIABETES
from spoton.tasks._tables import FRIEDMAN1 as FRIEDMAN1
from spoton.tasks._tables import FRIEDMAN2 as FRIEDMAN2
from spoton.tasks._tables import FRIEDMAN3 as FRIEDMAN3
from spoton.tasks._tables import PRODUCTS as PRODUCTS
from spoton.tasks._tables import STEPS as STEPS
from spoton.tasks._task import Loaded as Loaded
from spoton.tasks._task import Task as Task

__all__ = [
    "CALIFORNIA",
    "CALIFORNIA_LIKE",
    "COLUMNS",
    "DIABETES",
    "FRIEDMAN1",
    "FRIEDMAN2",
    "FRIEDMAN3",
    "LINEAR",
    "LISTS",
    "PLANS",
    "PNIST",
    "PRODUCTS",
    "QNIST",
    "REAL",
    "SCENES",
    "STEPS",
    "Loaded",
    "Option",
    "SceneObjects",
    "Task",
    "TaskFamily",
    "families",
    "get_task",
    "scene_objects",
    "task_names",
]


def families() -> list[TaskFamily]:
    """All task families, in the order of the exports above."""
    return sorted(catalogue.members(__name__, TaskFamily), key=lambda family: ORDER.get(family.name, 9))


ORDER = {
    "pnist": 0,
    "qnist": 1,
    "scenes": 2,
    "plans": 3,
    "lists": 4,
    "columns": 5,
    "linear": 6,
}  # points first in every list


def task_names() -> dict[str, str]:
    """Names without options, each with its line."""
    return {name: about for family in families() for name, about in family.task_names().items()}


def get_task(name: str) -> Task:
    """The task of that name, as in `get_task("pnist/topleft?digits=all&size=56")`.

    Options in any order make the same task; its `name` is the canonical one, sorted and without defaults.

    Raises:
        UsageError: an unknown task or option, or a value that is not possible.
    """
    if not isinstance(name, str):
        raise UsageError(f"a task is named by text, as in 'pnist/topleft', not by {name!r}; task_names() lists them")
    return _cached(_canonical(name))


@lru_cache(maxsize=256)
def _canonical(name: str) -> str:
    stem, options = names.split_name(name)
    for family in families():
        if stem in family.task_names():
            return family.build(stem, options).name
    raise catalogue.unknown("task", stem, task_names())


@lru_cache(maxsize=8)
def _cached(canonical: str) -> Task:
    # one Task object a name, so that its data is loaded once a process
    stem, options = names.split_name(canonical)
    return next(f for f in families() if stem in f.task_names()).build(stem, options)
