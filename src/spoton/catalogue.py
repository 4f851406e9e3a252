"""Finds the members of a family by looking at what its package exports: there is no registry.

A new task, learner, metric or net is one new file and one line `from ._x import X as X` in the
package's `__init__.py`; lists, help and conformance tests pick it up from here.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from typing import TypeVar

from spoton.errors import UnknownName

T = TypeVar("T")


def members(package: str, base: type[T]) -> list[T]:
    """The exported instances of `base` in `package`, sorted by their `name`."""
    module = importlib.import_module(package)
    found = [value for key, value in vars(module).items() if isinstance(value, base) and not key.startswith("_")]
    return sorted(found, key=lambda member: str(getattr(member, "name", "")))


def classes(package: str, base: type[T]) -> dict[str, type[T]]:
    """The exported subclasses of `base` in `package`, by name."""
    module = importlib.import_module(package)
    return {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, base) and not key.startswith("_")
    }


def unknown(kind: str, name: str, known: Iterable[str], hint: str = "") -> UnknownName:
    """The error for a wrong name: the nearest right ones, or all of them when none is near."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    listed = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}."
    return UnknownName(f"no {kind} is called '{name}'; {listed}{' ' + hint if hint else ''}")
