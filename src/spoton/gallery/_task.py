"""The task of a run, if it can be had here and now: without a download, and with the data that the run saw."""

from __future__ import annotations

import os
from functools import lru_cache

from spoton._run import Run
from spoton.errors import DataError, SpotonError
from spoton.names import split_name
from spoton.tasks import Task, get_task

LARGEST = 64  # pixels a side of a whole data set's images: larger ones fill gigabytes


def task_of(run: Run) -> Task:
    """The task that a run was made on, loaded by its name.

    Args:
        run: of any store.

    Returns:
        The task; its data is loaded, and is what the run saw.

    Raises:
        DataError: it is the user's own data, needs a download or much memory, is not known to this version, or has
            other data than the run saw. The sentence says which.
    """
    if run.own:
        raise DataError(f"{run.task} is data of your own, and the store does not keep it; give the task")
    task = _loaded(run.task)
    if isinstance(task, str):
        raise DataError(task)
    checked(run, task)
    return task


def checked(run: Run, task: Task) -> None:
    """Raise DataError where the task's data is not what the run saw."""
    if task.name != run.task or (run.data_hash and task.data_hash != run.data_hash):
        raise DataError(
            f"the data of {run.task} is not what the run saw (its hash was {run.data_hash or 'not kept'}); "
            "another version of spoton made it, or other files"
        )


@lru_cache(maxsize=16)
def _loaded(name: str) -> Task | str:
    """The task with its data, or the reason why there is none; asked once a process."""
    if reason := _too_far(name):
        return reason
    try:
        task = get_task(name)
        len(task.data_hash)  # loads it
    except (SpotonError, MemoryError) as error:
        return f"{name} cannot be loaded: {error}"
    return task


def _too_far(name: str) -> str:
    """Why a name is not loaded for a picture's sake; empty where it is."""
    try:
        stem, options = split_name(name)
    except SpotonError as error:
        return str(error)
    source = options.get("data", "auto")
    if source != "auto" and not os.environ.get("SPOTON_DATA"):
        return f"{name} needs all of {source}, and pictures download nothing; set SPOTON_DATA to where it is"
    sizes = options.get("size", "")
    if source != "auto" and sizes.isdigit() and int(sizes) > LARGEST:
        return f"all images of {name} do not fit the memory of a report; give the task"
    if stem.partition("/")[0] == "california":
        from spoton.tasks._california import at_hand

        if not at_hand():
            return f"{name} is a download, and pictures download nothing; set SCIKIT_LEARN_DATA to where it is"
    return ""
