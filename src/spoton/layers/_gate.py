"""`InkGate`: which pixels are ink, with a threshold that is learned."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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
    return torch.exp(log_sharpness) * (torch.log(x.clamp_min(floor)) - log_threshold)


class InkGate(nn.Module):
    """A soft mask with a learnable threshold and sharpness: two parameters.

    Args:
        threshold: where it begins; None draws it between 0.1 and 0.6, so that runs begin apart.
        sharpness: n at the beginning; None draws it around 2.
        floor: smallest value that still counts. The background has to lie below it: in hazy images the log gate
            sees ink everywhere.

    Shape: (..., H, W) -> (..., H, W) logits of ink.

    Example:
        >>> import torch
        >>> gate = InkGate(threshold=0.5, sharpness=4.0)
        >>> torch.sigmoid(gate(torch.tensor([0.0, 0.5, 1.0])))
        tensor([0.0000, 0.5000, 0.9412], grad_fn=<SigmoidBackward0>)
    """

    def __init__(self, threshold: float | None = None, sharpness: float | None = None, floor: float = 1e-6) -> None:
        super().__init__()
        t = torch.rand(()) * 0.5 + 0.1 if threshold is None else torch.tensor(threshold)
        n = torch.exp(torch.randn(()) * 0.3 + 0.7) if sharpness is None else torch.tensor(sharpness)
        self.log_threshold = nn.Parameter(torch.log(t))
        self.log_sharpness = nn.Parameter(torch.log(n))
        self.floor = floor

    def forward(self, x: Tensor) -> Tensor:
        """Logits of ink."""
        return ink_logits(x, self.log_threshold, self.log_sharpness, self.floor)

    def extra_repr(self) -> str:
        """Threshold (of 1) and sharpness, as they are now."""
        return f"threshold={self.log_threshold.exp().item():.4g}, sharpness={self.log_sharpness.exp().item():.3g}"
