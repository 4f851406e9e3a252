"""Trains the members of a `TableNet` on what the linear path leaves, each without the rows of one fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from spoton.data import Array
from spoton.learners._member_descent import MemberDescent, one_cycle
from spoton.nets import TableNet

EVERY = 3  # passes between two looks at the held-out rows
BLOCK = 2048  # rows that are answered at once
STEPS = 100  # a pass has no more steps than about this


def fit_members(
    net: TableNet,
    numbers: Array,
    codes: Array,
    residuals: Array,
    fold: Array,
    groups: Sequence[Sequence[int]],
    *,
    epochs: int,
    lr: float = 1e-2,
    batch_size: int = 64,
    weight_decay: float = 0.02,
    random_state: np.random.RandomState,
    on_pass: Callable[[int, Array], None] | None = None,
) -> list[Array]:
    """Train in place: member m sees the rows outside of fold m % F, and keeps its weights at their best on that fold.

    The squared error under AdamW (Loshchilov and Hutter, 2019) with a one-cycle schedule. A member that never gets
    better than nothing on its fold stays nothing.

    Args:
        net: fresh, so that its members answer 0.
        numbers: (n, D) standardised. codes: (n, C), or (n, 0).
        residuals: (F, n, K): what the members have to learn, for each fold's linear path.
        fold: (n,) of 0..F-1.
        groups: members whose answers are told of together.
        epochs: passes over the rows.
        lr, batch_size, weight_decay: of the descent; the batch grows where a pass would have too many steps.
        random_state: the order of the rows.
        on_pass: is told the number of each pass that was looked at, and the error of each output, (K,), the mean over
            members.

    Returns:
        (n, K) for each group: the answers of its members that did not see the row, their mean.
    """
    with torch.no_grad():
        z = net.bent(torch.from_numpy(numbers.astype(np.float32)))
    y = torch.from_numpy(residuals.astype(np.float32))
    levels = torch.from_numpy(codes) if codes.shape[1] else None
    own = [m % len(residuals) for m in range(net.members)]
    seen = [np.flatnonzero(fold != f) for f in own]
    held = [torch.from_numpy(np.flatnonzero(fold == f)) for f in own]
    rows = min(map(len, seen))
    size = min(max(batch_size, rows // STEPS), rows)
    steps = rows // size
    which = torch.tensor(own)[:, None]
    descent = MemberDescent(net, weight_decay)
    schedule = iter(one_cycle(lr, epochs * steps))
    kept = descent.copy()
    best = _errors(descent, z, levels, y, held, own)
    for number in range(1, epochs + 1):
        order = torch.from_numpy(np.stack([random_state.permutation(part)[: steps * size] for part in seen]))
        for batch in torch.split(order, size, dim=1):
            descent.step(z[batch], None if levels is None else levels[batch], y[which, batch], *next(schedule))
        if number % EVERY == 0 or number == epochs:
            errors = _errors(descent, z, levels, y, held, own)
            better = errors.mean(1) < best.mean(1)  # never where it is not a number
            best = torch.where(better[:, None], errors, best)
            descent.keep(kept, better)
            if on_pass is not None:
                on_pass(number, best.mean(0).numpy())
    descent.put_back(kept)
    answers = _answers(descent, z, levels, held)
    return [_held_out([(answers[m], held[m]) for m in group], len(z)) for group in groups]


def _answers(descent: MemberDescent, z: Tensor, levels: Tensor | None, held: list[Tensor]) -> list[Tensor]:
    """Each member on its own fold: padded to one length, so that all go together."""
    longest = max(map(len, held))
    rows = torch.stack([nn.functional.pad(part, (0, longest - len(part))) for part in held])
    parts = torch.split(rows, BLOCK, dim=1)  # the ramps of many rows take much room
    found = torch.cat([descent.answers(z[part], None if levels is None else levels[part]) for part in parts], dim=1)
    return [out[: len(part)] for out, part in zip(found, held, strict=True)]


def _errors(
    descent: MemberDescent, z: Tensor, levels: Tensor | None, y: Tensor, held: list[Tensor], own: list[int]
) -> Tensor:
    answers = _answers(descent, z, levels, held)
    return torch.stack([(out - y[f, part]).square().mean(0) for out, f, part in zip(answers, own, held, strict=True)])


def _held_out(answers: Sequence[tuple[Tensor, Tensor]], rows: int) -> Array:
    """(n, K) the mean of the answers to each row, of pairs of answers and the rows that they are for."""
    total, count = torch.zeros(rows, answers[0][0].shape[-1], dtype=torch.float64), torch.zeros(rows, 1)
    for out, part in answers:
        total[part] += out
        count[part] += 1
    found: Array = (total / count.clamp_min(1)).numpy()
    return found
