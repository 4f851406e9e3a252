"""`scale_target`: a Learner that trains on standardised targets and answers in original units."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.fastai._quiet import quietly
from spoton.fastai._rows import check_learner, targets_of
from spoton.layers import Denorm

with quietly():
    from fastai.layers import SigmoidRange


def scale_target(learn: Any) -> Any:
    """Train on standardised targets; predictions, metrics, `predict` and exported files stay in original units.

    The model gets a last layer, `spoton.layers.Denorm`, with mean and standard deviation of the training targets. The
    loss is the Learner's own between standardised answers and standardised targets, so `train_loss` and `valid_loss`
    are in standard deviations (of a mean squared error: shares of the variance). A `SigmoidRange` in the model keeps
    its limits, which stay in original units. Call it before training: what was learned before is lost.

    Args:
        learn: a Learner of regression, of tables, images or anything else, with one or several outputs. Its model and
            loss are changed in place.

    Returns:
        The Learner.

    Raises:
        UsageError: it is no Learner, is scaled already, learns classes, or its model has several SigmoidRange layers.
        DataError: no targets, or some that are no finite numbers.

    Limits: one tensor of targets. The statistics need one pass through the training data, which loads every image.

    Example:
        >>> learn = scale_target(tabular_learner(dls, metrics=rmse))  # doctest: +SKIP
    """
    if isinstance(check_learner(learn).loss_func, ScaledLoss):
        raise UsageError("the targets of this Learner are scaled already; make a new Learner to scale them anew")
    if classifies(learn.loss_func):
        raise UsageError(
            f"this Learner learns classes ({type(learn.loss_func).__name__}), which have no scale; scale_target is for"
            " targets that are numbers"
        )
    ranges = [module for module in learn.model.modules() if isinstance(module, SigmoidRange)]
    if len(ranges) > 1:
        raise UsageError(
            f"the model has {len(ranges)} SigmoidRange layers, and which one limits the answers cannot be known; "
            "leave the others out, or put spoton.layers.Denorm last by hand"
        )
    # answers of half precision would have no digits left where they lie far from 0
    denorm = Denorm.from_targets(targets_of(learn, "train"), dtype=torch.float32)
    device = next((parameter.device for parameter in learn.model.parameters()), torch.device("cpu"))
    denorm = (denorm.float() if device.type == "mps" else denorm).to(device)
    for layer in ranges:
        _move(layer, denorm)
    _append(learn, denorm)
    learn.loss_func = ScaledLoss(learn.loss_func, denorm)
    return learn


def classifies(loss_func: Any) -> bool:
    """Whether a loss is one of classes."""
    kind = type(getattr(loss_func, "func", loss_func)).__name__
    return any(word in kind for word in ("CrossEntropy", "BCE", "Dice"))


def _move(layer: Any, denorm: Denorm) -> None:
    """The limits in standardised units; buffers, since plain tensors would stay behind when the model moves."""
    for name in ("low", "high"):
        limit = torch.as_tensor(getattr(layer, name), dtype=torch.float64, device=denorm.scale.device)
        if limit.numel() > 1 and limit.numel() != denorm.scale.numel():
            raise DataError(f"SigmoidRange has {limit.numel()} limits for {denorm.scale.numel()} targets; give as many")
        delattr(layer, name)
        layer.register_buffer(name, ((limit - denorm.offset) / denorm.scale).float())


def _append(learn: Any, denorm: Denorm) -> None:
    """Put the layer last where the parts of the model, and with them the splitter's groups, stay what they are."""
    model = learn.model
    last = getattr(model, "layers", None)
    if isinstance(model, nn.Sequential):
        model.append(denorm)
    elif type(model).__name__ == "TabularModel" and isinstance(last, nn.Sequential):
        last.append(denorm)
    else:
        learn.model, learn.splitter = Denormed(model, denorm), partial(_split, learn.splitter)


def _split(splitter: Any, model: Denormed) -> Any:
    return splitter(model.net)


class Denormed(nn.Module):
    """`net`, then `denorm`.

    Args:
        net: any module, of any number of inputs.
        denorm: a `spoton.layers.Denorm`.
    """

    def __init__(self, net: nn.Module, denorm: Denorm) -> None:
        super().__init__()
        self.net, self.denorm = net, denorm

    def forward(self, *inputs: Any) -> Any:
        """Answers in original units."""
        return self.denorm(self.net(*inputs))

    def reset(self) -> None:
        """What fastai calls before each fit, for nets with a state."""
        if callable(reset := getattr(self.net, "reset", None)):
            reset()


class ScaledLoss(nn.Module):
    """A loss between standardised answers and standardised targets.

    Args:
        loss_func: the loss; its `activation`, `decodes` and `reduction` are those of this one.
        denorm: the last layer of the model.
    """

    def __init__(self, loss_func: Any, denorm: Denorm) -> None:
        super().__init__()
        self.loss_func, self.denorm = loss_func, denorm

    def forward(self, answers: Tensor, targets: Tensor, **options: Any) -> Any:
        """The loss of answers and targets that are both in original units."""
        return self.loss_func(self._standardised(answers), self._standardised(targets), **options)

    def _standardised(self, values: Tensor) -> Tensor:
        outputs = self.denorm.scale.numel()
        flat = values.reshape(len(values), -1).to(torch.promote_types(values.dtype, torch.float32))
        if flat.shape[1] != outputs:
            raise DataError(f"the targets of training have {outputs} outputs, and here are {flat.shape[1]}")
        return self.denorm.normalise(flat).reshape(values.shape)

    def activation(self, answers: Any) -> Any:
        """The loss's own."""
        return getattr(self.loss_func, "activation", _same)(answers)

    def decodes(self, answers: Any) -> Any:
        """The loss's own."""
        return getattr(self.loss_func, "decodes", _same)(answers)

    @property
    def reduction(self) -> str:
        """The loss's own; there is none where it has none."""
        found: str = self.loss_func.reduction
        return found

    @reduction.setter
    def reduction(self, value: str) -> None:
        self.loss_func.reduction = value

    def to(self, *args: Any, **options: Any) -> Any:
        """fastai's losses hold weights that are no buffers."""
        if hasattr(self.loss_func, "to"):
            self.loss_func.to(*args, **options)
        return super().to(*args, **options)


def _same(values: Any) -> Any:
    return values
