"""What exported learners are made of besides their nets: features, scalings and limits as torch modules.

Each does in a graph what a part of scikit-learn, fastai or spoton does in `predict`, in double precision where that
does, so that the graph gives the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spoton.layers import point_features
from spoton.learners._features import SIX

POINTS = {"pts11": 4, "pts12": 16, "pts22": 16}  # group -> number of its points


def _double(values: Any) -> Tensor:
    return torch.tensor(np.array(values, dtype=np.float64))


class Net(nn.Module):
    """A fitted net and what it decodes: (B, *) -> (B, k) float64.

    Args:
        net: in evaluation.
        decode: its output -> answers; None where they are the output.
        dtype: of its inputs.
    """

    def __init__(
        self, net: nn.Module, decode: Callable[[Any], Tensor] | None = None, dtype: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        self.net, self.decode, self.dtype = net, decode, dtype

    def forward(self, x: Tensor) -> Tensor:
        """The answers."""
        out = self.net(x.to(self.dtype))
        answers: Tensor = out if self.decode is None else self.decode(out)
        return answers.double()


class Features(nn.Module):
    """`spoton.learners.PointFeatures`: images (B, C, H, W) -> columns (B, D) float64.

    Args:
        features: names, as there; without `dummy`, whose columns are drawn from a hash of each image.
        divide: coordinates are divided by the image's size.
    """

    def __init__(self, features: Sequence[str] = ("pix",), divide: bool = False) -> None:
        super().__init__()
        self.features, self.divide = tuple(features), divide
        ends = np.cumsum([2 * POINTS[name] for name in POINTS])
        spans = dict(
            zip(
                POINTS,
                [range(end - 2 * POINTS[name], end) for name, end in zip(POINTS, ends, strict=True)],
                strict=True,
            )
        )
        # which columns of all points each of them is
        self.columns = {name: list(span) for name, span in spans.items()}
        self.columns["pts6"] = [spans[kind][2 * i + axis] for kind, (which, axis) in SIX.items() for i in which]

    def forward(self, x: Tensor) -> Tensor:
        """The columns."""
        grey = x.amax(dim=1)
        # at once: the points of all groups are made of the same twelve coordinates
        points = point_features(grey, tuple(POINTS), mode="hard") if set(self.features) & set(self.columns) else grey
        parts = []
        for name in self.features:
            if name == "pix":
                parts.append(x.flatten(1).double())
                continue
            if name in self.columns:
                part = points[:, self.columns[name]].double()
            else:
                find = torch.argmin if name == "min" else torch.argmax
                part = torch.cat([find(grey, dim=1), find(grey, dim=2)], dim=1).double()
            parts.append(part / max(x.shape[2:]) if self.divide else part)
        return torch.cat(parts, dim=1)


class Linear(nn.Module):
    """x A^T + b in double precision: (B, *) -> (B, k).

    Args:
        weight: (k, D).
        bias: (k,).
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Any, bias: Any) -> None:
        super().__init__()
        self.register_buffer("weight", _double(weight))
        self.register_buffer("bias", _double(bias))

    def forward(self, x: Tensor) -> Tensor:
        """The answers."""
        return x.flatten(1).double() @ self.weight.T + self.bias


class Standardise(nn.Module):
    """(x - mean) / scale in double precision, each column by itself."""

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Any, scale: Any) -> None:
        super().__init__()
        self.register_buffer("mean", _double(mean))
        self.register_buffer("scale", _double(scale))

    def forward(self, x: Tensor) -> Tensor:
        """Standardised columns."""
        return (x.double() - self.mean) / self.scale


class Rescale(nn.Module):
    """z scale + offset in double precision: scaled answers in their own unit."""

    scale: Tensor
    offset: Tensor

    def __init__(self, scale: Any, offset: Any) -> None:
        super().__init__()
        self.register_buffer("scale", _double(scale))
        self.register_buffer("offset", _double(offset))

    def forward(self, z: Tensor) -> Tensor:
        """Answers."""
        return z.double() * self.scale + self.offset


