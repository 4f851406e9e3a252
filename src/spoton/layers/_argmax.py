"""`SoftArgmax`: where the highest score of a list is, differentiable, and exact in `hard` mode."""

from __future__ import annotations

import torch
from torch import Tensor

from spoton.layers._checks import check_axes, check_dim
from spoton.layers._grid import centres, check_temperature, wide
from spoton.layers._tempered import MODES, Tempered, check_word

TIES = ("first", "last")


def soft_argmax(
    scores: Tensor, dim: int = -1, *, mode: str = "soft", temperature: float | Tensor = 1.0, ties: str = "first"
) -> Tensor:
    """Where the highest score is: sum over i of softmax(scores / temperature)_i i.

    Args:
        scores: any shape, L along `dim`.
        dim: the axis.
        mode: `soft` (an expectation: of two equal peaks the middle), `hard` (the index, no gradient) or `st` (`hard`
            forward, `soft` backward).
        temperature: divides the scores; a number, or a tensor without axes.
        ties: which of equal scores `hard` takes: the `first`, as NumPy does, or the `last`.

    Returns:
        The index, in the shape of `scores` without `dim`.

    Raises:
        UsageError: an unknown mode or kind of ties.

    Limits: the longer the list, the flatter any softmax of bounded scores (Velickovic et al., "softmax is not enough",
    2024), so `soft` drifts to the middle where `hard` does not.
    """
    check_word("mode", mode, MODES)
    check_word("kind of ties", ties, TIES)
    check_axes(scores, "scores", "L")
    check_dim(scores, "scores", dim)
    if not isinstance(temperature, Tensor):
        check_temperature(temperature)
    s = scores.movedim(dim, -1).to(wide(scores.dtype))
    place = centres(s.shape[-1], s)
    best = s == s.amax(-1, keepdim=True)
    hard = torch.where(best, place, s.shape[-1]).amin(-1) if ties == "first" else torch.where(best, place, -1).amax(-1)
    if mode == "hard":
        return hard.to(scores.dtype)
    soft = (torch.softmax(s / temperature, dim=-1) * place).sum(-1)
    return (soft if mode == "soft" else hard + (soft - soft.detach())).to(scores.dtype)


class SoftArgmax(Tempered):
    """`soft_argmax` as a module.

    Args:
        dim: the axis.
        mode: `soft`, `st` or `hard`.
        ties: `first` or `last`.
        temperature: where it begins.
        learnable: learn the logarithm of the temperature.

    Shape: (..., L, ...) -> the same without `dim`.

    Example:
        >>> import torch
        >>> SoftArgmax(mode="hard")(torch.tensor([[0.1, 0.7, 0.7], [0.5, 0.2, 0.1]]))
        tensor([1., 0.])
    """

    def __init__(
        self,
        dim: int = -1,
        mode: str = "soft",
        *,
        ties: str = "first",
        temperature: float = 1.0,
        learnable: bool = False,
    ) -> None:
        super().__init__(dim, temperature, learnable)
        self.mode, self.ties = check_word("mode", mode, MODES), check_word("kind of ties", ties, TIES)

    def forward(self, scores: Tensor) -> Tensor:
        """The index."""
        return soft_argmax(scores, self.dim, mode=self.mode, temperature=self.temperature(scores), ties=self.ties)
