"""`OrderNet`: argmax, maximum and sorting of lists of any length, learned with a handful of parameters."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.layers import SelectHead, log_places, soft_rank
from spoton.nets._head import YRange
from spoton.nets._parts import check_lists
from spoton.nets._pointing import Pointed, PointingNet, Scale

ORDERS = 8  # (padding last, or no padding) x (ascending, descending) x (of equal elements the first, the last)


class OrderNet(PointingNet):
    """Output p is the element at place p of the list in a learned order, or its position in the list.

    Every element is compared with every other, sigmoid(k (x_i - x_j)), and the sum over j is its rank; log P(i stands
    at place p) falls with |rank - p|. Learned are the order, as a mixture of eight, the threshold below which an
    element is padding (m = sigmoid(a (x - t))), the sharpness of all three, and whether answers are elements or
    positions: 14 parameters, for lists of any length and any number of outputs. Trained on -log P(answer).

    In evaluation the comparisons are exact (`hard`): the limit of infinite sharpness, in which nothing is left of the
    parameters but the order, the threshold and the reading. So the length of a list plays no part.

    Args:
        in_shape: (L,), the number of columns.
        n_out: number of answers, from the first place on.
        hard: exact comparisons in evaluation; False for the soft ones of training.
        y_range: not used; answers are elements or positions.

    Shape: (B, L) -> log-probabilities of candidates (B, n_out, 2 L), and what they are of (B, 2 L); `decode` makes
        answers (B, n_out) of them.

    Raises:
        Refused: the inputs are images.

    Limits: memory grows with L squared. Padding has to lie apart from the numbers, and below them: the threshold begins
        at 0.1 to 0.6 of the range that is met, and from among the numbers it finds the gap in two runs of three only. A
        rule for equal elements is learned from lists that have some; without them it is left to chance.
    """

    def __init__(
        self, in_shape: Sequence[int] = (32,), n_out: int = 1, *, hard: bool = True, y_range: YRange = None
    ) -> None:
        super().__init__(in_shape, n_out, "ordernet")
        self.hard = hard
        self.scale = Scale()
        self.threshold = nn.Parameter(torch.rand(()) * 0.5 + 0.1)
        self.log_gate = nn.Parameter(torch.randn(()) * 0.3 + 2.5)
        self.log_compare = nn.Parameter(torch.randn(()) * 0.3 + 2.0)
        self.log_place = nn.Parameter(torch.randn(()) * 0.3)
        self.select = SelectHead(ORDERS, 1)

    def forward(self, x: Tensor) -> Pointed:
        """Candidates: log-probabilities and values."""
        check_lists(x, self)
        above = self.scale(x) - self.threshold
        if self.hard and not self.training:
            ranks = self.ranks(x, (above > 0).to(x.dtype), "hard")
            chosen = F.one_hot(self.select.weights[0].argmax(), ORDERS).to(x.dtype)
            return self.read(log_places((ranks * chosen.unsqueeze(-1)).sum(1), self.n_out, float("inf")), x)
        ranks = self.ranks(x, torch.sigmoid(self.log_gate.exp() * above), "soft")
        places = log_places(ranks, self.n_out, self.log_place.exp())
        return self.read(self.select(places.transpose(1, 2)).squeeze(2), x)

    def ranks(self, x: Tensor, listed: Tensor, mode: str) -> Tensor:
        """The rank of each element in each of the eight orders, (B, 8, L).

        Args:
            x: (B, L).
            listed: probability that an element is no padding, (B, L).
            mode: `soft` or `hard`.
        """
        weights = torch.stack([listed, 1 - listed], dim=1)
        others = weights.sum(-1, keepdim=True) - weights
        temperature = self.scale.span() * torch.exp(-self.log_compare)
        rising = [
            soft_rank(x.unsqueeze(1), mode=mode, temperature=temperature, ties=ties, weights=weights)
            for ties in ("first", "last")
        ]
        # who is not before an element is after it: in the falling order the first of equal elements is the last here
        orders = torch.stack([*rising, others - rising[1], others - rising[0]], dim=1)
        in_list, in_padding = orders[:, :, 0], orders[:, :, 1]
        listed = listed.unsqueeze(1)
        last = listed * in_list + (1 - listed) * (others[:, :1] + in_padding)
        return torch.cat([last, in_list + in_padding], dim=1)
