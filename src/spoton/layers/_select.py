"""`SelectHead`: which of several candidate distributions is the answer, learned. And the loss that trains it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton.errors import DataError
from spoton.layers._checks import check_axes, check_counts, check_same, unless_nan


def point_nll(log_p: Tensor, y_px: Tensor) -> Tensor:
    """-log P(answer), averaged over the batch and summed over outputs.

    Args:
        log_p: log-probabilities (B, k, L) over pixel positions, one row an output.
        y_px: answers (B, k) in pixels, rounded to whole ones.

    Returns:
        A scalar; NaN if an answer is NaN or infinite.

    Raises:
        DataError: the shapes do not fit.
    """
    check_axes(log_p, "log-probabilities", "k L")
    check_same("answers", y_px.shape, log_p.shape[:-1], "(B, k)")
    index = torch.floor(y_px + 0.5).long().clamp(0, log_p.shape[-1] - 1)
    return unless_nan(-log_p.gather(-1, index.unsqueeze(-1)).squeeze(-1).sum(-1).mean(), y_px)


class PointNLL(nn.Module):
    """`point_nll` as a criterion: (log-probabilities (B, k, L), answers (B, k)) -> scalar."""

    def forward(self, log_p: Tensor, y_px: Tensor) -> Tensor:
        """The loss."""
        return point_nll(log_p, y_px)


class SelectHead(nn.Module):
    """For each output a learned mixture of the candidates: log sum over c of w_c P_c.

    Args:
        candidates: number of candidate distributions.
        n_out: number of outputs.

    Shape: (..., C, L) log-probabilities -> (..., n_out, L).

    Raises:
        DataError: another number of candidates.
        UsageError: a number below 1.
    """

    def __init__(self, candidates: int = 14, n_out: int = 2) -> None:
        super().__init__()
        check_counts(candidates=candidates, n_out=n_out)
        self.weights = nn.Parameter(torch.randn(n_out, candidates) * 0.1)

    def forward(self, log_p: Tensor) -> Tensor:
        """Log-probabilities of the mixtures."""
        check_axes(log_p, "log-probabilities of candidates", "C L")
        if log_p.shape[-2] != self.weights.shape[1]:
            raise DataError(
                f"this head chooses among {self.weights.shape[1]} candidates, these are {log_p.shape[-2]}: "
                f"log-probabilities of shape {tuple(log_p.shape)}"
            )
        weights = torch.log_softmax(self.weights, dim=-1)
        return torch.logsumexp(log_p.unsqueeze(-3) + weights.unsqueeze(-1), dim=-2)

    def extra_repr(self) -> str:
        """Sizes."""
        n_out, candidates = self.weights.shape
        return f"candidates={candidates}, n_out={n_out}"
