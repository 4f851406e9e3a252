"""`stages`: a net cut into at most a dozen parts, in the order of its forward pass, and what each gives on rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array

if TYPE_CHECKING:
    from torch import Tensor, nn

    from spoton.why._inside import Inside

    Part = tuple[str, nn.Module]

MOST = 14  # stages: as many as a picture can name, and a ResNet18 has eleven
WIDE = 2048  # numbers a row, beyond which they are hashed to so many: more than there are rows to fit


@dataclass(frozen=True)
class Stage:
    """A part of a net.

    Attributes:
        name: as in `named_modules`; kind: its class.
        shape: of its output for one row.
        parameters: numbers that it learns.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int

    @property
    def words(self) -> str:
        """`layer2 (128 x 4 x 4)`."""
        return f"{self.name} ({' x '.join(map(str, self.shape))})"


def stages(subject: Inside, module: nn.Module) -> list[Stage]:
    """The parts of a module in the order in which they finish: leaves, or blocks where there are too many leaves."""
    called = _called(subject, module)
    parts = [("", module)]
    while True:
        finer = [pair for name, part in parts for pair in _children(name, part, called)]
        if finer == parts:
            break
        if len(finer) > MOST:
            parts = _thinned(finer, list(called)) if len(parts) == 1 else _largest_cut(parts, called)
            break
        parts = finer
    places = {name: place for place, name in enumerate(called)}
    parts = sorted((pair for pair in parts if pair[0] in places), key=lambda pair: places[pair[0]])
    return [
        Stage(name or "output", type(part).__name__, called[name], sum(p.numel() for p in part.parameters()))
        for name, part in parts
    ]


def _thinned(parts: list[Part], order: list[str]) -> list[Part]:
    """Many layers in one row: some of them, the first and the last one always."""
    parts = sorted((pair for pair in parts if pair[0] in order), key=lambda pair: order.index(pair[0]))
    return [parts[i] for i in np.unique(np.linspace(0, len(parts) - 1, MOST).round().astype(int))]


def _largest_cut(parts: list[Part], called: dict[str, tuple[int, ...]]) -> list[Part]:
    """Few parts that cannot all be cut: the one with the most weights is, as the backbone before a head."""
    largest = max(parts, key=lambda pair: sum(p.numel() for p in pair[1].parameters()))
    inner = _children(*largest, called)
    small = len(parts) < MOST // 2 and len(parts) - 1 + len(inner) <= MOST
    return [*(pair for pair in parts if pair is not largest), *inner] if small else parts


def activations(
    subject: Inside, module: nn.Module, found: list[Stage], inputs: Tensor, wide: int = WIDE
) -> dict[str, Array]:
    """Stage -> (n, width) what it gives on these rows, in evaluation mode; wider ones hashed to `wide` numbers.

    Hashing (Weinberger et al., "Feature hashing for large scale multitask learning", 2009): each number goes with a
    random sign into a random one of the places, which keeps inner products on average.
    """
    import torch

    names = {stage.name for stage in found}
    kept: dict[str, list[Array]] = {stage.name: [] for stage in found}
    module.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), subject.batch_size):
            part = inputs[start : start + subject.batch_size]
            with outputs_of(module) as outputs:
                subject.call(module, part)
            for name, out in outputs.items():
                if (name or "output") in names:
                    kept[name or "output"].append(hashed(out, wide).cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in kept.items() if parts}


def hashed(out: Tensor, wide: int = WIDE) -> Tensor:
    """(B, ...) -> (B, at most `wide`)."""
    import torch

    flat = out.detach().flatten(1).float()
    if flat.shape[1] <= wide:
        return flat
    generator = torch.Generator().manual_seed(0)  # the same places for every batch
    place = torch.randint(wide, (flat.shape[1],), generator=generator).to(flat.device)
    sign = (2.0 * torch.randint(2, (flat.shape[1],), generator=generator) - 1.0).to(flat.device)
    return torch.zeros(len(flat), wide, device=flat.device).index_add_(1, place, flat * sign)


@contextmanager
def outputs_of(module: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Name -> output of each part in the forward passes inside, in the order in which they finish, "" for the whole."""
    import torch

    outputs: dict[str, Tensor] = {}

    def keep(name: str, out: Any) -> None:
        first = next((part for part in out if torch.is_tensor(part)), None) if isinstance(out, tuple | list) else out
        if torch.is_tensor(first):
            outputs.pop(name, None)  # of a part that is used twice, the last time
            outputs[name] = first.detach().clone()  # a ReLU in place may work on it

    handles = [
        part.register_forward_hook(lambda _, args, out, name=name: keep(name, out))
        for name, part in module.named_modules()
    ]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _called(subject: Inside, module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Name -> shape of what each part gives for one row, those that are not called or give no rows left out."""
    import torch

    rows = subject.train.inputs[:3]  # no size that anything else is likely to have
    module.eval()
    with torch.no_grad(), outputs_of(module) as outputs:
        subject.call(module, rows)
    return {name: tuple(out.shape[1:]) for name, out in outputs.items() if out.ndim > 1 and len(out) == len(rows)}


def _children(name: str, part: nn.Module, called: dict[str, tuple[int, ...]]) -> list[tuple[str, nn.Module]]:
    """The parts inside; itself where there are none that are called, or where it has weights of its own."""
    if next(part.parameters(recurse=False), None) is not None:
        return [(name, part)]
    inner = [(f"{name}.{key}" if name else key, child) for key, child in part.named_children()]
    inner = [pair for pair in inner if _reached(pair[0], called)]
    return inner or [(name, part)]


def _reached(name: str, called: dict[str, tuple[int, ...]]) -> bool:
    return any(key == name or key.startswith(f"{name}.") for key in called)
