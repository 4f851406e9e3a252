"""What the members of a `TableNet` see, columns and ramps: several choices are trained, and held-out rows decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from spoton.data import Array
from spoton.learners._screening import losses_without, screen
from spoton.learners._stacking import stack
from spoton.learners._table_inputs import Encoded

if TYPE_CHECKING:
    from torch import Tensor

    from spoton.nets import TableNet

EXACT = 1e-7  # share of the variance below which the linear path has said it all
ALL = 64  # up to so many columns, one choice is all of them
MOST = 48  # columns of the other choices
STRONG = 0.1  # share of the largest weight from which on a column of the linear path is among them
FOR_CHOICE = 2000  # rows that the columns are chosen by
STEPS = 4000  # of the descent, about
# where there are many rows: of each choice, made on some of the rows, and of the descent on all of them
STEPS_FOR_CHOICE, STEPS_OF_MANY = 1000, 3000
FEWEST_EPOCHS = 20
MOST_RAMPS, ALL_RAMPS, FEWEST_RAMPS = 256, 1024, 4  # of a column, and of all columns together unless these are many
# standard errors by which held-out rows have to be met better with ramps than without, or the share of the error left
CLEARLY, FAR_BETTER = 3.0, 2 / 3
NEEDED = 2.0  # standard errors by which the error has to grow without a column, or the members do without it


class Below(Protocol):
    """What members build on."""

    @property
    def held_out(self) -> Array:
        """(n, K) answers for rows that were not seen."""

    @property
    def score(self) -> float:
        """Mean squared error of these."""

    def fold_answers(self, X: Array) -> Array:
        """(F, n, K) answers of each fold's model."""

    def strength(self, X: Array) -> Array:
        """(D,) how much each column counts."""


@dataclass(frozen=True)
class _Attempt:
    """Members on some columns.

    Attributes:
        net: trained. groups: its members without ramps, and those with them, if there are any.
        weights: (G,) of the groups' answers. held_out: (n, K) their sum for rows that were not seen.
        error: mean squared error of these.
        passes: as of `Members`.
    """

    net: TableNet
    groups: list[list[int]]
    weights: Array
    held_out: Array
    error: float
    passes: tuple[tuple[int, Array], ...]


@dataclass(frozen=True)
class Members:
    """What came out.

    Attributes:
        net: with trained members and an untrained linear path.
        useful: whether they are better than nothing; else the net has none that answer.
        held_out: (n, K) their answers for rows that they were not trained on.
        passes: (number, error of each output) of the passes that were looked at.
    """

    net: TableNet
    useful: bool
    held_out: Array
    passes: tuple[tuple[int, Array], ...]


