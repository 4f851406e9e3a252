"""What nets share that answer with elements of a list or with their positions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from spoton.data import Array
from spoton.errors import Refused
from spoton.layers import element_or_place, pointer_nll

AT_ONCE = 10_000_000  # comparisons of answers with elements in one go
Pointed = tuple[Tensor, Tensor]  # log-probabilities (B, n_out, 2 L) of candidates, and what they are of (B, 2 L)


def list_length(in_shape: Sequence[int], name: str) -> int:
    """L of a net that takes lists.

    Raises:
        Refused: the inputs are images.
    """
    if len(in_shape) != 1:
        raise Refused(f"{name} takes lists, one a row of a table, and this task has images; take spotnet or resnet18")
    return int(in_shape[0])


class PointedNLL(nn.Module):
    """`pointer_nll` as a criterion: ((log-probabilities, values), answers (B, n_out)) -> scalar."""

    def forward(self, out: Pointed, y: Tensor) -> Tensor:
        """The loss."""
        return pointer_nll(*out, y)


class Scale(nn.Module):
    """Numbers divided by the range that was met in training, which is the only thing it remembers.

    Shape: (..., L) -> the same, 0..1 for numbers within that range.
    """

    low: Tensor
    high: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("low", torch.tensor(float("inf")))
        self.register_buffer("high", torch.tensor(float("-inf")))

    def forward(self, x: Tensor) -> Tensor:
        """Scaled numbers."""
        if self.training:
            seen = x.detach()
            self.low.copy_(torch.minimum(self.low, seen.amin()))
            self.high.copy_(torch.maximum(self.high, seen.amax()))
        met = self.high > self.low
        return (x - torch.where(met, self.low, 0.0)) / self.span()

    def span(self) -> Tensor:
        """High minus low; 1 where nothing was met yet."""
        return torch.where(self.high > self.low, self.high - self.low, 1.0)

    def extra_repr(self) -> str:
        """The range."""
        return f"low={self.low.item():g}, high={self.high.item():g}"


class PointingNet(nn.Module):
    """A net whose answers are elements of the list, or all of them positions: the base of two.

    A subclass gives pointers, log-probabilities (B, n_out, L); which of the two readings is meant is learned.
    """

    criterion = PointedNLL

    def __init__(self, in_shape: Sequence[int], n_out: int, name: str) -> None:
        super().__init__()
        self.length, self.n_out, self.name = list_length(in_shape, name), n_out, name
        self.reading = nn.Parameter(torch.randn(2) * 0.1)

    def decode(self, out: Pointed) -> Tensor:
        """The most probable candidate of each output, (B, n_out)."""
        log_p, values = out
        return values.gather(-1, log_p.argmax(dim=-1))

    def read(self, log_p: Tensor, x: Tensor) -> Pointed:
        """Candidates from pointers."""
        return element_or_place(log_p, x, torch.log_softmax(self.reading, dim=-1))

    def check_answers(self, inputs: Array, targets: Array) -> None:
        """Refuse answers that are neither elements of their list nor positions in it.

        Raises:
            Refused: there are such answers, or more of them than columns.
        """
        if self.n_out > self.length:
            raise Refused(f"{self.name} points at {self.length} columns, and {self.n_out} answers are more than that")
        elements = positions = True
        x, y = inputs, targets.astype(inputs.dtype)
        at_once = max(1, AT_ONCE // (x.shape[1] * y.shape[1]))
        for start in range(0, len(x), at_once):
            rows = slice(start, start + at_once)
            elements &= bool((y[rows, :, None] == x[rows, None, :]).any(-1).all())
            positions &= bool(np.isin(y[rows], np.arange(self.length)).all())
            if not (elements or positions):
                raise Refused(
                    f"{self.name} answers with numbers of the list or with their positions, and the answers here, "
                    f"such as {y[rows].flat[0]:g}, are not all the one or all the other; take basenet or deepsets"
                )