class Clip(nn.Module):
    """Values held to limits, each column to its own."""

    low: Tensor
    high: Tensor

    def __init__(self, low: Any, high: Any) -> None:
        super().__init__()
        self.register_buffer("low", _double(low))
        self.register_buffer("high", _double(high))

    def forward(self, x: Tensor) -> Tensor:
        """Held values."""
        return torch.minimum(torch.maximum(x.double(), self.low), self.high)


class Classes(nn.Module):
    """Scores (B, classes) -> the class with the highest, (B, 1)."""

    classes: Tensor

    def __init__(self, classes: Any) -> None:
        super().__init__()
        self.register_buffer("classes", _double(classes))

    def forward(self, scores: Tensor) -> Tensor:
        """The classes."""
        return self.classes.index_select(0, scores.argmax(dim=1)).unsqueeze(1)


class Beside(nn.Module):
    """Several graphs of one input, their answers side by side."""

    def __init__(self, parts: Sequence[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        """All answers."""
        return torch.cat([part(x) for part in self.parts], dim=1)


class Constant(nn.Module):
    """The same answers (k,) for every input: (B, *) -> (B, k)."""

    values: Tensor

    def __init__(self, values: Any) -> None:
        super().__init__()
        self.register_buffer("values", _double(values))

    def forward(self, x: Tensor) -> Tensor:
        """The answers."""
        return self.values.expand(x.shape[0], -1) + 0.0


class Tabular(nn.Module):
    """fastai's model for tables, which takes categories too, without any."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """The answers."""
        out: Tensor = self.model(None, x)
        return out


class Numbers(nn.Module):
    """`spoton.learners._table_numbers.Numbers`: some columns of a table standardised, gaps filled with the mean.

    Args:
        block: fitted.
        clip: how far values may leave those of training, in sds; None for any distance.
    """

    kept: Tensor
    unit: Tensor
    shift: Tensor
    mean: Tensor
    scale: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, block: Any, clip: float | None) -> None:
        super().__init__()
        kept = block.kept
        self.register_buffer("kept", torch.tensor(kept, dtype=torch.int64))
        self.register_buffer("unit", _double(np.ldexp(1.0, -block.exponent[kept])))
        for name in ("shift", "mean", "scale"):
            self.register_buffer(name, _double(getattr(block, name)[kept]))
        far = np.inf if clip is None else clip
        self.register_buffer("low", _double(block.limits[0] - far))
        self.register_buffer("high", _double(block.limits[1] + far))

    def forward(self, x: Tensor) -> Tensor:
        """Standardised columns."""
        raw = x.index_select(1, self.kept) * self.unit
        z = (raw - self.shift - self.mean) / self.scale
        z = torch.where(torch.isnan(raw), 0.0, z)
        return torch.minimum(torch.maximum(z, self.low), self.high)


class TableNumbers(nn.Module):
    """`spoton.learners._table_inputs.TableInputs` of a table of numbers: standardised columns, and which had gaps.

    Args:
        inputs: fitted.
    """

    plain: Tensor
    gaps: Tensor

    def __init__(self, inputs: Any) -> None:
        super().__init__()
        plain = np.array(inputs._plain_at, dtype=np.int64)
        self.register_buffer("plain", torch.tensor(plain))
        self.register_buffer("gaps", torch.tensor(plain[inputs._gaps_at]))
        self.numbers, self.made = (Numbers(block, inputs.clip) for block in (inputs._plain, inputs._made))

    def forward(self, x: Tensor) -> Tensor:
        """Encoded rows."""
        x = x.double()
        missing = torch.isnan(x.index_select(1, self.gaps)).double()
        return torch.cat([self.numbers(x.index_select(1, self.plain)), self.made(missing)], dim=1)


class Answers(nn.Module):
    """A chain of steps from inputs to answers of one type.

    Args:
        steps: in their order.
        dtype: of the answers.
    """

    def __init__(self, steps: Sequence[nn.Module], dtype: torch.dtype) -> None:
        super().__init__()
        self.steps, self.dtype = nn.ModuleList(steps), dtype

    def forward(self, x: Tensor) -> Tensor:
        """The answers."""
        for step in self.steps:
            x = step(x)
        return x.to(self.dtype)
