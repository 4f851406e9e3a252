"""What the layers of order share: an axis, a temperature that can be learned, and errors that list the known words."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spoton.errors import UsageError
from spoton.layers._grid import check_temperature, wide

MODES = ("soft", "st", "hard")


def check_word(what: str, given: str, known: tuple[str, ...]) -> str:
    """The word, or an error that lists those that are known."""
    if given not in known:
        raise UsageError(f"no {what} is called '{given}'; known: {', '.join(known)}")
    return given


def keep_temperature(layer: nn.Module, temperature: float, learnable: bool) -> None:
    """Give a layer `log_temperature`, as a parameter where it is learned and as a buffer where it is not.

    Raises:
        UsageError: a temperature that is not positive.
    """
    log_temperature = torch.log(torch.tensor(check_temperature(temperature)))
    if learnable:
        layer.register_parameter("log_temperature", nn.Parameter(log_temperature))
    else:
        layer.register_buffer("log_temperature", log_temperature)


class Tempered(nn.Module):
    """A layer with an axis and a temperature, fixed or learned.

    Args:
        dim: the axis.
        temperature: where it begins; below 1 it sharpens.
        learnable: learn the logarithm of the temperature.
    """

    log_temperature: Tensor

    def __init__(self, dim: int = -1, temperature: float = 1.0, learnable: bool = False) -> None:
        super().__init__()
        self.dim = dim
        keep_temperature(self, temperature, learnable)

    def temperature(self, like: Tensor) -> Tensor:
        """The temperature as it is now, in the dtype of `like`."""
        return torch.exp(self.log_temperature).to(wide(like.dtype))

    def extra_repr(self) -> str:
        """Axis and temperature."""
        return f"dim={self.dim}, temperature={self.log_temperature.exp().item():.3g}"
