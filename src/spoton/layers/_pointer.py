"""Answers that are elements of the input, or their positions: a distribution over candidates, and the loss for it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton.errors import DataError
from spoton.layers._checks import check_same
from spoton.layers._grid import centres
from spoton.layers._survival import LOG_ZERO


def element_or_place(log_p: Tensor, x: Tensor, log_reading: Tensor) -> tuple[Tensor, Tensor]:
    """Candidates for answers from pointers: with one probability the element pointed at, else its position.

    Args:
        log_p: log P(the pointer is at i), (..., K, L), one row an answer.
        x: the list, (..., L).
        log_reading: (2,) log-probabilities that an answer is a position, and that it is an element.

    Returns:
        Log-probabilities (..., K, 2 L) and what they are of (..., 2 L): positions 0 to L - 1, then the elements.
    """
    place = centres(x.shape[-1], x).expand(x.shape)
    both = torch.cat([log_p + log_reading[0], log_p + log_reading[1]], dim=-1)
    return both, torch.cat([place, x.to(place.dtype)], dim=-1)


def pointer_nll(log_p: Tensor, values: Tensor, y: Tensor) -> Tensor:
    """-log P(answer), where P(answer) is summed over all candidates of exactly that value; averaged over all answers.

    Equal elements are equally right, so which of them was meant need not be known. Equal answers of one example count
    as one: a short list that is padded to a long one is not outvoted by its padding.

    Args:
        log_p: log-probabilities of candidates (..., K, M), one row an answer.
        values: what they are of (..., M).
        y: answers (..., K).

    Returns:
        A scalar. An answer that is no candidate counts as log 0, with no gradient.

    Raises:
        DataError: the shapes do not fit.
    """
    check_same("answers", y.shape, log_p.shape[:-1], "(..., K)")
    if values.shape[-1] != log_p.shape[-1]:
        raise DataError(f"{log_p.shape[-1]} candidates need as many values, these are {values.shape[-1]}")
    right = values.unsqueeze(-2) == y.unsqueeze(-1).to(values.dtype)
    log_right = torch.logsumexp(torch.where(right, log_p, LOG_ZERO), dim=-1)
    share = 1 / (y.unsqueeze(-1) == y.unsqueeze(-2)).sum(-1).to(log_p.dtype)
    return -(share * log_right).sum() / share.sum()


class PointerNLL(nn.Module):
    """`pointer_nll` as a module: log-probabilities (..., K, M), values (..., M), answers (..., K) -> ().

    Example:
        >>> import torch
        >>> log_p = torch.log(torch.tensor([[[0.5, 0.25, 0.25]]]))
        >>> PointerNLL()(log_p, torch.tensor([[7.0, 3.0, 7.0]]), torch.tensor([[7.0]])).exp()
        tensor(1.3333)
    """

    def forward(self, log_p: Tensor, values: Tensor, y: Tensor) -> Tensor:
        """The loss."""
        return pointer_nll(log_p, values, y)
