"""The report: one page on all runs of a store, as a file or served on loopback while a bench runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spoton.report._serve import serve as serve
    from spoton.report._write import write as write
    from spoton.report._write import write_why as write_why

_HOMES = {"serve": "_serve", "write": "_write", "write_why": "_write"}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'spoton.report' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(f"spoton.report.{_HOMES[name]}"), name)
