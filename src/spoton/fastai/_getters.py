"""`with_getters`: a DataBlock with other getters, which a change of its attributes does not give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from spoton.errors import UsageError

Getters = Callable[..., Any] | Sequence[Callable[..., Any]]


def with_getters(dblock: Any, *, get_x: Getters | None = None, get_y: Getters | None = None) -> Any:
    """A copy of a DataBlock that gets its inputs or its targets in another way.

    `copy.deepcopy(dblock)` and then `copied.get_y = other` raises no error and changes nothing: a DataBlock reads
    `get_x` and `get_y` once, when it is made.

    Args:
        dblock: a DataBlock; it stays as it is.
        get_x: one function, or one an input.
        get_y: one function, or one a target.

    Returns:
        The new DataBlock.

    Raises:
        UsageError: not one function an input or a target, or nothing to change.

    Limits: what the blocks learned from data, as the vocabulary of a CategoryBlock, is kept: call this before
    `dblock.dataloaders`.

    Example:
        >>> corners = with_getters(dblock, get_y=corners_of)  # doctest: +SKIP
    """
    if get_x is None and get_y is None:
        raise UsageError("there is nothing to change; give get_x, get_y or both")
    changed = deepcopy(dblock)
    changed.getters = list(changed.getters)
    for name, given, part in (
        ("get_x", get_x, slice(None, dblock.n_inp)),
        ("get_y", get_y, slice(dblock.n_inp, None)),
    ):
        if given is None:
            continue
        functions = [given] if callable(given) else list(given)
        places = len(changed.getters[part])
        if len(functions) != places or not all(callable(function) for function in functions):
            raise UsageError(f"this DataBlock needs {places} functions as {name}, not {functions!r}; give one a block")
        changed.getters[part] = functions
        setattr(changed, name, given)
    return changed
