"""`Denorm`: the last layer of a net that was trained on scaled answers, so that it predicts in original units."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.layers._checks import check_axes


def denorm(z: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    """Scaled answers in original units: scale * z + offset.

    Args:
        z: scaled answers (..., k); any shape where there is one scale.
        scale: (k,) or (1,).
        offset: the same.

    Returns:
        The shape and the dtype of `z`; computed in the widest of the three dtypes, rounded once.

    Raises:
        DataError: not one scale an output, or answers that are no floating-point numbers.
    """
    return (_wide(z, scale) * scale + offset).to(z.dtype)


def _wide(values: Tensor, scale: Tensor) -> Tensor:
    """In the wider dtype of the two, and checked: broadcasting would make several outputs of one."""
    check_axes(values, "answers")
    if scale.numel() > 1 and (values.ndim == 0 or values.shape[-1] != scale.numel()):
        raise DataError(
            f"there are {scale.numel()} scales, and answers of shape {tuple(values.shape)}; give one an output"
        )
    return values.to(torch.promote_types(values.dtype, scale.dtype))


def _check_finite(values: Tensor, what: str) -> None:
    """NaN comes of statistics over answers that hold NaN: which column it is, is what one wants to know."""
    if bool(values.isfinite().all()):
        return
    if values.ndim == 0:
        raise UsageError(
            f"the {what} is {float(values)}, and has to be finite; fit it to answers without NaN or infinity"
        )
    column = int(values.isfinite().logical_not().nonzero()[0])
    raise UsageError(
        f"the {what} of column {column} is {float(values[column])}, and has to be finite; "
        "leave out rows of which that column holds NaN or infinity, and fit it again"
    )


class Denorm(nn.Module):
    """scale * z + offset: `nn.Sequential(net, Denorm(...))` predicts in original units wherever it is taken.

    Train `net` on `denorm.normalise(y)`, or the whole on y: its buffers are no parameters, and are saved, exported and
    moved with the net.

    Args:
        scale: of each output, (k,) or a number, positive.
        offset: of each output, (k,) or a number.
        dtype: of the answers; None for that of z. `torch.float64` keeps digits that float32 has none for where answers
            lie far from 0 for their spread (years, coordinates on the globe).

    With scikit-learn's scalers and `TargetScaler`: `Denorm(*spoton.scaling.affine_of(scaler))`.

    Shape: (..., k) -> (..., k).

    Raises:
        UsageError: a scale that is not positive, an offset that is not finite, or not as many.

    Limits: affine scalings alone. The buffers are float64, whatever the net is, so that `.double()` finds every digit;
    `.float()`, `.half()` and `.to(dtype)` round them. A device without float64 (Apple's MPS) needs `.float()` first. To
    load a saved state, the new layer needs as many outputs: `Denorm(torch.ones(k))`.

    Example:
        >>> import torch
        >>> head = Denorm.from_targets([[1.0, 10.0], [3.0, 30.0]])
        >>> head(torch.tensor([[0.0, 1.0]])), head.normalise(torch.tensor([[2.0, 10.0]]))
        (tensor([[ 2., 30.]]), tensor([[ 0., -1.]]))
    """

    scale: Tensor
    offset: Tensor

    def __init__(self, scale: Any = 1.0, offset: Any = 0.0, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        sizes, places = (torch.as_tensor(v, dtype=torch.float64).detach() for v in (scale, offset))
        if max(sizes.ndim, places.ndim) <= 1:
            _check_finite(sizes, "scale")
            _check_finite(places, "offset")
        if max(sizes.ndim, places.ndim) > 1 or not (sizes > 0).all():
            raise UsageError(f"a scale is positive, a number or (k,), this one is {sizes.tolist()}")
        as_many = sizes.numel() == places.numel() or 1 in (sizes.numel(), places.numel())
        if not as_many:
            raise UsageError(f"an offset is finite and there is one a scale, this one is {places.tolist()}")
        outputs = max(sizes.numel(), places.numel())
        self.register_buffer("scale", sizes.reshape(-1).expand(outputs).clone())
        self.register_buffer("offset", places.reshape(-1).expand(outputs).clone())
        self.dtype = dtype

    @classmethod
    def from_targets(cls, y: Any, dtype: torch.dtype | None = None) -> Denorm:
        """Mean and standard deviation of training answers, as scikit-learn's StandardScaler has them.

        Args:
            y: (n, k) or (n,). A constant output gets the scale 1.
            dtype: of the answers; None for that of z.

        Raises:
            DataError: no answers, or some that are not finite.
        """
        rows = torch.as_tensor(y, dtype=torch.float64).detach()
        rows = rows.unsqueeze(-1) if rows.ndim == 1 else rows
        if rows.ndim != 2 or not rows.numel():
            raise DataError(f"a scale is fitted to finite answers (n, k), these have shape {tuple(rows.shape)}")
        if not rows.isfinite().all():
            row, column = rows.isfinite().logical_not().nonzero()[0].tolist()
            raise DataError(
                f"a scale is fitted to finite answers, and row {row} of column {column} is {float(rows[row, column])}; "
                "leave out the rows without an answer, or fill them in"
            )
        offset, spread = rows.mean(0), rows.std(0, correction=0)
        # of equal numbers the mean is rounded, and their spread is its error
        flat = (rows.amax(0) == rows.amin(0)) | (spread == 0)
        return cls(torch.where(flat, 1.0, spread), torch.where(flat, rows[0], offset), dtype)

    def forward(self, z: Tensor) -> Tensor:
        """Scaled answers in original units."""
        if self.dtype is None:
            return denorm(z, self.scale, self.offset)
        return denorm(z.to(self.dtype), self.scale, self.offset)

    def normalise(self, y: Tensor) -> Tensor:
        """Answers in scaled units, for a loss on the net before this layer: (y - offset) / scale, in y's dtype."""
        return ((_wide(y, self.scale) - self.offset) / self.scale).to(y.dtype)

    def extra_repr(self) -> str:
        """Scale and offset."""
        kept = "" if self.dtype is None else f", dtype={self.dtype}"
        return f"scale={self.scale.tolist()}, offset={self.offset.tolist()}{kept}"
