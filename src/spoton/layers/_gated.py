"""`GatedPoint`: which of several points is asked for depends on the image. A mixture, and its likelihood."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton.errors import DataError
from spoton.layers._checks import check_axes, check_counts, check_same, unless_nan


def mixture_nll(log_gates: Tensor, log_p: Tensor, y_px: Tensor) -> Tensor:
    """-log sum over k of g_k P_k(y), averaged over the batch: a mixture of experts that no label tells apart.

    After Jacobs, Jordan, Nowlan and Hinton, "Adaptive mixtures of local experts", 1991.

    Args:
        log_gates: log g, (B, K); each row's exponentials sum to 1.
        log_p: log-probabilities over positions, (B, K, k, L): expert, output.
        y_px: answers (B, k) in pixels, rounded to whole ones.

    Returns:
        A scalar; NaN if an answer is NaN or infinite.

    Raises:
        DataError: the shapes do not fit.
    """
    check_axes(log_p, "log-probabilities", "B K k L")
    check_same("answers", y_px.shape, log_p[:, 0].shape[:-1], "(B, k)")
    index = torch.floor(y_px + 0.5).long().clamp(0, log_p.shape[-1] - 1)
    index = index[:, None, :, None].expand(-1, log_p.shape[1], -1, 1)
    log_answer = log_p.gather(-1, index).squeeze(-1).sum(-1)
    return unless_nan(-torch.logsumexp(log_gates + log_answer, dim=-1).mean(), y_px)


def gated_point_nll(log_gates: Tensor, log_x: Tensor, log_y: Tensor, y_px: Tensor) -> Tensor:
    """`mixture_nll` where the experts of a point are all pairs of a candidate for x and one for y.

    Args:
        log_gates: log g, (B, P, C, D), summing to 1 over pairs.
        log_x: log-probabilities of the C candidates for x, (B, C, W).
        log_y: of the D candidates for y, (B, D, H).
        y_px: answers (B, 2P) in pixels, x and y of one point after the other.

    Returns:
        A scalar, summed over points and averaged over the batch; NaN if an answer is NaN or infinite.

    Raises:
        DataError: the shapes do not fit.
    """
    _check_pairs(log_gates, log_x, log_y)
    check_same("answers", y_px.shape, torch.Size([log_gates.shape[0], 2 * log_gates.shape[1]]), "(B, 2P)")
    answer = torch.unflatten(torch.floor(y_px + 0.5).long(), 1, (-1, 2))
    at = []
    for axis, log_p in enumerate((log_x, log_y)):
        index = answer[..., axis].clamp(0, log_p.shape[-1] - 1)[:, :, None, None]
        every = log_p[:, None].expand(-1, index.shape[1], -1, -1)
        at.append(every.gather(-1, index.expand(-1, -1, log_p.shape[1], 1)).squeeze(-1))
    pairs = log_gates + at[0].unsqueeze(-1) + at[1].unsqueeze(-2)
    return unless_nan(-torch.logsumexp(pairs.flatten(2), dim=-1).sum(-1).mean(), y_px)


def decode_gated_point(log_gates: Tensor, log_x: Tensor, log_y: Tensor) -> Tensor:
    """The most probable of the points that the pairs propose, (B, 2P) in pixels.

    Each pair proposes the modes of its two candidates; a proposal counts with the probability that the whole mixture
    gives it, so pairs that agree support each other.

    Args:
        log_gates: (B, P, C, D).
        log_x: (B, C, W).
        log_y: (B, D, H).

    Raises:
        DataError: the shapes do not fit.
    """
    _check_pairs(log_gates, log_x, log_y)
    modes = [log_x.argmax(-1), log_y.argmax(-1)]
    # entry (c, e): what candidate c thinks of the position that candidate e proposes
    x_of, y_of = (
        log_p.gather(-1, mode[:, None].expand(-1, mode.shape[1], -1)).exp()
        for log_p, mode in zip((log_x, log_y), modes, strict=True)
    )
    return _most_probable(log_gates, modes[0], modes[1], x_of, y_of)


def _check_pairs(log_gates: Tensor, log_x: Tensor, log_y: Tensor) -> None:
    for log_p in (log_x, log_y):
        check_axes(log_p, "log-probabilities of candidates", "B C L")
    if log_gates.ndim != 4 or log_gates.shape[2:] != (log_x.shape[1], log_y.shape[1]):
        raise DataError(
            f"gates (B, P, C, D) are for C candidates of x and D of y, these are {tuple(log_gates.shape)} for "
            f"{log_x.shape[1]} and {log_y.shape[1]}"
        )


def hard_gated_point(log_gates: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """`decode_gated_point` of candidates without doubt: the point that pairs of the largest total weight agree on.

    Args:
        log_gates: (B, P, C, D).
        x: pixels (B, C).
        y: pixels (B, D).
    """
    x_of, y_of = ((at[:, :, None] == at[:, None, :]).to(log_gates.dtype) for at in (x, y))
    return _most_probable(log_gates, x, y, x_of, y_of)


def _most_probable(log_gates: Tensor, x: Tensor, y: Tensor, x_of: Tensor, y_of: Tensor) -> Tensor:
    total = x_of.transpose(-1, -2)[:, None] @ log_gates.exp() @ y_of[:, None]
    best = total.flatten(2).argmax(-1)
    return torch.stack([x.gather(1, best // y.shape[1]), y.gather(1, best % y.shape[1])], dim=-1).flatten(1)


class GatedPointNLL(nn.Module):
    """`gated_point_nll` as a criterion: ((log_gates, log_x, log_y), answers (B, 2P)) -> scalar."""

    def forward(self, found: tuple[Tensor, Tensor, Tensor], y_px: Tensor) -> Tensor:
        """The loss."""
        return gated_point_nll(*found, y_px)


class GatedPoint(nn.Module):
    """For each point a choice among all pairs of candidates, made by the image's features; no labels are needed.

    A linear layer gives each pair (x candidate, y candidate) a logit: g = softmax. Trained with `GatedPointNLL`, every
    pair that hits gets credit, and what tells the kinds of image apart is learned from where the answers lie. The loss
    is that of learning from partial labels (Cour, Sapp and Taskar, "Learning from partial labels", 2011), so unlike a
    mixture of learned experts it has no symmetry to break.

    Args:
        features: length of the feature vectors.
        points: number of points P.
        candidates: number of candidates for x and for y.

    Shape: features (B, F), log_x (B, C, W), log_y (B, D, H) -> (log_gates (B, P, C, D), log_x, log_y); `decode` takes
    the three and gives pixels (B, 2P).

    Raises:
        DataError: another number of features.
        UsageError: a number below 1.

    Example:
        >>> import torch
        >>> log_x, log_y = torch.randn(5, 7, 40).log_softmax(-1), torch.randn(5, 7, 28).log_softmax(-1)
        >>> gated = GatedPoint(features=16)
        >>> gated.decode(gated(torch.randn(5, 16), log_x, log_y)).shape
        torch.Size([5, 2])
    """

    def __init__(self, features: int = 16, points: int = 1, candidates: tuple[int, int] = (7, 7)) -> None:
        super().__init__()
        check_counts(features=features, points=points, candidates=min(candidates))
        self.points, self.candidates = points, candidates
        self.gates = nn.Linear(features, points * candidates[0] * candidates[1])

    def forward(self, features: Tensor, log_x: Tensor, log_y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities of the pairs, beside the candidates."""
        if features.shape[-1] != self.gates.in_features:
            raise DataError(
                f"this layer takes {self.gates.in_features} features an image, these have the shape "
                f"{tuple(features.shape)}"
            )
        log_gates = torch.log_softmax(self.gates(features).unflatten(-1, (self.points, -1)), dim=-1)
        return torch.unflatten(log_gates, -1, self.candidates), log_x, log_y

    @staticmethod
    def decode(found: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """The most probable point in pixels; see `decode_gated_point`."""
        return decode_gated_point(*found)

    def extra_repr(self) -> str:
        """Sizes."""
        return f"points={self.points}, candidates={self.candidates}"
