"""`SelectHead`: which of several candidate distributions is the answer, learned. And the loss that trains it."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def point_nll(log_p: Tensor, y_px: Tensor) -> Tensor:
    """-log P(answer), averaged over the batch and summed over outputs.

    Args:
        log_p: log-probabilities (B, k, L) over pixel positions, one row an output.
        y_px: answers (B, k) in pixels, rounded to whole ones.

    Returns:
        A scalar.
    """
    index = torch.floor(y_px + 0.5).long().clamp(0, log_p.shape[-1] - 1)
    return -log_p.gather(-1, index.unsqueeze(-1)).squeeze(-1).sum(-1).mean()


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
    """

    def __init__(self, candidates: int = 14, n_out: int = 2) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn(n_out, candidates) * 0.1)

    def forward(self, log_p: Tensor) -> Tensor:
        """Log-probabilities of the mixtures."""
        weights = torch.log_softmax(self.weights, dim=-1)
        return torch.logsumexp(log_p.unsqueeze(-3) + weights.unsqueeze(-1), dim=-2)

    def extra_repr(self) -> str:
        """Sizes."""
        n_out, candidates = self.weights.shape
        return f"candidates={candidates}, n_out={n_out}"
