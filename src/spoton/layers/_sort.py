"""`LogOrder` and `SoftSort`: a list in order, differentiable, by three relaxations of the permutation."""

from __future__ import annotations

import torch
from torch import Tensor

from spoton.layers._checks import check_axes, check_dim
from spoton.layers._grid import centres, check_temperature, wide
from spoton.layers._rank import log_places, soft_rank
from spoton.layers._tempered import MODES, Tempered, check_word

METHODS = ("ranks", "softsort", "neuralsort")


def log_order(
    keys: Tensor,
    dim: int = -1,
    *,
    method: str = "ranks",
    temperature: float | Tensor = 1.0,
    descending: bool = False,
) -> Tensor:
    """log P(element i stands at place p) of the sorted list: a relaxed permutation, whose rows sum to 1.

    Args:
        keys: what is ordered, any shape, L along `dim`.
        dim: the axis.
        method: `ranks`: softmax over i of -|r_i - p| / temperature, with the ranks of `soft_rank`;
            `softsort`: of -|sorted(k)_p - k_i| / temperature (Prillo and Eisenschlos, "SoftSort", 2020);
            `neuralsort`: of ((L - 1 - 2 p) k_i - sum over j of |k_i - k_j|) / temperature, largest first (Grover,
            Wang, Zweig and Ermon, "Stochastic optimization of sorting networks via continuous relaxations", 2019).
        temperature: a number, or a tensor without axes.
        descending: the largest first.

    Returns:
        (..., L places, L elements), the axis `dim` moved to the end.

    Raises:
        UsageError: an unknown method.

    Limits: of equal keys `ranks` places the first in the list first; the two others share the places among them.
    """
    check_word("method", method, METHODS)
    check_axes(keys, "keys", "L")
    check_dim(keys, "keys", dim)
    if not isinstance(temperature, Tensor):
        check_temperature(temperature)
    k = keys.movedim(dim, -1).to(wide(keys.dtype))
    size = k.shape[-1]
    if method == "ranks":
        rank = soft_rank(k, temperature=temperature, descending=descending)
        return log_places(rank, size, 1 / temperature).to(keys.dtype)
    k = k if descending else -k
    if method == "softsort":
        scores = -(k.sort(-1, descending=True)[0].unsqueeze(-1) - k.unsqueeze(-2)).abs()
    else:
        apart = (k.unsqueeze(-1) - k.unsqueeze(-2)).abs().sum(-1)
        scores = (size - 1 - 2 * centres(size, k).unsqueeze(-1)) * k.unsqueeze(-2) - apart.unsqueeze(-2)
    return torch.log_softmax(scores / temperature, dim=-1).to(keys.dtype)


def soft_sort(
    keys: Tensor,
    dim: int = -1,
    *,
    mode: str = "soft",
    method: str = "ranks",
    temperature: float | Tensor = 1.0,
    descending: bool = False,
) -> Tensor:
    """The sorted list: at place p the sum over i of P(i stands there) k_i, with P of `log_order`.

    Args:
        keys: any shape, L along `dim`.
        dim: the axis.
        mode: `soft`, `hard` (the sorted list bit for bit) or `st` (`hard` forward, `soft` backward).
        method: which relaxation, see `log_order`.
        temperature: a number, or a tensor without axes.
        descending: the largest first.

    Returns:
        The shape of `keys`.

    Raises:
        UsageError: an unknown mode or method.
    """
    check_word("mode", mode, MODES)
    check_word("method", method, METHODS)
    check_axes(keys, "keys", "L")
    check_dim(keys, "keys", dim)
    hard = keys.sort(dim, descending=descending)[0]
    if mode == "hard":
        return hard
    log_p = log_order(keys, dim, method=method, temperature=temperature, descending=descending)
    soft = (log_p.exp() * keys.movedim(dim, -1).unsqueeze(-2)).sum(-1).movedim(-1, dim)
    return soft if mode == "soft" else hard.detach() + (soft - soft.detach())


class LogOrder(Tempered):
    """`log_order` as a module.

    Args:
        dim: the axis.
        method: `ranks`, `softsort` or `neuralsort`.
        descending: the largest first.
        temperature: where it begins.
        learnable: learn the logarithm of the temperature.

    Shape: (..., L, ...) -> log-probabilities (..., L places, L elements).
    """

    def __init__(
        self,
        dim: int = -1,
        method: str = "ranks",
        *,
        descending: bool = False,
        temperature: float = 1.0,
        learnable: bool = False,
    ) -> None:
        super().__init__(dim, temperature, learnable)
        self.method, self.descending = check_word("method", method, METHODS), descending

    def forward(self, keys: Tensor) -> Tensor:
        """Log-probabilities of places."""
        temperature = self.temperature(keys)
        return log_order(keys, self.dim, method=self.method, temperature=temperature, descending=self.descending)


class SoftSort(LogOrder):
    """`soft_sort` as a module.

    Args:
        dim: the axis.
        method: `ranks`, `softsort` or `neuralsort`.
        mode: `soft`, `st` or `hard`.
        descending: the largest first.
        temperature: where it begins.
        learnable: learn the logarithm of the temperature.

    Shape: (..., L, ...) -> the same.
    """

    def __init__(
        self,
        dim: int = -1,
        method: str = "ranks",
        mode: str = "soft",
        *,
        descending: bool = False,
        temperature: float = 1.0,
        learnable: bool = False,
    ) -> None:
        super().__init__(dim, method, descending=descending, temperature=temperature, learnable=learnable)
        self.mode = check_word("mode", mode, MODES)

    def forward(self, keys: Tensor) -> Tensor:
        """The sorted list."""
        return soft_sort(
            keys,
            self.dim,
            mode=self.mode,
            method=self.method,
            temperature=self.temperature(keys),
            descending=self.descending,
        )
