"""`TableNet`: a sparse linear path and several small MLPs beside it, which begin as nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.errors import Refused, UsageError
from spoton.layers import SparseLinear
from spoton.nets._head import YRange, head

BEND = 3.0  # standard deviations at which an input is clipped, smoothly
PHASE = 2 * math.pi
RAMP_NUMBERS = 4  # that a column's ramps become


class TableNet(nn.Module):
    """x -> x w + mean over the members of mlp_m(x): a linear law exactly, and what is left of it approximately.

    The members are MLPs on the same columns, of different random weights, computed together; `members_forward` gives
    each its own rows, so that each can be trained without other rows (Breiman's bagging; Gorishniy et al., "TabM",
    2024, for members in one module). Their inputs are clipped smoothly (z / sqrt(1 + (z / 3)^2)) and joined by learned
    cosines of each column (Gorishniy et al., "On embeddings for numerical features in tabular deep learning", 2022; in
    the form of Holzmueller et al., "Better by default: RealMLP", 2024). Cosines are smooth, and some laws jump: so
    members may see ramps too, each of which rises from 0 to 1 between two neighbouring edges of a column (the
    piecewise linear encoding of the former paper). The members' last layers begin at zero: until they have learned
    something, the net is its linear path.

    Args:
        in_shape: (D,), the number columns, standardised.
        n_out: number of outputs K.
        y_range: limits of a sigmoid head, or None.
        members: number of MLPs.
        width, depth: of each one's hidden layers.
        frequencies: cosines a column.
        embedding: numbers that a column becomes, itself among them; 1 for no cosines.
        cardinalities: number of levels of each categorical column; levels are embedded in the members.
        columns: which number columns the members see; None for all.
        edges: (d, E) of each of these columns, standardised and ascending: E - 1 ramps a column; None for no ramps. The
            last edge may be repeated where a column has fewer; these ramps stay 0.
        ramped: (members,) which of them see ramps; None for all. The others have zeros there, which no descent moves.

    Shape: x (B, D) and, with `cardinalities`, codes (B, C) from 0 -> (B, K).

    Raises:
        Refused: images.
        UsageError: sizes below 1, or edges for other columns.
    """

    chosen: Tensor
    low: Tensor
    rise: Tensor

    def __init__(
        self,
        in_shape: Sequence[int] = (4,),
        n_out: int = 1,
        *,
        y_range: YRange = None,
        members: int = 8,
        width: int = 96,
        depth: int = 2,
        frequencies: int = 16,
        embedding: int = 4,
        cardinalities: Sequence[int] = (),
        columns: Sequence[int] | None = None,
        edges: Tensor | None = None,
        ramped: Sequence[bool] | None = None,
    ) -> None:
        super().__init__()
        if len(in_shape) != 1:
            raise Refused(f"this net takes tables, and one example has {len(in_shape)} axes; give columns, as in @pts")
        if min(members, width, depth, frequencies, embedding) < 1:
            raise UsageError("members, width, depth, frequencies and embedding have to be 1 or more")
        self.linear = SparseLinear(in_shape[0], n_out)
        self.head = head(y_range)
        self.register_buffer(
            "chosen", torch.tensor(range(in_shape[0]) if columns is None else columns, dtype=torch.int64)
        )
        self.members, self.frequencies = members, frequencies
        count = len(self.chosen)
        if embedding > 1:
            self.frequency = nn.Parameter(torch.randn(members, 1, count, frequencies) * 0.1)
            self.phase = nn.Parameter((torch.rand(members, 1, count, frequencies) * 2 - 1) * math.pi)
            mixed = torch.randn(members, count, frequencies, embedding - 1) / math.sqrt(frequencies)
            self.mix = nn.Parameter(mixed)
            self.mix_bias = nn.Parameter(torch.randn(members, 1, count, embedding - 1) * 0.1)
        ramps = 0 if edges is None else RAMP_NUMBERS * count
        if edges is not None:
            if edges.ndim != 2 or len(edges) != count or edges.shape[1] < 2:
                raise UsageError(f"edges are ({count}, 2 or more), one row a column, not {tuple(edges.shape)}")
            ends = _bend(edges.float())
            gap = ends[:, 1:] - ends[:, :-1]
            self.register_buffer("low", ends[:, :-1].contiguous())
            self.register_buffer("rise", torch.where(gap > torch.finfo(gap.dtype).tiny, 1 / gap, 0.0))
            self.ramp_mix = nn.Parameter(torch.zeros(members, count, edges.shape[1] - 1, RAMP_NUMBERS))
        sizes = [min(8, 1 + levels // 2) for levels in cardinalities]
        self.levels = nn.ParameterList(
            [
                nn.Parameter(torch.randn(members, levels, size))
                for levels, size in zip(cardinalities, sizes, strict=True)
            ]
        )
        inputs = count * embedding + ramps + sum(sizes)
        widths = [inputs, *[width] * depth]
        self.scale = nn.Parameter(torch.ones(members, 1, inputs))
        # variance 1 / fan-in, and biases that spread the units
        self.weights = nn.ParameterList(
            [nn.Parameter(torch.randn(members, a, b) / math.sqrt(max(a, 1))) for a, b in pairwise(widths)]
        )
        self.biases = nn.ParameterList([nn.Parameter(torch.randn(members, 1, b) * 0.5) for b in widths[1:]])
        if ramped is not None and len(ramped) != members:
            raise UsageError(f"ramped says of each of {members} members whether it sees ramps, not of {len(ramped)}")
        if ramped is not None and ramps:
            own = torch.tensor(ramped, dtype=torch.bool)
            here = self._ramp_inputs()
            with torch.no_grad():  # with all three of them 0, so are their gradients
                self.scale[~own, :, here] = 0
                self.weights[0][~own, here] = 0
        self.out = nn.Parameter(torch.zeros(members, width, n_out))
        self.out_bias = nn.Parameter(torch.zeros(members, 1, n_out))

    def forward(self, x: Tensor, codes: Tensor | None = None) -> Tensor:
        """The answers."""
        z = self.bent(x)
        spread = None if codes is None else codes.expand(self.members, *codes.shape)
        answers = self._answers(z.expand(self.members, *z.shape), self._ramps(z), spread)
        out: Tensor = self.head(self.linear(x) + answers.mean(0))
        return out

    def bent(self, x: Tensor) -> Tensor:
        """The columns that the members see, clipped smoothly: x (..., D) -> (..., d)."""
        return _bend(x.index_select(-1, self.chosen).to(self.out.dtype))

    def members_forward(self, x: Tensor, codes: Tensor | None = None) -> Tensor:
        """Each member on rows of its own, without the linear path: x (M, B, D), codes (M, B, C) -> (M, B, K)."""
        z = self.bent(x)
        return self._answers(z, self._ramps(z), codes)

    def _ramps(self, z: Tensor) -> Tensor | None:
        """How far up each ramp the values are, 0 to 1: z (..., d) -> (..., d, E - 1), or None where there are none."""
        return ((z.unsqueeze(-1) - self.low) * self.rise).clamp(0, 1) if hasattr(self, "ramp_mix") else None

    def _answers(self, z: Tensor, ramps: Tensor | None, codes: Tensor | None) -> Tensor:
        """As of `members_forward`, from bent columns; ramps (B, d, E - 1) where all have the same rows, or (M, ...)."""
        parts = [z]
        if hasattr(self, "mix"):
            waves = torch.cos(PHASE * z.unsqueeze(-1) * self.frequency + self.phase)
            parts.append((torch.einsum("mbdf,mdfe->mbde", waves, self.mix) + self.mix_bias).flatten(-2))
        if ramps is not None:
            shape = "bdf" if ramps.ndim == 3 else "mbdf"
            parts.append(torch.einsum(f"{shape},mdfe->mbde", ramps, self.ramp_mix).flatten(-2))
        if codes is not None:
            member = torch.arange(self.members, device=z.device)[:, None]
            parts += [levels[member, codes[..., i]] for i, levels in enumerate(self.levels)]
        hidden = torch.cat(parts, dim=-1) * self.scale
        for weight, bias in zip(self.weights, self.biases, strict=True):
            hidden = F.silu(torch.baddbmm(bias, hidden, weight))
        return torch.baddbmm(self.out_bias, hidden, self.out)

    @torch.no_grad()
    def keep_members(self, which: Tensor) -> None:
        """Leave out all members but these, and the ramps if none of them sees any.

        Args:
            which: (m,) their numbers.
        """
        self.members = len(which)
        for part in self.member_parameters().values():
            part.data = part.data[which]
        if hasattr(self, "ramp_mix") and not len(self.ramped()):
            here = self._ramp_inputs()
            rest = [i for i in range(self.scale.shape[-1]) if not here.start <= i < here.stop]
            self.scale.data, self.weights[0].data = self.scale.data[..., rest], self.weights[0].data[:, rest]
            del self.ramp_mix, self.low, self.rise

    @property
    def member_size(self) -> int:
        """How many learned numbers of the members are not 0."""
        return sum(int(part.count_nonzero()) for part in self.member_parameters().values())

    def member_parameters(self) -> dict[str, nn.Parameter]:
        """Name -> parameter of the members, the first axis of each being theirs: all but the linear path."""
        return {name: part for name, part in self.named_parameters() if not name.startswith("linear.")}

    def ramped(self) -> Tensor:
        """(m,) the numbers of the members that see ramps."""
        if not hasattr(self, "ramp_mix"):
            return torch.zeros(0, dtype=torch.int64)
        return self.scale.detach()[:, 0, self._ramp_inputs()].any(1).nonzero().flatten()

    def _ramp_inputs(self) -> slice:
        """Where they are among the inputs of the first layer."""
        count = len(self.chosen)
        start = count * (1 + (self.mix.shape[-1] if hasattr(self, "mix") else 0))
        return slice(start, start + count * RAMP_NUMBERS)


def _bend(z: Tensor) -> Tensor:
    return z / torch.sqrt(1 + (z / BEND) ** 2)
