"""`FirstIndex` and `LastIndex`: where along an axis the first or last hit is, by survival."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.layers._checks import check_axes, check_dim
from spoton.layers._survival import log_first, log_sigmoid
from spoton.layers._tempered import keep_temperature

MODES = ("soft", "st", "gumbel", "hard")


def first_index(
    logits: Tensor, dim: int = -1, *, mode: str = "soft", reverse: bool = False, none: float = -1.0
) -> tuple[Tensor, Tensor]:
    """Index of the first hit along an axis, and the probability that there is none.

    P(first at i) = m_i prod over j < i of (1 - m_j), m = sigmoid(logits). Of several hits the first wins: ties do not
    exist. Where there is none, the index is `none`, in `soft` mode in proportion to its probability.

    Args:
        logits: logits of a hit, any shape.
        dim: the axis.
        mode: `soft` (expected index), `hard` (first logit > 0, no gradient), `st` (`hard` forward, `soft` backward) or
            `gumbel` (an index drawn from the distribution, `soft`-like backward).
        reverse: the last hit instead of the first.
        none: the index where there is no hit.

    Returns:
        (index, p_none), both the shape of `logits` without `dim`.

    Raises:
        UsageError: an unknown mode.
    """
    if mode not in MODES:
        raise UsageError(f"no mode is called '{mode}'; known: {', '.join(MODES)}")
    check_axes(logits, "logits", "L")
    check_dim(logits, "logits", dim)
    z = logits.movedim(dim, -1)
    place = torch.arange(z.shape[-1], device=z.device, dtype=z.dtype)
    log_hit, log_miss = log_sigmoid(z), log_sigmoid(-z)
    log_none = log_miss.sum(-1)
    if mode == "hard":
        return _hard(z, place, reverse, none), log_none.exp()
    log_p = log_first(log_hit, log_miss, reverse=reverse)
    if mode == "gumbel":
        every = torch.cat([log_p, log_none.unsqueeze(-1)], dim=-1)
        chosen = F.gumbel_softmax(every, hard=True, dim=-1)
        places = torch.cat([place, place.new_tensor([none])])
        return (chosen * places).sum(-1), log_none.exp()
    soft = (log_p.exp() * place).sum(-1) + log_none.exp() * none
    if mode == "st":
        soft = _hard(z, place, reverse, none) + (soft - soft.detach())  # exactly the hard value
    return soft, log_none.exp()


def _hard(z: Tensor, place: Tensor, reverse: bool, none: float) -> Tensor:
    """The argmax rule: a place outside of all for what is no hit, then the smallest or largest place."""
    hit = z > 0
    size = z.shape[-1]
    if reverse:
        index = torch.where(hit, place, -1.0).amax(-1)
        return torch.where(index < 0, none, index)
    index = torch.where(hit, place, size).amin(-1)
    return torch.where(index >= size, none, index)


class FirstIndex(nn.Module):
    """Index of the first hit along an axis; see `first_index`.

    Args:
        dim: the axis.
        mode: `soft`, `st`, `gumbel` or `hard`.
        temperature: divides the logits; below 1 it sharpens. `learnable=True` makes its logarithm a parameter.
        none: the index where there is no hit.
        learnable: learn the temperature.

    Shape: (..., L, ...) -> the same without `dim`.

    Raises:
        UsageError: an unknown mode, or a temperature that is not positive.
    """

    reverse = False
    log_temperature: Tensor

    def __init__(
        self,
        dim: int = -1,
        mode: str = "soft",
        temperature: float = 1.0,
        none: float = -1.0,
        learnable: bool = False,
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise UsageError(f"no mode is called '{mode}'; known: {', '.join(MODES)}")
        self.dim, self.mode, self.none = dim, mode, none
        keep_temperature(self, temperature, learnable)

    def forward(self, logits: Tensor) -> Tensor:
        """The index."""
        scaled = logits * torch.exp(-self.log_temperature).to(logits.dtype)
        return first_index(scaled, self.dim, mode=self.mode, reverse=self.reverse, none=self.none)[0]

    def extra_repr(self) -> str:
        """Axis and mode."""
        return f"dim={self.dim}, mode={self.mode!r}, none={self.none}"


class LastIndex(FirstIndex):
    """Index of the last hit along an axis; see `first_index` with `reverse=True`."""

    reverse = True
