"""`SparseLinear`: a linear layer that finds a few columns among thousands, with `HypentropyDescent`, its optimiser.

Adam moves all weights by the same step, so 800 superfluous columns drown 4 that matter. Here a weight moves in
proportion to its size: what helps grows from nothing by a factor of e a step, what only looks so in one batch falls
back. The weights are w = beta sinh(theta), theta begins at 0, and each step is

    theta <- theta - eta g,    eta = min(c / |w|_1, tau / |g|_inf),

with g the gradient for w, not for theta: mirror descent with the hypentropy potential (Ghai, Hazan and Singer,
"Exponentiated gradient meets gradient descent", 2020), the two-sided form of exponentiated gradient (Kivinen and
Warmuth, 1997), whose regret grows with the logarithm of the number of columns. A small beta has the bias of an l1
penalty (Woodworth et al., "Kernel and rich regimes in overparametrized models", 2020), at no cost. The rule for eta
knows no unit: no theta moves by more than tau, and once the weights have grown, none by more than c |g|_inf / |w|_1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.layers._checks import check_axes
from spoton.layers._eager import by_hand

BETA = 1e-8


class SparseLinear(nn.Module):
    """A linear layer whose weights begin at zero and are stepped by `HypentropyDescent`.

    Standardise the columns before it. Its parameter is w itself (theta = asinh(w / beta)), so that a saved net holds a
    plain linear layer. `split_parameters` tells its weights from the other parameters of a net:

        sparse, rest = split_parameters(net)
        steps = [HypentropyDescent(sparse), torch.optim.Adam(rest)]

    Args:
        in_features: number of numeric columns D.
        out_features: number of outputs K.
        bias: add a learned constant. It belongs to the net's other optimiser.
        cardinalities: number of levels of each categorical column; each level has one weight an output.
        device, dtype: of the weights.

    Shape:
        x (..., D) and, with `cardinalities`, codes (..., C) of integers from 0 -> (..., K).

    Raises:
        UsageError: codes where there are no categorical columns, or none where there are.
        DataError: another number of columns, or a code below 0 or beyond its column's levels (codes are not asked in
            compiled and exported graphs).

    Limits: columns that are almost the same share a weight in no particular way; a law that needs hundreds of columns,
    or cancels between correlated ones, is found slowly: least squares is for that.
    """

    def __init__(
        self,
        in_features: int = 1,
        out_features: int = 1,
        bias: bool = True,
        cardinalities: Sequence[int] = (),
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.cardinalities = tuple(cardinalities)
        given: Any = {"device": device, "dtype": dtype}
        self.weight = nn.Parameter(torch.zeros(out_features, in_features + sum(self.cardinalities), **given))
        self.bias = nn.Parameter(torch.zeros(out_features, **given)) if bias else None
        # where each categorical column's levels begin among the weights
        begins = [in_features + sum(self.cardinalities[:i]) for i in range(len(self.cardinalities))]
        self.register_buffer("begins", torch.tensor(begins, dtype=torch.int64, device=device), persistent=False)

    begins: Tensor

    def forward(self, x: Tensor, codes: Tensor | None = None) -> Tensor:
        """x w + b, plus the weights of the levels."""
        if (codes is None) == bool(self.cardinalities):
            has = f"{len(self.cardinalities)} categorical columns"
            raise UsageError(
                f"this layer has {has}, and {'no' if codes is None else 'some'} codes came; see cardinalities"
            )
        check_axes(x, "columns", "D" if self.in_features else "")  # categories alone are fine
        if x.shape[-1] != self.in_features:
            raise DataError(f"this layer takes {self.in_features} columns, these have the shape {tuple(x.shape)}")
        out = F.linear(x, self.weight[:, : self.in_features], self.bias)
        if codes is not None:
            self._check(codes)
            out = out + F.embedding(codes + self.begins, self.weight.t()).sum(-2)
        return out

    def _check(self, codes: Tensor) -> None:
        """A code beyond its column's levels would take the weight of another column. A graph cannot ask for values."""
        if not by_hand(codes) or codes.is_meta or not codes.numel():
            return
        if codes.shape[-1] != len(self.cardinalities):
            raise UsageError(
                f"codes (..., {len(self.cardinalities)}) are expected, these are {tuple(codes.shape)}; "
                "give one for each categorical column"
            )
        first = codes.reshape(-1, codes.shape[-1])
        for i, (low, high) in enumerate(zip(first.amin(0).tolist(), first.amax(0).tolist(), strict=True)):
            if low < 0 or high >= self.cardinalities[i]:
                came = low if low < 0 else high
                raise DataError(
                    f"codes of categorical column {i} go from 0 to {self.cardinalities[i] - 1}, one is {came}; "
                    "give each level a number in this range, or raise its cardinality"
                )

    def extra_repr(self) -> str:
        """Sizes, and how many weights matter."""
        levels = f", cardinalities={self.cardinalities}" if self.cardinalities else ""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}{levels}"


class HypentropyDescent(torch.optim.Optimizer):
    """Mirror descent with the hypentropy potential and a step that needs no unit; see `SparseLinear`.

    It has no state: theta is asinh(w / beta). Each row of a weight (K, D), that is each output, has a step of its own.
    Small batches: with 4 to 16 rows a batch, three passes over some hundred rows are enough. With an exact law the
    steps shrink by themselves; with noise, average the weights over the last passes and stop early.

    Args:
        params: weights whose last axis are the columns, and which begin at 0; `split_parameters` finds them.
        beta: the size below which a weight counts as nothing.
        c: the largest |w|_1 eta: how far all weights together move.
        tau: the most that one theta moves in a step.

    Raises:
        UsageError: a beta, c or tau of 0 or less.
    """

    def __init__(self, params: Iterable[nn.Parameter], beta: float = BETA, c: float = 1.0, tau: float = 1.0) -> None:
        if not min(beta, c, tau) > 0:
            raise UsageError(f"beta, c and tau have to be positive, these are {beta}, {c} and {tau}")
        super().__init__(params, {"beta": beta, "c": c, "tau": tau})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    hypentropy_step_(weight, weight.grad, group["beta"], group["c"], group["tau"])
        return loss


def hypentropy_step_(weight: Tensor, gradient: Tensor, beta: float = BETA, c: float = 1.0, tau: float = 1.0) -> None:
    """One step of `HypentropyDescent`, in place.

    Args:
        weight: (..., D), the columns last.
        gradient: the same shape, the loss's slope for the weight.
        beta, c, tau: see `HypentropyDescent`.
    """
    if not weight.numel():
        return
    tiny = torch.finfo(weight.dtype).tiny
    by_size = c / weight.abs().sum(-1, keepdim=True).clamp_min(tiny)
    by_slope = tau / gradient.abs().amax(-1, keepdim=True).clamp_min(tiny)
    theta = torch.asinh(weight / beta) - torch.minimum(by_size, by_slope) * gradient
    weight.copy_(beta * torch.sinh(theta))


def split_parameters(net: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The weights of a net's `SparseLinear` layers, and all its other parameters: one list for each optimiser."""
    sparse = [part.weight for part in net.modules() if isinstance(part, SparseLinear)]
    known = {id(weight) for weight in sparse}
    return sparse, [parameter for parameter in net.parameters() if id(parameter) not in known]
