"""`InkGate` and `NeighbourGate`: which pixels are ink, with a threshold that is learned."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.layers._checks import check_axes
from spoton.layers._survival import log1mexp, log_sigmoid


def ink_logits(x: Tensor, log_threshold: Tensor, log_sharpness: Tensor, floor: float = 1e-6) -> Tensor:
    """Logits of ink on a log scale: sharpness * (log x - log threshold).

    So m = sigmoid(logits) = x^n / (x^n + t^n). On a log scale 1/255 is a few units from any threshold, so
    a threshold that misses the faintest ink gets a clear gradient; with sigmoid(k (x - t)) it gets next to none.

    Args:
        x: pixel values, 0 for the background, any shape.
        log_threshold: log t, broadcast to x.
        log_sharpness: log n, broadcast to x.
        floor: smallest value that still counts; darker pixels are background.

    Returns:
        Logits, the shape of x.
    """
    check_axes(x, "pixel values")
    return torch.exp(log_sharpness) * (torch.log(x.clamp_min(floor)) - log_threshold)


def and_logits(first: Tensor, second: Tensor) -> Tensor:
    """The logit of "both", where the two are independent: logit(sigmoid(first) sigmoid(second)).

    With it a mask is restricted by any other condition, such as a convolution's logit for noisy images; let that begin
    near -8, so that the scans see the whole image and not the noise in its first row alone.

    Args:
        first, second: logits of shapes that broadcast.

    Returns:
        Logits; at most 87 in float32, where both conditions are certain.
    """
    log_both = log_sigmoid(first) + log_sigmoid(second)
    return log_both - log1mexp(log_both)


def neighbour_logits(logits: Tensor, weights: Tensor) -> Tensor:
    """Logits of "ink, and not alone": m_i (1 - prod over neighbours j of (1 - m_j)^w_j).

    The second factor is a noisy-OR (Pearl, "Probabilistic reasoning in intelligent systems", 1988): some neighbour is
    ink. A pixel is its own neighbour with the weight in the middle: where that is large lone pixels are ink, where it
    is 0 they are specks.

    Args:
        logits: logits of ink (..., H, W).
        weights: how much each neighbour counts, at least 0, (k, k) with k odd.

    Returns:
        Logits, the shape of `logits`; pixels beyond the border are no ink.
    """
    check_axes(logits, "logits of ink", "H W")
    flat = log_sigmoid(-logits).reshape(-1, 1, *logits.shape[-2:])
    nobody = F.conv2d(flat, weights.to(logits.dtype)[None, None], padding=weights.shape[-1] // 2)
    log_both = log_sigmoid(logits) + log1mexp(nobody).reshape(logits.shape)
    return log_both - log1mexp(log_both)


class InkGate(nn.Module):
    """A soft mask with a learnable threshold and sharpness: two parameters.

    Args:
        threshold: where it begins; None draws it between 0.1 and 0.6, so that runs begin apart.
        sharpness: n at the beginning; None draws it around 8.
        floor: smallest value that still counts.

    Shape: (..., H, W) -> (..., H, W) logits of ink.

    Raises:
        UsageError: a number that is not positive.

    Limits: a background of 0 is far from any ink on a log scale; a background just below the ink (haze) needs a large
    sharpness, which takes more steps to learn.

    Example:
        >>> import torch
        >>> gate = InkGate(threshold=0.5, sharpness=4.0)
        >>> [round(m, 4) for m in torch.sigmoid(gate(torch.tensor([0.0, 0.5, 1.0]))).tolist()]
        [0.0, 0.5, 0.9412]
    """

    def __init__(self, threshold: float | None = None, sharpness: float | None = None, floor: float = 1e-6) -> None:
        super().__init__()
        for name, value in (("threshold", threshold), ("sharpness", sharpness), ("floor", floor)):
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"the {name} of a gate is a positive number, not {value}")
        t = torch.rand(()) * 0.5 + 0.1 if threshold is None else torch.tensor(float(threshold))
        n = torch.exp(torch.randn(()) * 0.3 + 2.1) if sharpness is None else torch.tensor(float(sharpness))
        self.log_threshold = nn.Parameter(torch.log(t))
        self.log_sharpness = nn.Parameter(torch.log(n))
        self.floor = floor

    def forward(self, x: Tensor) -> Tensor:
        """Logits of ink."""
        return ink_logits(x, self.log_threshold, self.log_sharpness, self.floor)

    def extra_repr(self) -> str:
        """Threshold (of 1) and sharpness, as they are now."""
        return f"threshold={self.log_threshold.exp().item():.4g}, sharpness={self.log_sharpness.exp().item():.3g}"


class NeighbourGate(nn.Module):
    """`InkGate`, and ink has to have company: a soft mask that learns whether lone pixels are specks.

    Args:
        size: side of the neighbourhood, odd: 3 has 9 weights, the middle one for the pixel itself.

    Attributes:
        ink: the `InkGate`.
        pull: the weights before softplus, (size, size).

    Shape: (..., H, W) -> (..., H, W) logits of ink; see `neighbour_logits`.

    Raises:
        UsageError: an even size.

    Limits: specks that touch each other, or touch ink, look like ink.

    Example:
        >>> import torch
        >>> NeighbourGate()(torch.rand(4, 28, 40)).shape
        torch.Size([4, 28, 40])
    """

    def __init__(self, size: int = 3) -> None:
        super().__init__()
        if size < 1 or size % 2 != 1:
            raise UsageError(f"a neighbourhood has a middle, so its size is odd, not {size}")
        self.ink = InkGate()
        self.pull = nn.Parameter(torch.randn(size, size) * 0.3 - 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of ink."""
        return neighbour_logits(self.ink(x), F.softplus(self.pull))

    def extra_repr(self) -> str:
        """How much the pixel itself counts, and its neighbours together."""
        weights = F.softplus(self.pull.detach())
        alone = weights[weights.shape[0] // 2, weights.shape[1] // 2].item()
        return f"itself={alone:.3g}, neighbours={weights.sum().item() - alone:.3g}"
