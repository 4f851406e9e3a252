"""What happened in each epoch, the same for every framework.

`SkorchHistory` and `FastaiHistory` are callbacks; they import their framework when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spoton.history._history import History as History
from spoton.history._history import on_epoch as on_epoch
from spoton.history._sklearn import fit_epochs as fit_epochs
from spoton.history._sklearn import from_sklearn as from_sklearn

if TYPE_CHECKING:
    from spoton.history._fastai import FastaiHistory as FastaiHistory
    from spoton.history._skorch import SkorchHistory as SkorchHistory

__all__ = ["FastaiHistory", "History", "SkorchHistory", "fit_epochs", "from_sklearn", "on_epoch"]


def __getattr__(name: str) -> Any:
    if name == "SkorchHistory":
        from spoton.history._skorch import SkorchHistory

        return SkorchHistory
    if name == "FastaiHistory":
        from spoton.history._fastai import FastaiHistory

        return FastaiHistory
    raise AttributeError(f"module 'spoton.history' has no attribute '{name}'")
