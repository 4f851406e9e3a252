"""`RangeHead`: the last layer of nets whose answers lie between limits, which can be fitted anew."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.layers._checks import check_axes

Limits = float | Sequence[float] | Tensor

# share of a range, next to its limits, that a refit bends: closer to a limit a sigmoid is too flat to lead to another
EDGE = 0.05


class RangeHead(nn.Module):
    """`lo + (hi - lo) * sigmoid(x)`, with limits of their own for each output.

    fastai's SigmoidRange has one pair of limits, and none that can be moved under a trained net. After `refit` the
    sigmoid is what it was where its answers lie well inside the new limits, and goes on to those limits from there, as
    c + room (1 - exp(-distance)): monotone and without a kink.

    Args:
        lo: lower limits, (k,) or a number.
        hi: upper limits, (k,) or a number.

    Shape: (..., k) -> (..., k).

    Raises:
        UsageError: limits that are not in order.

    Limits: a limit itself is reached only in the distance, where the gradient fades; give the samples a margin.

    Example:
        >>> import torch
        >>> head = RangeHead(lo=0.0, hi=[10.0, 20.0])
        >>> head(torch.zeros(1, 2))
        tensor([[ 5., 10.]])
    """

    lo: Tensor  # the limits, as they are now
    hi: Tensor
    base_lo: Tensor  # the sigmoid's own
    base_hi: Tensor
    x_lo: Tensor  # where the bend towards a limit begins, what room it has there, and how fast it comes near
    x_hi: Tensor
    room_lo: Tensor
    room_hi: Tensor
    rate_lo: Tensor
    rate_hi: Tensor

    def __init__(self, lo: Limits = -1.0, hi: Limits = 1.0) -> None:
        super().__init__()
        bottom, top = (torch.as_tensor(v, dtype=torch.float32) for v in (lo, hi))
        _check_order(bottom, top)
        self._set(bottom, top, *_fresh(bottom, top))

    def _set(self, *values: Tensor) -> None:
        names = ("lo", "hi", "base_lo", "base_hi", "x_lo", "x_hi", "room_lo", "room_hi", "rate_lo", "rate_hi")
        for name, value in zip(names, values, strict=True):
            self.register_buffer(name, value)

    def forward(self, x: Tensor) -> Tensor:
        """Squash `x` into the limits."""
        check_axes(x, "outputs of a net")
        base = self.base_lo + (self.base_hi - self.base_lo) * torch.sigmoid(x.clamp(self.x_lo, self.x_hi))
        above = self.room_hi * torch.expm1(-self.rate_hi * F.relu(x - self.x_hi))
        below = self.room_lo * torch.expm1(-self.rate_lo * F.relu(self.x_lo - x))
        return base - above + below

    @torch.no_grad()
    def refit(self, y: Tensor, margin: float = 0.1) -> None:
        """Move the limits to the support of samples, and keep the answers of the net before it.

        New limits: smallest and largest sample of each output, widened by `margin` of their range on both sides; half
        a unit to both sides of a constant. Answers between the smallest and the largest sample stay what they are;
        `set_limits` says which do not.

        Args:
            y: samples (n, k), or (n,) for limits that are numbers.
            margin: share of the range to leave free on both sides.

        Raises:
            DataError: no samples, samples that are not finite, or not one column a limit.
            UsageError: a negative margin.
        """
        if not margin >= 0:
            raise UsageError(f"a margin is a share of the range, 0 or more, not {margin}")
        samples = torch.as_tensor(y, dtype=torch.float64, device="cpu")
        if samples.ndim == 0 or not len(samples) or not samples.isfinite().all():
            raise DataError(f"limits are fitted to finite samples (n, k), these have shape {tuple(samples.shape)}")
        lo, hi = samples.amin(0), samples.amax(0)
        flat, room = hi <= lo, margin * (hi - lo)
        self._move(torch.where(flat, lo - 0.5, lo - room), torch.where(flat, hi + 0.5, hi + room), lo, hi, flat)

    @torch.no_grad()
    def set_limits(self, lo: Limits, hi: Limits) -> None:
        """Move the limits, and keep the answers of the net before it where they lie inside.

        Training may go on from there. What changes:

        - answers outside of the new limits, and within the outer twentieth of their range, bend towards them;
        - answers within the outer twentieth of the old range bend too, so that wider limits can be reached;
        - where that leaves nothing, as for ranges that do not overlap, the head starts afresh with the new limits;
        - limits that were numbers take the shape of the new ones, in `state_dict` too.

        Args:
            lo: lower limits, (k,) or a number.
            hi: upper limits, (k,) or a number.

        Raises:
            DataError: not one limit an output.
            UsageError: limits that are not in order.
        """
        bottom, top = (torch.as_tensor(v, dtype=torch.float64, device="cpu") for v in (lo, hi))
        self._move(bottom, top, bottom, top, torch.tensor(False))

    def _move(self, lo: Tensor, hi: Tensor, least: Tensor, most: Tensor, afresh: Tensor) -> None:
        """New limits that keep the answers between `least` and `most`; none of them where `afresh` says so."""
        # in float64, on the CPU: some devices have none
        was = {name: value.cpu().double() for name, value in self.named_buffers()}
        try:
            shape = (lo + hi + was["lo"] + was["hi"]).shape
        except RuntimeError:
            came, have = tuple(lo.shape), tuple(self.lo.shape)
            raise DataError(f"this head has limits of shape {have}, the new ones have {came}; give as many") from None
        _check_order(lo, hi)
        base_lo, base_hi = was["base_lo"], was["base_hi"]
        edge, base_edge = EDGE * (hi - lo), EDGE * (base_hi - base_lo)
        # what is still the sigmoid itself, and lies inside the new limits
        start = torch.maximum(torch.maximum(least, lo + edge), base_lo + base_edge)
        end = torch.minimum(torch.minimum(most, hi - edge), base_hi - base_edge)
        start = torch.maximum(start, base_lo + (base_hi - base_lo) * torch.sigmoid(was["x_lo"]))
        end = torch.minimum(end, base_hi - (base_hi - base_lo) * torch.sigmoid(-was["x_hi"]))
        keeps = (start < end) & ~afresh
        kept = [base_lo, base_hi]
        for at, room in ((start, start - lo), (end, hi - end)):
            low, high = at - base_lo, base_hi - at
            kept += [torch.log(low) - torch.log(high), room, low * high / (base_hi - base_lo) / room]
        kept = [kept[i] for i in (0, 1, 2, 5, 3, 6, 4, 7)]
        chosen = [torch.where(keeps, a, b) for a, b in zip(kept, _fresh(lo, hi), strict=True)]
        self._set(*(value.expand(shape).to(self.lo, copy=True) for value in (lo, hi, *chosen)))

    def extra_repr(self) -> str:
        """The limits."""
        return f"lo={self.lo.tolist()}, hi={self.hi.tolist()}"


def _fresh(lo: Tensor, hi: Tensor) -> tuple[Tensor, ...]:
    """A sigmoid between the limits that never bends."""
    nothing = torch.zeros_like(lo)
    return lo.clone(), hi.clone(), nothing - torch.inf, nothing + torch.inf, *(nothing.clone() for _ in range(4))


def _check_order(lo: Tensor, hi: Tensor) -> None:
    if lo.ndim and hi.ndim and lo.shape != hi.shape:
        raise UsageError(f"limits need one lo and one hi an output, these are {lo.numel()} and {hi.numel()}")
    if not (lo < hi).all():
        raise UsageError(f"limits need lo < hi, these are {lo.tolist()} and {hi.tolist()}")
