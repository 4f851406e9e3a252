"""Tasks of which a store has runs, by any name that a bench takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spoton.store import Store


def canonical(name: str) -> str:
    """The one name of a task; that of the user's own data is as it is.

    Raises:
        UsageError: an option that no task has, or a value that is not possible.
    """
    from spoton.errors import UsageError
    from spoton.tasks import get_task

    try:
        return get_task(name).name
    except UsageError:
        if "?" in name:  # own data has no options
            raise
        return name


def stored_tasks(opened: Store, tasks: list[str] | None) -> list[str]:
    """Their names in the store; none where none are asked for.

    Raises:
        UsageError: the store has no runs at all.
        UnknownName: it has none of this task; the nearest of those that it has.
    """
    from spoton import catalogue
    from spoton.errors import UsageError

    there = list(opened.sql("SELECT DISTINCT task FROM runs ORDER BY task")["task"])
    if not there:
        raise UsageError(f"{opened.name} has no runs yet; spoton bench makes some, spoton import-runs brings others")
    found = []
    for name in tasks or []:
        known = name if name in there else canonical(name)
        if known not in there:
            hint = "spoton store info lists all that it has"
            raise catalogue.unknown(f"task with runs in {opened.name}", name, there, hint)
        found.append(known)
    return list(dict.fromkeys(found))
