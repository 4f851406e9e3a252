"""`SoftIndex`: reads a tensor at positions that are no whole numbers, with gradients for both."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.layers._checks import check_axes, check_dim
from spoton.layers._grid import centres


def soft_index(values: Tensor, index: Tensor, dim: int = -1, *, width: float | None = None) -> Tensor:
    """Values at soft indices along an axis: `values[index]` that passes gradients to the values and to the index.

    Args:
        values: any shape, with L along `dim`.
        index: positions in pixels (..., K); its leading axes broadcast with those of `values` without `dim`.
        dim: the axis that is indexed.
        width: None for a straight line between the two neighbours: exact at whole numbers, and the index hears of these
            two alone. A number for weights over all positions, softmax of -(i - index)^2 / (2 width^2): the index
            hears of positions some widths away, and at a small width the nearest value is read.

    Returns:
        (..., K), the values of each place along `dim` moved to the end.

    Raises:
        DataError: the leading axes do not fit.
        UsageError: a width that is not positive.

    Limits: an index outside of 0 to L - 1 reads what the index at that end reads, and gets no gradient. With
    `width=None` the slope at whole numbers is that towards the next position, at L - 1 that from the one before.
    """
    check_axes(values, "values", "L")
    check_dim(values, "values", dim)
    rows = values.movedim(dim, -1)
    if not torch.compiler.is_compiling() and not _fit(rows.shape[:-1], index.shape[:-1]):
        raise DataError(
            f"the leading axes of values and index have to broadcast, these are {tuple(rows.shape[:-1])} and "
            f"{tuple(index.shape[:-1])}"
        )
    size = rows.shape[-1]
    inside = (index >= 0) & (index <= size - 1)
    at = torch.where(inside, index, index.detach().clamp(0, size - 1))
    if width is not None:
        away = (centres(size, at) - at.unsqueeze(-1)) / _check_width(width)
        weights = torch.softmax(-0.5 * away.square(), dim=-1).to(rows.dtype)
        return (weights * rows.unsqueeze(-2)).sum(-1)
    low = at.detach().floor().long().clamp(max=size - 2).clamp_min(0)
    share = (at - low).to(rows.dtype)
    lead = torch.broadcast_shapes(rows.shape[:-1], index.shape[:-1])  # type: ignore[no-untyped-call]  # torch has none
    # not take_along_dim, which broadcasts by itself but fixes the sizes when exported
    rows, low = rows.expand(*lead, size), low.expand(*lead, index.shape[-1])
    return torch.lerp(rows.gather(-1, low), rows.gather(-1, (low + 1).clamp(max=size - 1)), share)


def _fit(first: torch.Size, second: torch.Size) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(reversed(first), reversed(second), strict=False))


def _check_width(width: float) -> float:
    if not width > 0:
        raise UsageError(f"the width of soft indexing has to be positive, not {width}; None reads two neighbours")
    return width


def soft_lookup(values: Tensor, log_p: Tensor, dim: int = -1) -> Tensor:
    """Values at positions that are known as distributions: sum over i of P(i) values[i].

    The other form of `soft_index`, for the log-probabilities that scans and `SelectHead` give: the gradient says which
    position should have been read, not merely which neighbour.

    Args:
        values: any shape, with L along `dim`.
        log_p: log-probabilities (..., K, L); their leading axes broadcast with those of `values` without `dim`.
        dim: the axis that is indexed.

    Returns:
        (..., K), the values of each place along `dim` moved to the end. Probability that is missing ("no ink") reads 0.

    Raises:
        DataError: not one probability a value.
    """
    check_axes(values, "values", "L")
    check_dim(values, "values", dim)
    check_axes(log_p, "log-probabilities", "K L")
    if log_p.shape[-1] != values.shape[dim]:
        raise DataError(
            f"probabilities of {log_p.shape[-1]} positions cannot be looked up in {values.shape[dim]} values; "
            "give one for each"
        )
    return (log_p.exp() * values.movedim(dim, -1).unsqueeze(-2)).sum(-1)


class SoftIndex(nn.Module):
    """`soft_index` as a module.

    Args:
        dim: the axis that is indexed.
        width: None for a straight line between two neighbours, a number for weights over all positions.

    Shape: values (..., L), index (..., K) -> (..., K).

    Example:
        >>> import torch
        >>> SoftIndex()(torch.tensor([0.0, 10.0, 30.0]), torch.tensor([1.0, 1.25, 9.0]))
        tensor([10., 15., 30.])
    """

    def __init__(self, dim: int = -1, width: float | None = None) -> None:
        super().__init__()
        self.dim = dim
        self.width = None if width is None else _check_width(width)

    def forward(self, values: Tensor, index: Tensor) -> Tensor:
        """The values there."""
        return soft_index(values, index, self.dim, width=self.width)

    def extra_repr(self) -> str:
        """Options."""
        return f"dim={self.dim}, width={self.width}"


class SoftLookup(nn.Module):
    """`soft_lookup` as a module.

    Args:
        dim: the axis that is indexed.

    Shape: values (..., L), log-probabilities (..., K, L) -> (..., K).
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, values: Tensor, log_p: Tensor) -> Tensor:
        """The expected values."""
        return soft_lookup(values, log_p, self.dim)

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"
