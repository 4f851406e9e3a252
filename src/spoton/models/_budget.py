"""A bound on what a net may take when it is built from the parameters in a file: a small file gives a small net."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from spoton.errors import DataError

ROOM = 2**28  # bytes that a net may have beside its weights: grids, buffers, what is made and thrown away
CALLS = 100_000  # tensors that are made for it
LARGEST_SIDE, LARGEST_INPUT, LARGEST_ANSWER = 2**16, 2**26, 2**16
LARGEST_OPTION = 2**20


@contextmanager
def bounded(weights: Mapping[str, Any]) -> Iterator[None]:
    """Inside, tensors may be made of some times the size of the weights, and no more.

    Raises:
        DataError: more are asked for; they are never filled.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    most = ROOM + 8 * sum(value.numel() * value.element_size() for value in weights.values())
    makers = {
        getattr(torch, name)
        for name in ("empty", "zeros", "ones", "full", "rand", "randn", "arange", "linspace", "eye", "normal", "tensor")
    }

    class Bound(TorchFunctionMode):
        taken, calls = 0, 0

        def __torch_function__(self, function: Any, types: Any, words: Any = (), named: Any = None) -> Any:
            found = function(*words, **(named or {}))
            if function in makers and isinstance(found, torch.Tensor):
                self.calls += 1
                self.taken += found.numel() * found.element_size()
                if self.taken > most or self.calls > CALLS:
                    raise DataError("its net is far larger than its weights")
            return found

    with Bound():
        yield


def check_sizes(in_shape: Any, n_outputs: Any, options: Any = None) -> None:
    """Whether a net of these may be built at all.

    Raises:
        DataError: sizes that no model has.
    """
    sizes = list(in_shape) if isinstance(in_shape, Sequence) else []
    largest = LARGEST_SIDE if len(sizes) > 1 else LARGEST_INPUT
    total = math.prod(size if type(size) is int and 0 < size <= largest else 0 for size in sizes)
    if not sizes or not 0 < total <= LARGEST_INPUT or type(n_outputs) is not int or not 0 < n_outputs <= LARGEST_ANSWER:
        raise DataError("its net takes inputs or gives answers of a size that no model has")
    for value in (options or {}).values():
        for number in value if isinstance(value, list | tuple) else (value,):
            if isinstance(number, int | float) and abs(number) > LARGEST_OPTION:
                raise DataError("its net has sizes that no model has")