def fit_members_on_choices(
    encoded: Encoded,
    targets: Array,
    fold: Array,
    below: Below,
    *,
    epochs: int,
    cardinalities: Sequence[int],
    members: int,
    width: int,
    lr: float,
    random_state: np.random.RandomState,
    known: Array | None = None,
) -> Members:
    """Train members on each choice of columns, then once more on those that the best ones needed.

    Args:
        encoded: the table. targets: (n, K), standardised. fold: (n,).
        below: the linear path, or the greedy basis; the members learn what it leaves.
        epochs: passes over the rows at most, fewer where there are many rows.
        cardinalities: of the codes.
        members, width, lr: of the net and its descent.
        random_state: for the screening and the order of the rows; torch's own seeds the weights.
        known: columns that other members were chosen; where there are many rows, they are taken as they are.
    """
    import torch

    from spoton.learners._table_members import fit_members
    from spoton.nets import TableNet

    numbers, outputs = encoded.numbers, targets.shape[1]
    residuals = targets - below.fold_answers(numbers)
    folds = len(residuals)
    # where there are many rows, some of them are enough to choose by
    some = np.sort(random_state.permutation(len(targets))[:FOR_CHOICE])
    part = Encoded(numbers[some], encoded.codes[some])
    twice = len(some) < len(targets)

    dealt = members // folds * folds if numbers.shape[1] else 0  # each kind stops on all folds, or there is none
    ramped = [m // folds % 2 == 1 and m < dealt for m in range(members)]
    groups = [group for kind in (False, True) if (group := [m for m in range(members) if ramped[m] == kind])]

    def attempt(columns: Array, rows: Array, most: int = STEPS) -> _Attempt:
        steps = max(1, min(len(rows) * (folds - 1) // folds // 64, 100))
        net = TableNet(
            (numbers.shape[1],),
            outputs,
            members=members,
            width=width,
            cardinalities=cardinalities,
            columns=columns.tolist(),
            edges=torch.from_numpy(edges_of(numbers[np.ix_(rows, columns)])) if any(ramped) else None,
            ramped=ramped,
        )
        seen: list[tuple[int, Array]] = []
        answers = fit_members(
            net,
            numbers[rows],
            encoded.codes[rows],
            residuals[:, rows],
            fold[rows],
            groups,
            epochs=min(epochs, max(FEWEST_EPOCHS, most // steps)),
            lr=lr,
            random_state=random_state,
            on_pass=lambda number, errors: seen.append((number, errors)),
        )
        weights, held_out = _mixed(answers, left[rows])
        return _Attempt(net, groups, weights, held_out, float(((held_out - left[rows]) ** 2).mean()), tuple(seen))

    able = members > 0 and epochs > 0 and below.score > EXACT
    left = targets - below.held_out
    everything = np.arange(len(targets))
    best = None
    if able and twice and known is not None:
        best = attempt(known, everything, STEPS_OF_MANY)
    elif able and (sets := choices(part, targets[some], left[some], below.strength(part.numbers), random_state)):
        most = STEPS_FOR_CHOICE if twice else STEPS
        best = min((attempt(columns, some, most) for columns in sets), key=lambda one: one.error)
        needed = _needed(best, part, left[some], fold[some], random_state)
        if 0 < len(needed) < len(best.net.chosen):
            best = min(best, attempt(needed, some, most), key=lambda one: one.error)
        if twice:
            best = attempt(best.net.chosen.numpy(), everything, STEPS_OF_MANY)
    if best is not None:
        share = _trusted(best.held_out, left)
        if share.any():
            _weigh(best, share)
            return Members(best.net, True, best.held_out * share.numpy(), best.passes)
    nothing = TableNet((numbers.shape[1],), outputs, members=1, width=1, columns=[])
    return Members(nothing, False, np.zeros_like(targets), ())


def edges_of(X: Array) -> Array:
    """(d, E) where the ramps of each column begin and end: its values where these are few, else its quantiles."""
    most = max(FEWEST_RAMPS, min(MOST_RAMPS, ALL_RAMPS // max(X.shape[1], 1)))
    found = []
    for column in X.T:
        values = np.unique(column)
        if len(values) > most + 1:
            values = np.unique(np.quantile(column, np.linspace(0, 1, most + 1)))
        found.append(values)
    longest = max([2, *map(len, found)])
    return np.array([np.pad(values, (0, longest - len(values)), mode="edge") for values in found]).reshape(-1, longest)


def _mixed(held_out: list[Array], left: Array) -> tuple[Array, Array]:
    """Weights (G,) of the groups' answers, and their sum; the first group's alone, unless that is clearly worse.

    Each member is stopped where it is best on these rows, which flatters those that see ramps: they bend more easily.

    Args:
        held_out: G times (n, K), for rows that were not seen. left: (n, K), what is to be met.
    """
    plain = held_out[0]
    weights = stack(held_out, left)
    mixed: Array = np.tensordot(weights, np.stack(held_out), axes=1)
    before, after = (((answers - left) ** 2).mean(axis=1) for answers in (plain, mixed))
    gain = before - after
    # what is lost at a jump is lost on few rows, so that its mean has a large standard error however much it is
    if gain.mean() > CLEARLY * gain.std() / np.sqrt(len(gain)) or after.mean() < FAR_BETTER * before.mean():
        return weights, mixed
    return np.eye(len(held_out))[0], plain


def _weigh(best: _Attempt, share: Tensor) -> None:
    """Write the groups' weights, and the share (K,) of each answer, into the last layers; leave out who has none."""
    import torch

    factors = torch.zeros(best.net.members)
    for group, weight in zip(best.groups, best.weights, strict=True):
        factors[group] = float(weight) / len(group)
    kept = torch.nonzero(factors).flatten()
    best.net.keep_members(kept)
    with torch.no_grad():
        for part in (best.net.out, best.net.out_bias):
            part.mul_(factors[kept, None, None] * len(kept) * share)


def _trusted(held_out: Array, residuals: Array) -> Tensor:
    """(K,) how much of the members' answers is added: the share with the least error on held-out rows, 0 to 1.

    None where what they gain there is not above its standard error.
    """
    import torch

    gain = residuals**2 - (residuals - held_out) ** 2
    sure = gain.mean(axis=0) > gain.std(axis=0) / np.sqrt(len(gain))
    share = (held_out * residuals).sum(axis=0) / np.maximum((held_out**2).sum(axis=0), 1e-300)
    return torch.from_numpy(np.where(sure, share.clip(0, 1), 0.0).astype(np.float32))


def choices(
    encoded: Encoded, targets: Array, left: Array, size: Array, random_state: np.random.RandomState
) -> list[Array]:
    """All columns, where these are few; and those that tell of the answers or of what the linear path leaves."""
    numbers = encoded.numbers
    count = numbers.shape[1]
    if not count:
        return [np.zeros(0, dtype=int)] if encoded.codes.shape[1] else []
    told = [screen(numbers, part, MOST, random_state) for part in (targets, left)]
    strong = np.flatnonzero(size > STRONG * size.max(initial=0.0))
    strong = strong[np.argsort(-size[strong])][: MOST // 2]
    screened = np.unique(np.concatenate([*told, strong]))
    found = [screened]
    if count <= ALL and len(screened) < count:
        found.append(np.arange(count))
    return found


def _needed(
    best: _Attempt, encoded: Encoded, residuals: Array, fold: Array, random_state: np.random.RandomState
) -> Array:
    """The columns without which the members are worse on rows that they were not trained on."""
    import torch

    net = best.net
    columns = net.chosen.numpy()
    folds, held = int(fold.max()) + 1, fold == 0
    codes = torch.from_numpy(encoded.codes[held]) if len(net.levels) else None

    @torch.no_grad()
    def predict(x: Array) -> Array:
        rows = torch.from_numpy(x)
        spread = None if codes is None else codes.expand(net.members, *codes.shape)
        out = net.members_forward(rows.expand(net.members, *rows.shape), spread).numpy()
        own = [out[[m for m in group if m % folds == 0]].mean(axis=0) for group in best.groups]
        found: Array = np.tensordot(best.weights, np.stack(own), axes=1)
        return found

    growth, error = losses_without(predict, encoded.numbers[held], residuals[held], columns, random_state)
    found: Array = columns[growth > NEEDED * error]
    return found
