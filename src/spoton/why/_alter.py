"""Changes of the net within a torch learner: other first weights, no dropout, another normalisation, clipped steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, clone

from spoton.learners import TorchRegressor, model_of
from spoton.why._change import Change

if TYPE_CHECKING:
    from torch import Tensor, nn

    from spoton.why._study import Study

GROUPS = 32  # channels are normalised in so many groups, where they divide evenly (Wu and He, 2018)


@dataclass(frozen=True, repr=False)
class Altered:
    """A net as `TorchRegressor` takes it, changed before its first step.

    Args:
        net: what `TorchRegressor` takes.
        alter: a function of the fresh module, which works in place; or a `partial` of one.
    """

    net: Any
    alter: Callable[[Any], Any]

    def __call__(self, in_shape: Sequence[int], n_out: int, y_range: Any = None, **options: Any) -> nn.Module:
        """The module; the options are those of the net."""
        from spoton.learners._torch import make_net

        module = make_net(self.net, in_shape, n_out, y_range=y_range, **options)
        self.alter(module)
        return module

    def __repr__(self) -> str:
        # a run is found again by this text: no addresses
        return f"Altered({_text(self.net)}, {_text(self.alter)})"


def net_change(
    study: Study, probe: str, words: str, cause: str, alter: Callable[[Any], Any], code: str, group: str
) -> list[Change]:
    """The change, for a `TorchRegressor`; none for other learners, whose nets are not made here.

    Args:
        alter: see `Altered`; at the head of a file, for other processes find it by its name.
        code: what the user writes, on `net`.
    """
    if not isinstance(model_of(study.subject.estimator), TorchRegressor):
        return []
    return [Change(probe, words, cause, partial(_apply, alter=alter), f"import torch\n\n{code}", None, group)]


def _apply(estimator: BaseEstimator, *, alter: Callable[[Any], Any]) -> BaseEstimator:
    changed = clone(estimator)
    model = model_of(changed)
    model.set_params(net=Altered(model.net, alter))
    return changed


def _text(value: Any) -> str:
    if isinstance(value, partial):
        return f"{_text(value.func)} with {value.keywords}"
    return f"{value.__module__}.{value.__qualname__}" if hasattr(value, "__qualname__") else repr(value)


def orthogonal(module: nn.Module) -> None:
    """Orthogonal weights with the gain of a ReLU, biases of 0 (Saxe, McClelland and Ganguli, 2014)."""
    import torch

    for part in weighted(module):
        torch.nn.init.orthogonal_(part.weight, math.sqrt(2.0))
        if part.bias is not None:
            torch.nn.init.zeros_(part.bias)


def zero_head(module: nn.Module) -> None:
    """The last linear layer or convolution gives 0 at first: the answers begin in the middle of their range."""
    import torch

    for part in weighted(module)[-1:]:
        torch.nn.init.zeros_(part.weight)
        if part.bias is not None:
            torch.nn.init.zeros_(part.bias)


def clipped_steps(module: nn.Module) -> None:
    """The gradient of each tensor of weights has a norm of at most 1."""
    for weights in module.parameters():
        weights.register_hook(_clipped)  # type: ignore[no-untyped-call]  # torch has no types for it


def _clipped(gradient: Tensor) -> Tensor:
    found: Tensor = gradient / gradient.norm().clamp(min=1.0)
    return found


def no_dropout(module: nn.Module) -> None:
    """Nothing is dropped."""
    for part in dropouts(module):
        part.p = 0.0


def group_norm(module: nn.Module) -> None:
    """Normalisation within each row instead of over the batch: GroupNorm, for tables LayerNorm."""
    from torch import nn

    for part in list(module.modules()):
        for name, child in part.named_children():
            if isinstance(child, nn.modules.batchnorm._BatchNorm):
                flat = isinstance(child, nn.BatchNorm1d)
                groups = 1 if flat else math.gcd(GROUPS, child.num_features)
                setattr(part, name, nn.GroupNorm(groups, child.num_features))


def usual_momentum(module: nn.Module) -> None:
    """Running statistics of batch normalisation that follow the batches as torch's do by default."""
    for part in batch_norms(module):
        part.momentum = 0.1


def weighted(module: nn.Module) -> list[Any]:
    """Its linear layers and convolutions, in the order in which they are named."""
    from torch import nn

    kinds = (nn.Linear, nn.modules.conv._ConvNd)
    return [part for part in module.modules() if isinstance(part, kinds)]


def dropouts(module: nn.Module) -> list[Any]:
    """Its dropout layers that drop something."""
    from torch import nn

    return [part for part in module.modules() if isinstance(part, nn.modules.dropout._DropoutNd) and part.p > 0]


def batch_norms(module: nn.Module) -> list[Any]:
    """Its layers of batch normalisation that keep running statistics."""
    from torch import nn

    kinds = nn.modules.batchnorm._BatchNorm
    return [part for part in module.modules() if isinstance(part, kinds) and part.track_running_stats]
