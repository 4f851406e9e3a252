"""Survival: the probability that nothing was met before, in log space. The arithmetic that all scans share.

A mask is given by its logits z: pixel i is ink with probability m_i = sigmoid(z_i), independently of the others. Then
log m = log_sigmoid(z) and log(1 - m) = log_sigmoid(-z) are exact for any z, 1000 or -1000 as well.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from spoton.layers._eager import exporting

# where a probability is 0 its logarithm stops here: finite in float16, and far below anything that is ever learned
LOG_ZERO = -6e4


def log_sigmoid(z: Tensor) -> Tensor:
    """log(sigmoid(z)) = -log(1 + exp(-z)), to the last digits in exported graphs as well.

    ONNX has no logsigmoid: torch writes it as log(sigmoid(z)), which has lost its digits at 10 and is infinite at -20.
    Softplus it has, and that is exact. Beyond the threshold softplus(z) is z to the last digit of float64.
    """
    return -F.softplus(-z, threshold=40.0) if exporting() else F.logsigmoid(z)


def finite(log_p: Tensor) -> Tensor:
    """Log-probabilities that stop at `LOG_ZERO` in float16, where sums run to minus infinity within an image."""
    return log_p.clamp_min(LOG_ZERO) if log_p.dtype == torch.float16 else log_p


def log1mexp(x: Tensor) -> Tensor:
    """log(1 - exp(x)) for x <= 0, elementwise, with finite values and gradients everywhere.

    Two formulas, each where it is exact (M. Maechler, "Accurately computing log(1 - exp(-|a|))", 2012). Both branches
    of a `where` get gradients, so each is fed only values that it can take.
    """
    tiny = torch.finfo(x.dtype).tiny
    x = x.clamp(max=-2 * tiny)
    near = x > -0.6931471805599453
    # 1 - exp(x) = -2 t / (1 - t), t = tanh(x / 2): ONNX has no expm1, and its exp(x) - 1 is 0 where x is small
    t = torch.tanh(torch.where(near, x, -0.5) / 2)
    small = torch.log(-2 * t / (1 - t))
    e = torch.exp(torch.where(near, -1.0, x))
    # log(1 - e) = -2 artanh(e / (2 - e)): ONNX has no log1p either, and its log(1 - e) is 0 where e is small
    large = -2 * torch.atanh(e / (2 - e)) if exporting() else torch.log1p(-e)
    return torch.where(near, small, large)


def before(log_miss: Tensor, dim: int, *, reverse: bool = False) -> Tensor:
    """Log-probability that nothing was met before each position: an exclusive cumulative sum.

    Shifted and then summed, not summed and then reduced by itself: that would lose all digits next to a value of -1000.

    Args:
        log_miss: log(1 - m), any shape.
        dim: the axis of the scan.
        reverse: scan from the end.
    """
    x = log_miss.movedim(dim, -1)
    if reverse:
        x = x.flip(-1)
    x = F.pad(x[..., :-1], (1, 0)).cumsum(-1)
    if reverse:
        x = x.flip(-1)
    return x.movedim(-1, dim)


def log_first(log_hit: Tensor, log_miss: Tensor, dim: int = -1, *, reverse: bool = False) -> Tensor:
    """log P(the first hit is at i) = log m_i + sum over j before i of log(1 - m_j); the same shape.

    The exponentials sum to 1 - P(none), where log P(none) is `log_miss.sum(dim)`.
    """
    return log_hit + before(log_miss, dim, reverse=reverse)
