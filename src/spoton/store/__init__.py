"""Where finished runs are kept: a spool file first, then a database that people read with SQL.

`Store` and what else needs a database is imported when it is first used: a bench without a store loads no SQLAlchemy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spoton.store._journal import JOURNAL as JOURNAL
from spoton.store._journal import append as append
from spoton.store._journal import check as check
from spoton.store._journal import others as others
from spoton.store._journal import read as read
from spoton.store._names import DEFAULT as DEFAULT
from spoton.store._names import VARIABLE as VARIABLE

if TYPE_CHECKING:
    from spoton.store._copy import copy as copy
    from spoton.store._files import export_runs as export_runs
    from spoton.store._files import import_runs as import_runs
    from spoton.store._keeper import Keeper as Keeper
    from spoton.store._keeper import sync as sync
    from spoton.store._shared import refuse_shared_file as refuse_shared_file
    from spoton.store._store import Store as Store

_HOMES = {
    "Keeper": "_keeper",
    "Store": "_store",
    "copy": "_copy",
    "export_runs": "_files",
    "import_runs": "_files",
    "refuse_shared_file": "_shared",
    "sync": "_keeper",
}

__all__ = [*("DEFAULT", "JOURNAL", "VARIABLE", "append", "check", "others", "read"), *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'spoton.store' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(f"spoton.store.{_HOMES[name]}"), name)
