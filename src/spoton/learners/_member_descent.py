"""The descent of a `TableNet`'s members: gradients by hand, and AdamW on all of their numbers at once.

Members are so small that autograd, and an optimiser that goes from parameter to parameter, take longer than the
arithmetic. Written out, a step costs a third. A test compares it with autograd, `AdamW` and `OneCycleLR`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.optim.adamw import adamw

from spoton.nets import TableNet
from spoton.nets._tablenet import PHASE

BETA2, EPS = 0.98, 1e-8
WARM_UP = 0.15  # share of the steps in which the learning rate rises
BELOW_FIRST, BELOW_LAST = 25.0, 1e4  # the highest learning rate by the first one, and the first by the last
HIGH, LOW = 0.95, 0.85  # beta1 at both ends, and where the learning rate is highest


def one_cycle(lr: float, steps: int) -> list[tuple[float, float]]:
    """Learning rate and beta1 of each step (Smith and Topin, "Super-convergence", 2018), by half waves of a cosine.

    Args:
        lr: the highest one.
        steps: how many.
    """
    top, last = WARM_UP * steps - 1, steps - 1
    at = np.arange(steps)
    rising = at <= top
    share = np.where(rising, at / top if top > 0 else 1.0, (at - top) / (last - top))
    wave = (1 + np.cos(np.pi * share)) / 2  # from 1 to 0
    first, end = lr / BELOW_FIRST, lr / BELOW_FIRST / BELOW_LAST
    rates = np.where(rising, lr + (first - lr) * wave, end + (lr - end) * wave)
    momenta = np.where(rising, LOW + (HIGH - LOW) * wave, HIGH + (LOW - HIGH) * wave)
    return list(zip(rates.tolist(), momenta.tolist(), strict=True))


Room = Callable[..., Tensor]
PARTS = ("gate", "hidden", "bend")


@dataclass(frozen=True)
class _Trace:
    """What the way back needs.

    Attributes:
        ramps: (R, d, E - 1, B), 0 to 1, of the R members that see any.
        turn, waves: (M, d, F, B) the arguments of the cosines, and the cosines.
        joined: (M, I, B) what the first layer would see without its scale.
        inputs: of each layer. bends: of each hidden layer, the slope of x sigmoid(x).
        widths: of the parts of `joined`: columns, what their waves and ramps became, each category's numbers.
    """

    ramps: Tensor
    turn: Tensor
    waves: Tensor
    joined: Tensor
    inputs: list[Tensor]
    bends: list[Tensor]
    widths: list[int]


class MemberDescent:
    """Holds all numbers of the members in one vector, and steps it.

    Args:
        net: its members' parameters are where it begins; `put_back` writes what it found.
        weight_decay: of the matrices.

    Attributes:
        values: name of a parameter -> what it is now, a view into the vector.
        slopes: name -> the gradient of the latest step.
    """

    def __init__(self, net: TableNet, weight_decay: float) -> None:
        own = dict(sorted(net.member_parameters().items(), key=lambda pair: not pair[0].startswith("weights.")))
        self.net, self.weight_decay = net, weight_decay
        self.rooms: dict[str, Tensor] = {}
        self.ramped = net.ramped()
        self.waved = "mix" in own and len(net.chosen) > 0
        vector = torch.cat([part.detach().flatten() for part in own.values()])
        whole = [vector, *(torch.zeros_like(vector) for _ in range(3))]
        matrices = sum(part.numel() for part in net.weights)
        # vector, gradient, its mean, the mean of its square, the number of steps: of the matrices, and of the rest
        self.held = [
            [*(part[:matrices] for part in whole), torch.zeros(())],
            [*(part[matrices:] for part in whole), torch.zeros(())],
        ]
        sizes = [part.numel() for part in own.values()]
        self.values, self.slopes = (
            {name: one.view(own[name].shape) for name, one in zip(own, torch.split(part, sizes), strict=True)}
            for part in whole[:2]
        )

    def answers(self, z: Tensor, codes: Tensor | None) -> Tensor:
        """(M, B, K) answers of each member to rows of its own: bent inputs z (M, B, d), codes (M, B, C)."""
        return self._forward(z, codes, lambda _, *shape: z.new_empty(shape))[0]

    def step(self, z: Tensor, codes: Tensor | None, y: Tensor, lr: float, beta1: float) -> None:
        """One step by AdamW (Loshchilov and Hutter, 2019): each member by its own mean squared error.

        Args:
            z, codes: as in `answers`. y: (M, B, K).
            lr, beta1: of this step.
        """
        self._backward(z, codes, y)
        for held, decay in zip(self.held, (self.weight_decay, 0.0), strict=True):
            vector, gradient, mean, square, count = ([part] for part in held)
            adamw(
                vector,
                gradient,
                mean,
                square,
                [],
                count,
                fused=True,
                amsgrad=False,
                beta1=beta1,
                beta2=BETA2,
                lr=lr,
                weight_decay=decay,
                eps=EPS,
                maximize=False,
            )

    def copy(self) -> dict[str, Tensor]:
        """Name -> what it is now, for `keep` and `put_back`."""
        return {name: part.clone() for name, part in self.values.items()}

    def keep(self, kept: dict[str, Tensor], which: Tensor) -> None:
        """Copy some members' numbers: which (M,) bool."""
        for name, part in self.values.items():
            kept[name][which] = part[which]

    @torch.no_grad()
    def put_back(self, kept: dict[str, Tensor]) -> None:
        """Write them into the net and the vector."""
        for name, part in self.net.named_parameters():
            if name in kept:
                part.copy_(kept[name])
                self.values[name].copy_(kept[name])

    def _forward(self, z: Tensor, codes: Tensor | None, room: Room) -> tuple[Tensor, _Trace]:
        value, (members, rows, columns) = self.values, z.shape
        ramps, turn, waves, parts = z, z, z, [z.mT]
        if self.waved:
            phase, frequency = (value[name].transpose(1, 2).mT for name in ("phase", "frequency"))
            # (M, d, F, B): the rows come last, as long inner loops and these products are several times as fast so
            turn = room("turn", members, columns, phase.shape[2], rows)
            torch.addcmul(phase, z.mT.unsqueeze(2), PHASE * frequency, out=turn)
            waves = torch.cos(turn, out=room("waves", *turn.shape))
            mixed = room("mixed", members * columns, value["mix"].shape[-1], rows)
            torch.bmm(value["mix"].flatten(0, 1).mT, waves.flatten(0, 1), out=mixed)
            parts.append(mixed.view(members, -1, rows).add_(value["mix_bias"].view(members, -1, 1)))
        if len(self.ramped):
            low, rise = (part[:, :, None] for part in (self.net.low, self.net.rise))
            ramps = room("ramps", len(self.ramped), columns, low.shape[1], rows)
            torch.sub(z[self.ramped].mT.unsqueeze(2), low, out=ramps).mul_(rise).clamp_(0, 1)
            mix = value["ramp_mix"][self.ramped].flatten(0, 1)
            mixed = torch.bmm(mix.mT, ramps.flatten(0, 1), out=room("ramps mixed", len(mix), mix.shape[-1], rows))
            parts.append(room("all ramps mixed", members, columns * mix.shape[-1], rows).zero_())
            parts[-1][self.ramped] = mixed.view(len(self.ramped), -1, rows)
        if codes is not None:
            member = torch.arange(members)[:, None]
            parts += [value[f"levels.{i}"][member, codes[..., i]].mT for i in range(codes.shape[-1])]
        widths = [part.shape[1] for part in parts]
        joined = torch.cat(parts, dim=1, out=room("joined", members, sum(widths), rows))
        inputs, bends = [torch.mul(joined.mT, value["scale"], out=room("inputs", *joined.mT.shape))], []
        for i in range(len(self.net.weights)):
            weight, bias = value[f"weights.{i}"], value[f"biases.{i}"]
            gate, hidden, bend = (room(f"{name}{i}", members, rows, weight.shape[-1]) for name in PARTS)
            torch.bmm(inputs[-1], weight, out=hidden).add_(bias)
            torch.sigmoid(hidden, out=gate)
            inputs.append(hidden.mul_(gate))
            bends.append(torch.add(gate, hidden, out=bend).addcmul_(hidden, gate, value=-1))
        out = value["out"]
        if out.shape[-1] == 1:  # matrix products with a single column are slow
            last = torch.mul(inputs[-1], out.mT, out=room("last", *inputs[-1].shape)).sum(-1, keepdim=True)
        else:
            last = torch.bmm(inputs[-1], out)
        return last.add_(value["out_bias"]), _Trace(ramps, turn, waves, joined, inputs, bends, widths)

    def _backward(self, z: Tensor, codes: Tensor | None, y: Tensor) -> None:
        """The gradient of the sum over members of each one's mean squared error."""
        value, slope, room = self.values, self.slopes, self._room
        answers, trace = self._forward(z, codes, room)
        back, out, last = answers.sub_(y).mul_(2 / (y.shape[1] * y.shape[2])), value["out"].mT, trace.inputs[-1]
        slope["out"].copy_(torch.bmm(back.mT, last).mT)
        torch.sum(back, 1, keepdim=True, out=slope["out_bias"])
        room_of_back = room("back", *last.shape)
        back = (torch.mul if out.shape[1] == 1 else torch.bmm)(back, out, out=room_of_back)
        for i in reversed(range(len(trace.bends))):
            back *= trace.bends[i]
            torch.bmm(trace.inputs[i].mT, back, out=slope[f"weights.{i}"])
            torch.sum(back, 1, keepdim=True, out=slope[f"biases.{i}"])
            if i:
                back = torch.bmm(back, value[f"weights.{i}"].mT, out=room(f"back{i}", *trace.inputs[i].shape))
        back = torch.bmm(value["weights.0"], back.mT, out=room("back0", *trace.joined.shape))
        torch.sum(trace.joined.mul_(back), 2, keepdim=True, out=slope["scale"].mT)
        _, *parts = torch.split(back.mul_(value["scale"].mT), trace.widths, dim=1)
        if self.waved:
            self._backward_of_waves(z, trace, parts.pop(0).contiguous())
        if len(self.ramped):
            ramps = trace.ramps.flatten(0, 1)
            inner = parts.pop(0)[self.ramped].view(len(ramps), -1, ramps.shape[-1])
            mix = slope["ramp_mix"]
            mix[self.ramped] = torch.bmm(inner, ramps.mT).mT.reshape(-1, *mix.shape[1:])
        for i, part in enumerate(parts):
            levels = slope[f"levels.{i}"].zero_()
            where = codes[..., i] + levels.shape[1] * torch.arange(len(z))[:, None]  # type: ignore[index]  # there are
            levels.flatten(0, 1).index_add_(0, where.flatten(), part.mT.flatten(0, 1))

    def _backward_of_waves(self, z: Tensor, trace: _Trace, back: Tensor) -> None:
        value, slope = self.values, self.slopes
        torch.sum(back, 2, out=slope["mix_bias"].view(back.shape[:2]))
        waves, turn = trace.waves.flatten(0, 1), trace.turn.flatten(0, 1)
        back = back.view(len(waves), -1, back.shape[-1])
        slope["mix"].copy_(torch.bmm(back, waves.mT).mT.view_as(slope["mix"]))
        bent = torch.bmm(value["mix"].flatten(0, 1), back, out=waves).mul_(turn.sin_())
        # of the phase and of the frequency at once: sums over the rows of ones, and of the columns' values
        rows = torch.stack([torch.ones_like(z.mT), PHASE * z.mT], dim=2).neg_().flatten(0, 1)
        both = torch.unflatten(torch.bmm(rows, bent.mT), 0, z.mT.shape[:2])
        slope["phase"].copy_(both[:, None, :, 0])
        slope["frequency"].copy_(both[:, None, :, 1])

    def _room(self, name: str, *shape: int) -> Tensor:
        """A tensor to write into, the same one at each step: the pages of new memory cost more than the arithmetic."""
        if name not in self.rooms or self.rooms[name].shape != shape:
            self.rooms[name] = self.held[0][0].new_empty(shape)
        return self.rooms[name]
