"""Example inputs for every layer: what the conformance tests feed. A new layer is one more line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spoton import catalogue, layers

# all sizes differ and exceed 1, so that no two axes can be taken for each other
SMALL = {"B": 2, "C": 3, "H": 5, "W": 7}
OTHER = {"B": 5, "C": 3, "H": 6, "W": 4}


def axes(names: str) -> Callable[[dict[str, int], int], Tensor]:
    """Random numbers of a shape that is given by the names of its axes, as in "B C H W" or "B C 2"."""

    def make(sizes: dict[str, int], seed: int) -> Tensor:
        shape = [sizes[name] if name in sizes else int(name) for name in names.split()]
        return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2

    make.__doc__ = names
    return make


def scaled(names: str, factor: float, offset: float = 0.0) -> Callable[[dict[str, int], int], Tensor]:
    """The same, multiplied and moved into a range."""

    def make(sizes: dict[str, int], seed: int) -> Tensor:
        return torch.sigmoid(axes(names)(sizes, seed)) * factor + offset

    make.__doc__ = names
    return make


def log_p(names: str, over: int = 1) -> Callable[[dict[str, int], int], Tensor]:
    """Log-probabilities over the last axis, or over the last two."""

    def make(sizes: dict[str, int], seed: int) -> Tensor:
        z = axes(names)(sizes, seed)
        return torch.log_softmax(z.flatten(-over), -1).reshape(z.shape)

    make.__doc__ = names
    return make


def flat(out: object) -> tuple[Tensor, ...]:
    """One tensor or several, as a tuple."""
    return (out,) if isinstance(out, Tensor) else tuple(out)  # type: ignore[arg-type]


def whole(names: str) -> Callable[[dict[str, int], int], Tensor]:
    """Whole numbers of 0 to 2."""

    def make(sizes: dict[str, int], seed: int) -> Tensor:
        return torch.floor(scaled(names, 3.0)(sizes, seed))

    make.__doc__ = names
    return make


class Together(nn.Module):
    """A loss of three tensors in a tuple and the answers, fed with four tensors."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, a: Tensor, b: Tensor, c: Tensor, answers: Tensor) -> Tensor:
        """The loss."""
        out: Tensor = self.loss((a, b, c), answers)
        return out


def sparse_linear() -> layers.SparseLinear:
    """One that has learned something: it begins at zero."""
    layer = layers.SparseLinear(6, 2)
    nn.init.normal_(layer.weight)
    return layer


