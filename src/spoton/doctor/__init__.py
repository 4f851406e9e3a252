"""What is installed, found and reachable on this machine, and what is broken: `spoton doctor`.

A group of checks is one file with one function that gives findings. A check that breaks is a finding too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from spoton.doctor import _data, _extras, _kernels, _machine, _packages, _store, _terminal
from spoton.doctor._finding import Finding as Finding

__all__ = ["Finding", "examine"]


def examine(store: str | None = None, *, imports: bool = True) -> Iterator[Finding]:
    """All findings, group by group, each as soon as it is known.

    Args:
        store: database to ask for; by default that of SPOTON_STORE, else `spoton.db`. Nothing is written to it.
        imports: import each package in a process of its own, which takes seconds and finds what is broken.
    """
    groups: dict[str, Callable[[], Iterator[Finding]]] = {
        "machine": _machine.check,
        "packages": lambda: _packages.check(imports),
        "graphics": lambda: _machine.graphics(imports),
        "extras": lambda: _extras.check(imports),
        "kernels": _kernels.check,
        "data": _data.check,
        "store": lambda: _store.check(store),
        "terminal": _terminal.check,
    }
    for group, check in groups.items():
        try:
            yield from check()
        except Exception as error:  # a doctor does not fall ill
            yield Finding(group, group, "broken", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
