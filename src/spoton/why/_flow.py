"""`flow`: what comes back through a net: the gradient of each layer, and units that get none."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.why._alter import dropouts
from spoton.why._inside import Inside

if TYPE_CHECKING:
    from torch import Tensor, nn

ROWS = 256  # sent through, as far as the time reaches
ENOUGH = 64  # rows on which a unit has to be silent to be called dead: one that speaks on 5 % is missed once in 25
SAMPLE = 4  # batches that the size of a gradient is read from
# outputs within 1 % of a limit, where the slope is a twenty-fifth of the largest: by the size of what goes in
FLAT = {"Sigmoid": 4.6, "RangeHead": 4.6, "SigmoidRange": 4.6, "Tanh": 2.65, "Hardtanh": 1.0}


@dataclass
class Layer:
    """A layer with weights.

    Attributes:
        name: as in `named_modules`.
        ratio: norm of the loss's gradient over the norm of the weights; NaN where the gradient is not finite.
        silent: (units,) those whose weights no row's output depends on.
        constant: (units,) those that give one value on all rows, though their inputs vary.
    """

    name: str
    ratio: float
    silent: Array
    constant: Array

    @property
    def dead(self) -> float:
        """Share of units."""
        return float((self.silent | self.constant).mean())


@dataclass
class Flow:
    """Of one module on some rows.

    Attributes:
        layers: in the order of the forward pass.
        saturated: layer -> share of its outputs within 1 % of a limit.
        rows: how many.
    """

    layers: list[Layer]
    saturated: dict[str, float]
    rows: int


@dataclass
class _Seen:
    """Of one layer, over the batches."""

    low: Any = None  # of its outputs, a unit
    high: Any = None
    input_varies: bool = False
    fed: bool = False  # whether its inputs are other than 0: else its weights get no gradient, and it is not to blame
    first: Any = None  # its inputs on one row
    flat: list[float] = field(default_factory=list)


def flow(subject: Inside, module: nn.Module) -> Flow:
    """Send rows forth and back, batch by batch: in training mode, but without dropout."""
    import torch

    module = copy.deepcopy(module).train()
    for part in dropouts(module):
        part.p = 0.0
    if not any(weights.requires_grad for weights in module.parameters()):
        return Flow([], {}, 0)
    layers = {name: part for name, part in module.named_modules() if _units(part) and part.weight.requires_grad}
    weights = [part.weight for part in layers.values()]
    sent, seen = 0, dict[str, _Seen]()
    reach = [torch.zeros(len(held), device=held.device) for held in weights]
    torch.manual_seed(0)
    start = time.perf_counter()
    with _watched(module, seen):
        for place, batch in enumerate(subject.train.batches(subject.batch_size)):
            if sent and (sent + len(batch) > ROWS or time.perf_counter() - start > subject.seconds):
                break
            out = subject.call(module, batch.inputs)
            if place < SAMPLE:
                subject.criterion(out, batch.targets).backward(retain_graph=True)  # type: ignore[no-untyped-call]
            # silent is told by the gradient of the output and not of the loss, which fades where a net is right
            total = (torch.where(out.isfinite(), out, 0.0) * torch.randn_like(out)).sum()
            for held, gradient in zip(reach, _gradients(total, weights), strict=True):
                if gradient is not None:
                    held += gradient.flatten(1).abs().amax(dim=1)
            sent += len(batch)
    silent = {
        name: (held == 0).cpu().numpy() & seen[name].fed
        for name, held in zip(layers, reach, strict=True)
        if name in seen
    }
    found = [
        Layer(name, _ratio(layers[name]), silent[name], _constant(seen[name], len(silent[name])))
        for name in seen
        if name in layers
    ]
    saturated = {name: float(np.mean(part.flat)) for name, part in seen.items() if part.flat}
    return Flow(found, saturated, sent)


def _gradients(total: Tensor, weights: list[Any]) -> tuple[Tensor | None, ...]:
    import torch

    return torch.autograd.grad(total, weights, allow_unused=True) if weights else ()


def culprits(found: list[Layer], share: float) -> list[Layer]:
    """Layers of which more than this share is dead; of layers through which nothing comes back, the last one."""
    last = max((place for place, layer in enumerate(found) if layer.silent.all()), default=0)
    return [layer for layer in found[last:] if layer.dead > share]


def _ratio(part: Any) -> float:
    if part.weight.grad is None:
        return 0.0
    gradient, weights = float(part.weight.grad.norm()), float(part.weight.detach().norm())
    return gradient / weights if math.isfinite(gradient) and weights > 0 else math.nan if weights > 0 else 0.0


def _units(part: Any) -> int | None:
    """Number of units of a linear layer or convolution whose weights have one row a unit; None for other parts."""
    from torch import nn

    if isinstance(part, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return len(part.weight)
    return None


@contextmanager
def _watched(module: nn.Module, seen: dict[str, _Seen]) -> Iterator[None]:
    """Notes inputs and outputs of layers with weights, and of those that saturate."""
    handles = []
    for name, part in module.named_modules():
        flat = FLAT.get(type(part).__name__)
        if flat is not None or _units(part) is not None:
            handles.append(part.register_forward_hook(_noted(seen, name, flat)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _noted(seen: dict[str, _Seen], name: str, flat: float | None) -> Any:
    def note(part: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
        found = seen.setdefault(name, _Seen())
        given, values = args[0].detach(), out.detach()
        if flat is not None:
            found.flat.append(float((given.abs() > flat).float().mean()))
            return
        found.first = given[:1].clone() if found.first is None else found.first
        found.fed |= bool(given.any())
        found.input_varies |= bool((given != found.first).any())
        channels = 1 if _is_convolution(part) else values.ndim - 1
        each = values.movedim(channels, 0).flatten(1)
        low, high = each.amin(dim=1), each.amax(dim=1)
        found.low = low if found.low is None else low.minimum(found.low)
        found.high = high if found.high is None else high.maximum(found.high)

    return note


def _is_convolution(part: nn.Module) -> bool:
    from torch import nn

    return isinstance(part, nn.modules.conv._ConvNd)


def _constant(seen: _Seen, units: int) -> Array:
    if seen.low is None or not seen.input_varies:
        return np.zeros(units, dtype=bool)
    found: Array = (seen.low == seen.high).cpu().numpy()
    return found