@dataclass(frozen=True)
class Example:
    """How a layer is made and fed.

    Attributes:
        make: gives the layer.
        inputs: one maker an input; its docstring names the axes.
        batched: each example of a batch is answered by itself, with any leading axes; a loss is not.
        differentiable: its answers hang on a graph; rounded ones do, with a gradient of 0, but indices do not.
        extreme: logits of 1000 are allowed as its first input.
        data: how many inputs, counted from the end, are compared exactly: no gradient, and no step to either side.
        together: all inputs but the last are one argument, a tuple.
    """

    make: Callable[[], nn.Module]
    inputs: tuple[Callable[[dict[str, int], int], Tensor], ...]
    batched: bool = True
    differentiable: bool = True
    extreme: bool = True
    data: int = 0
    together: bool = False

    def module(self) -> nn.Module:
        """The layer, the same every time."""
        torch.manual_seed(0)
        return Together(self.make()) if self.together else self.make()

    def tensors(self, sizes: dict[str, int], dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
        """The inputs."""
        return tuple(make(sizes, seed).to(dtype) for seed, make in enumerate(self.inputs))

    def axes(self) -> list[dict[int, str]]:
        """For each input the axes that may vary from call to call: all but channels and fixed sizes."""
        return [
            {i: name for i, name in enumerate((make.__doc__ or "").split()) if name in {"B", "H", "W"}}
            for make in self.inputs
        ]


IMAGES, MAPS = axes("B C H W"), log_p("B C H W", over=2)
PIXELS, POINTS = scaled("B C H W", 0.9, 0.05), scaled("B C 2", 4.0)

EXAMPLES: dict[str, Example] = {
    "Centroid": Example(layers.Centroid, (IMAGES,)),
    "Centroid of weights": Example(lambda: layers.Centroid(of="weights"), (PIXELS,), extreme=False),
    "CoordChannels": Example(layers.CoordChannels, (IMAGES,)),
    "CoordChannels with radius": Example(lambda: layers.CoordChannels(radius=True), (IMAGES,)),
    "Denorm": Example(lambda: layers.Denorm([0.5, 2, 30], [-1, 0, 7]), (axes("B C"),)),
    "Denorm of one output": Example(lambda: layers.Denorm(3.0, 2000.0), (IMAGES,)),
    "DSNT": Example(lambda: layers.DSNT(learnable=True), (IMAGES,)),
    "DecodeAxis": Example(layers.DecodeAxis, (log_p("B C W"),), differentiable=False),
    "DecodeAxis mean": Example(lambda: layers.DecodeAxis("mean"), (log_p("B C W"),)),
    "DecodeAxis median": Example(lambda: layers.DecodeAxis("median"), (log_p("B C W"),), differentiable=False),
    "DecodeHeatmap": Example(layers.DecodeHeatmap, (MAPS,), differentiable=False),
    "DecodeHeatmap local": Example(lambda: layers.DecodeHeatmap("local"), (MAPS,)),
    "DecodeHeatmap mean": Example(lambda: layers.DecodeHeatmap("mean"), (MAPS,)),
    "DecodeHeatmap quarter": Example(lambda: layers.DecodeHeatmap("quarter"), (MAPS,)),
    "DecodeHeatmap taylor": Example(lambda: layers.DecodeHeatmap("taylor"), (MAPS,)),
    "DecodeUnit": Example(layers.DecodeUnit, (scaled("B C 2", 2.0, -1.0),), extreme=False),
    "DecodeUnit between pixels": Example(lambda: layers.DecodeUnit((9, 11), whole=False), (axes("B C 2"),)),
    "Extents": Example(layers.Extents, (IMAGES,)),
    "FirstIndex": Example(lambda: layers.FirstIndex(learnable=True), (IMAGES,)),
    "FirstIndex hard": Example(lambda: layers.FirstIndex(mode="hard"), (IMAGES,), differentiable=False),
    "GatedPoint": Example(lambda: layers.GatedPoint(6, 2, (3, 4)), (axes("B 6"), log_p("B C W"), log_p("B 4 H"))),
    "GatedPointNLL": Example(
        layers.GatedPointNLL,
        (log_p("B 2 3 4", over=2), log_p("B C W"), log_p("B 4 H"), scaled("B 4", 4.0)),
        batched=False,
        together=True,
    ),
    "HalfPixelHuber": Example(layers.HalfPixelHuber, (axes("B 6"), axes("B 6")), batched=False),
    "HeatmapJS": Example(layers.HeatmapJS, (MAPS, POINTS), batched=False),
    "HeatmapKL": Example(layers.HeatmapKL, (MAPS, POINTS), batched=False),
    "InkGate": Example(layers.InkGate, (PIXELS,)),
    # in training it draws random numbers: test_jitter.py
    "Jitter": Example(lambda: layers.Jitter().eval(), (IMAGES,)),
    "KeypointHead": Example(lambda: layers.KeypointHead(3, 2), (IMAGES,)),
    "LastIndex": Example(lambda: layers.LastIndex(dim=-2), (IMAGES,)),
    "LogOrder": Example(lambda: layers.LogOrder(learnable=True), (axes("B C W"),)),
    "LogOrder neuralsort": Example(lambda: layers.LogOrder(method="neuralsort", learnable=True), (axes("B C W"),)),
    "LogOrder softsort": Example(lambda: layers.LogOrder(method="softsort", descending=True), (axes("B C W"),)),
    "LogScan": Example(layers.LogScan, (PIXELS,)),
    "LogScan of probabilities": Example(lambda: layers.LogScan(scale="prob"), (PIXELS,)),
    "Midpoint": Example(layers.Midpoint, (log_p("B C W"), log_p("B C W"))),
    "MinMaxPool": Example(lambda: layers.MinMaxPool(levels=2), (IMAGES,)),
    "NeighbourGate": Example(layers.NeighbourGate, (PIXELS,)),
    "PointCandidates": Example(layers.PointCandidates, (IMAGES,)),
    "PointFeatures": Example(layers.PointFeatures, (IMAGES,)),
    "PointFeatures hard": Example(lambda: layers.PointFeatures(mode="hard"), (IMAGES,), differentiable=False),
    "PointNLL": Example(layers.PointNLL, (log_p("B C W"), scaled("B C", 3.0)), batched=False),
    "PointerNLL": Example(layers.PointerNLL, (log_p("B C W"), whole("B W"), whole("B C")), batched=False, data=2),
    "RangeHead": Example(lambda: layers.RangeHead([0, 1, 2], [9, 8, 7]), (axes("B C"),)),
    "RasterFirst": Example(layers.RasterFirst, (IMAGES,)),
    "RasterPoints": Example(layers.RasterPoints, (IMAGES,)),
    "RootSquaredError": Example(layers.RootSquaredError, (axes("B 6"), axes("B 6")), batched=False),
    "SelectHead": Example(lambda: layers.SelectHead(3, 4), (log_p("B C W"),)),
    "SoftArgmax": Example(lambda: layers.SoftArgmax(learnable=True), (IMAGES,)),
    "SoftArgmax hard": Example(lambda: layers.SoftArgmax(mode="hard"), (IMAGES,), differentiable=False),
    "SoftArgmax2d": Example(lambda: layers.SoftArgmax2d(0.5, "unit"), (IMAGES,)),
    "SoftIndex": Example(layers.SoftIndex, (axes("B C W"), scaled("B C 6", 3.0))),
    "SoftIndex with width": Example(lambda: layers.SoftIndex(width=0.7), (axes("B C W"), scaled("B C 6", 3.0))),
    "SoftLookup": Example(layers.SoftLookup, (axes("B C W"), log_p("B C 6 W"))),
    "SoftRank": Example(lambda: layers.SoftRank(-2, learnable=True), (IMAGES,)),
    "SoftRank even": Example(lambda: layers.SoftRank(descending=True, ties="even"), (axes("B C W"),)),
    "SoftRank hard": Example(lambda: layers.SoftRank(mode="hard"), (axes("B C W"),), differentiable=False),
    "SoftSort": Example(lambda: layers.SoftSort(learnable=True), (axes("B C W"),)),
    "SoftSort hard": Example(lambda: layers.SoftSort(mode="hard"), (axes("B C W"),)),
    "SparseLinear": Example(sparse_linear, (axes("B C 6"),)),
    "SpatialSoftmax2d": Example(layers.SpatialSoftmax2d, (IMAGES,)),
}


def missing() -> set[str]:
    """Layers that `spoton.layers` exports and nobody feeds here."""
    return set(catalogue.classes("spoton.layers", nn.Module)) - {type(e.make()).__name__ for e in EXAMPLES.values()}
