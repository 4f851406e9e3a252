"""`y_range_for` and `with_y_range`: limits of the answers, with room, for fastai's models and for any other."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.layers import RangeHead


def y_range_for(y: Any, margin: float = 0.5) -> tuple[Any, Any]:
    """Limits for `y_range=`: the smallest and the largest target, widened.

    A sigmoid reaches its limits in infinity alone. With the extremes of the targets themselves as limits, the targets
    next to them are never met, and their gradients fade.

    Args:
        y: targets (n,) or (n, k): a list, NumPy, pandas or torch.
        margin: share of the range to leave free on both sides. Half a unit for a target that is constant.

    Returns:
        (lo, hi): two numbers for one target, two float32 tensors (k,) for several.

    Raises:
        DataError: no targets, or some that are no finite numbers.
        UsageError: a negative margin.

    Example:
        >>> y_range_for([0.0, 10.0], margin=0.1)
        (-1.0, 11.0)
    """
    if not margin >= 0:
        raise UsageError(f"a margin is a share of the range, 0 or more, not {margin}")
    try:
        rows = torch.as_tensor(y.to_numpy(copy=True) if hasattr(y, "to_numpy") else y, dtype=torch.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"limits are fitted to targets that are numbers ({error})") from error
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or not rows.numel() or not rows.isfinite().all():
        raise DataError(f"limits are fitted to finite targets (n,) or (n, k), these have shape {tuple(rows.shape)}")
    lo, hi = rows.amin(0), rows.amax(0)
    room = torch.where(hi > lo, margin * (hi - lo), 0.5)
    lo, hi = lo - room, hi + room
    return (lo.item(), hi.item()) if len(lo) == 1 else (lo.float(), hi.float())


def with_y_range(module: nn.Module, lo: Any, hi: Any) -> nn.Module:
    """A model whose answers lie between limits, as fastai's own have with `y_range=`.

    Args:
        module: any model, of any number of inputs. A `Sequential` gets a last layer, so that its parts, and what splits
            them into groups, stay; any other is wrapped.
        lo: lower limits, a number or (k,).
        hi: upper limits, a number or (k,).

    Returns:
        The model. The limits are buffers of a `spoton.layers.RangeHead`: saved, exported and moved with it, where the
        tensors of fastai's `SigmoidRange` stay behind on the CPU.

    Raises:
        UsageError: limits that are not in order.

    Example:
        >>> learn = Learner(dls, with_y_range(net, *y_range_for(df.y)))  # doctest: +SKIP
    """
    head = RangeHead(lo, hi)
    if isinstance(module, nn.Sequential):
        return module.append(head)
    return Ranged(module, head)


class Ranged(nn.Module):
    """`net`, then `head`.

    Args:
        net: any module.
        head: what its answers go through.
    """

    def __init__(self, net: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.net, self.head = net, head

    def forward(self, *inputs: Any) -> Tensor:
        """Answers between the limits."""
        answers: Tensor = self.head(self.net(*inputs))
        return answers

    def reset(self) -> None:
        """What fastai calls before each fit, for nets with a state."""
        if callable(reset := getattr(self.net, "reset", None)):
            reset()
