"""What layers ask of their inputs, as a sentence instead of a traceback from within.

Only types and shapes are looked at, never values: that takes a microsecond, and no GPU has to be waited for.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spoton.errors import DataError, UsageError


def check_axes(x: Any, what: str, axes: str = "") -> None:
    """Raise unless `x` is a floating-point tensor that ends in these axes, none of them empty.

    Args:
        x: what came.
        what: what it is, in the plural.
        axes: their names, as in "C H W".

    Raises:
        DataError: it is something else.
    """
    count = axes.count(" ") + 1 if axes else 0
    if isinstance(x, Tensor) and x.is_floating_point() and x.ndim >= count:
        # while torch.jit traces, sizes are tensors, and looking at one would fix it
        tracing = torch.jit.is_tracing()  # type: ignore[attr-defined,no-untyped-call]  # torch's own gap
        if not count or tracing or 0 not in x.shape[-count:]:
            return
        came, then = f"of shape {tuple(x.shape)}", "there has to be something along each of these axes"
    elif not isinstance(x, Tensor):
        came, then = f"a {type(x).__name__}", "make a tensor of it, with torch.as_tensor"
    elif not x.is_floating_point():
        bytes_ = ", and x / 255 of grey levels" if x.dtype == torch.uint8 else ""
        came, then = f"of {x.dtype}", f"give x.float(){bytes_}"
    else:
        came, then = f"of shape {tuple(x.shape)}", "add the axes that lack"
    wanted = f" (..., {', '.join(axes.split())})" if axes else ""
    raise DataError(f"{what} are tensors of floating-point numbers{wanted}, this is {came}; {then}")


def check_dim(x: Tensor, what: str, dim: int) -> None:
    """Raise unless the tensor has such an axis.

    Raises:
        UsageError: it has not.
    """
    if not -x.ndim <= dim < x.ndim:
        raise UsageError(f"{what} of shape {tuple(x.shape)} have no axis dim={dim}; give one of 0 to {x.ndim - 1}")


def check_same(what: str, found: torch.Size, wanted: torch.Size, axes: str) -> None:
    """Raise unless answers have the shape that belongs to the output: tensors of other shapes may broadcast.

    Raises:
        DataError: they have another one.
    """
    if found != wanted:
        raise DataError(
            f"{what} have the shape {axes}, here {tuple(wanted)}, and these have {tuple(found)}; give one an output"
        )


def check_counts(**counts: int) -> None:
    """Raise unless each is 1 or more.

    Raises:
        UsageError: one is not.
    """
    for name, count in counts.items():
        if count < 1:
            raise UsageError(f"this layer needs 1 or more {name}, not {count}")


def unless_nan(loss: Tensor, y: Tensor) -> Tensor:
    """The loss, or NaN where answers are NaN or infinite: as an index they would become some pixel without a word."""
    return loss + (y - y).sum().to(loss.dtype) if y.is_floating_point() else loss
