"""`SoftRank`: the place of each element in the sorted list, by comparing all pairs. Exact in `hard` mode.

Pairs are compared as (k_i - k_j) / temperature: subtracted first, so that even neighbouring floats get the right sign,
and then scaled. Memory grows with the square of the list's length.
"""

from __future__ import annotations

import torch
from torch import Tensor

from spoton.layers._checks import check_axes, check_counts, check_dim
from spoton.layers._grid import centres, check_temperature, wide
from spoton.layers._survival import LOG_ZERO
from spoton.layers._tempered import MODES, Tempered, check_word

TIES = ("first", "last", "even")


def soft_rank(
    keys: Tensor,
    dim: int = -1,
    *,
    mode: str = "soft",
    temperature: float | Tensor = 1.0,
    descending: bool = False,
    ties: str = "first",
    weights: Tensor | None = None,
) -> Tensor:
    """The place of each element in the sorted list: how many others come before it.

    r_i = sum over j != i of w_j sigmoid((k_i - k_j) / temperature): the approximate ranks of Qin, Liu and Li, "A
    general approximation framework for direct optimization of information retrieval measures", 2010, with a rule for
    equal keys.

    Args:
        keys: what is ordered, any shape, L along `dim`.
        dim: the axis.
        mode: `soft`, `hard` (whole numbers, no gradient for the keys) or `st` (`hard` forward, `soft` backward).
        temperature: divides differences of keys; a number, or a tensor without axes.
        descending: the largest first.
        ties: of equal keys the `first` in the list comes before, as in a stable sort, or the `last`, or `even`: each
            is half before the other, so that equal keys share their mean rank.
        weights: how much each element counts, broadcast with `keys`; 1 by default.

    Returns:
        Ranks from 0, in the shape to which `keys` and `weights` broadcast.

    Raises:
        UsageError: an unknown mode or kind of ties.
    """
    check_word("mode", mode, MODES)
    check_word("kind of ties", ties, TIES)
    check_axes(keys, "keys", "L")
    check_dim(keys, "keys", dim)
    if not isinstance(temperature, Tensor):
        check_temperature(temperature)
    k = keys.movedim(dim, -1).to(wide(keys.dtype))
    away = k.unsqueeze(-2) - k.unsqueeze(-1) if descending else k.unsqueeze(-1) - k.unsqueeze(-2)
    lead = _lead(centres(k.shape[-1], k), ties)
    before = torch.where(away == 0, lead, (away > 0).to(k.dtype))
    if mode != "hard":
        soft = torch.where(away == 0, lead, torch.sigmoid(away / temperature))
        before = soft if mode == "soft" else before + (soft - soft.detach())
    if weights is not None:
        before = before * weights.movedim(dim, -1).to(k.dtype).unsqueeze(-2)
    return before.sum(-1).to(keys.dtype).movedim(-1, dim)


def _lead(place: Tensor, ties: str) -> Tensor:
    """How far j comes before i where their keys are equal, (L of i, L of j); nothing comes before itself."""
    step = place.unsqueeze(-1) - place
    if ties == "even":
        return (step != 0).to(place.dtype) / 2
    return (step > 0 if ties == "first" else step < 0).to(place.dtype)


def log_places(rank: Tensor, places: int, sharpness: float | Tensor = 1.0) -> Tensor:
    """log P(element i stands at place p), from ranks: log softmax over i of -sharpness |r_i - p|.

    Args:
        rank: (..., L) from 0.
        places: number of places, the first ones.
        sharpness: how fast it falls with the distance; infinity for whole ranks, which leave no doubt.

    Returns:
        (..., places, L).
    """
    check_axes(rank, "ranks", "L")
    check_counts(places=places)
    place = centres(places, rank).unsqueeze(-1)
    away = (rank.unsqueeze(-2) - place).abs()
    if isinstance(sharpness, float) and sharpness == float("inf"):
        return torch.where(away == 0, 0.0, LOG_ZERO).to(rank.dtype)
    return torch.log_softmax(-sharpness * away, dim=-1).to(rank.dtype)


class SoftRank(Tempered):
    """`soft_rank` as a module.

    Args:
        dim: the axis.
        mode: `soft`, `st` or `hard`.
        descending: the largest first.
        ties: `first`, `last` or `even`.
        temperature: where it begins.
        learnable: learn the logarithm of the temperature.

    Shape: (..., L, ...) -> the same.

    Example:
        >>> import torch
        >>> SoftRank(mode="hard")(torch.tensor([0.3, 0.1, 0.3, 0.2]))
        tensor([2., 0., 3., 1.])
    """

    def __init__(
        self,
        dim: int = -1,
        mode: str = "soft",
        *,
        descending: bool = False,
        ties: str = "first",
        temperature: float = 1.0,
        learnable: bool = False,
    ) -> None:
        super().__init__(dim, temperature, learnable)
        self.mode, self.ties = check_word("mode", mode, MODES), check_word("kind of ties", ties, TIES)
        self.descending = descending

    def forward(self, keys: Tensor) -> Tensor:
        """Ranks."""
        temperature = self.temperature(keys)
        return soft_rank(
            keys, self.dim, mode=self.mode, temperature=temperature, descending=self.descending, ties=self.ties
        )
