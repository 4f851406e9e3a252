"""`PointerNet`: a peer for lists. A small transformer whose answers point at elements."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spoton.nets._head import YRange
from spoton.nets._parts import check_lists
from spoton.nets._pointing import Pointed, PointingNet, Scale


class PointerNet(PointingNet):
    """Self-attention over the elements, then one learned query an output that points at them by attention.

    After Vinyals, Fortunato and Jaitly, "Pointer networks", 2015, with a transformer encoder in the place of the
    recurrent one (Vaswani et al., 2017), and the loss and the candidates of `OrderNet`: what differs is that here the
    order has to be found by attention.

    Args:
        in_shape: (L,), the number of columns.
        n_out: number of answers.
        width: of the embedding; a multiple of `heads`.
        depth: number of encoder layers, without dropout.
        heads: of each layer.
        places: add sines and cosines of the position to the embedding.
        y_range: not used; answers are elements or positions.

    Shape: (B, L) -> log-probabilities of candidates (B, n_out, 2 L), and what they are of (B, 2 L); `decode` makes
        answers (B, n_out) of them.

    Raises:
        Refused: the inputs are images.
    """

    def __init__(
        self,
        in_shape: Sequence[int] = (32,),
        n_out: int = 1,
        *,
        width: int = 32,
        depth: int = 2,
        heads: int = 4,
        places: bool = True,
        y_range: YRange = None,
    ) -> None:
        super().__init__(in_shape, n_out, "pointernet")
        self.scale = Scale()
        self.embed = nn.Sequential(nn.Linear(1, width), nn.ReLU(), nn.Linear(width, width))
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.query = nn.Parameter(torch.randn(n_out, width))
        self.places = places

    def forward(self, x: Tensor) -> Pointed:
        """Candidates: log-probabilities and values."""
        check_lists(x, self)
        each = self.embed(self.scale(x).unsqueeze(-1))
        if self.places:
            each = each + waves(each)
        keys = self.norm(self.encoder(each))
        pointers = torch.log_softmax(self.query @ keys.transpose(1, 2) / math.sqrt(keys.shape[-1]), dim=-1)
        return self.read(pointers, x)


def waves(each: Tensor) -> Tensor:
    """Sines and cosines of the position, (L, width), for elements (..., L, width)."""
    length, width = each.shape[-2:]
    place = torch.arange(length, device=each.device, dtype=each.dtype).unsqueeze(-1)
    rate = 10_000.0 ** (-torch.arange(0, width, 2, device=each.device, dtype=each.dtype) / width)
    return torch.stack([torch.sin(place * rate), torch.cos(place * rate)], dim=-1).flatten(-2)[:, :width]
