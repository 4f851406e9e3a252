"""`tabular_dls`: fastai's DataLoaders of a table, columns in a fixed order, what goes wrong silently refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spoton.errors import DataError, UsageError
from spoton.fastai._quiet import quietly
from spoton.fastai._splits import splits

with quietly():
    from fastai.tabular.core import Categorify, FillMissing, Normalize, TabDataLoader, TabularPandas, TabularProc

FLAT = 1e-6  # a column whose spread is at most this share of its size carries rounding in float32, and nothing else


def tabular_dls(
    df: pd.DataFrame,
    y_names: str | Sequence[str],
    *,
    cat_names: Sequence[str] = (),
    cont_names: Sequence[str] | None = None,
    valid_idx: Sequence[int] | None = None,
    valid_share: float = 0.2,
    seed: int = 0,
    bs: int = 64,
    procs: Sequence[Any] = (Categorify, FillMissing, Normalize),
    **options: Any,
) -> Any:
    """DataLoaders of a table, as `TabularDataLoaders.from_df` makes them, in safe hands.

    Differences: the columns of numbers come in the order of `cont_names`, or of the table, in every process; each epoch
    shows every row once (fastai draws them with replacement); `Normalize` is `CutNormalize`, so that columns that
    hardly vary do not explode; and what fastai takes silently is refused.

    Args:
        df: the table; it is not changed.
        y_names: name or names of the targets.
        cat_names: columns of categories.
        cont_names: columns of numbers; all others by default.
        valid_idx: numbers of the rows to hold out; by default a share of them, drawn by `seed`.
        valid_share: the share to hold out where `valid_idx` is not given.
        seed: draws these rows.
        bs: rows a step; the last, incomplete batch of training is left out.
        procs: fastai's steps before training.
        options: what `TabularPandas.dataloaders` takes, as `path` or `device`.

    Returns:
        fastai's `TabularDataLoaders`.

    Raises:
        UsageError: a column that is not in the table or comes twice; a target among the inputs; fewer rows of training
            than a batch; nothing to hold out, or everything.
        DataError: columns of text that are listed nowhere, numbers that are infinite, or missing without `FillMissing`,
            or targets that are missing.

    Example:
        >>> dls = tabular_dls(df, "price", cat_names=["town"])  # doctest: +SKIP
    """
    targets, cats = _listed(y_names), _listed(cat_names)
    conts = _listed(cont_names) if cont_names is not None else [c for c in df.columns if c not in {*targets, *cats}]
    _check_names(df, targets, cats, conts)
    _check_numbers(df, conts)
    train, valid = splits(len(df), valid_idx, valid_share, seed, "valid_idx")
    if len(train) < bs or bs < 2:
        raise UsageError(
            f"there are {len(train)} rows to train on and bs={bs}: every batch would be left out and nothing learned;"
            f" give a bs from 2 to {len(train)}"
        )
    steps = [CutNormalize() if step is Normalize or isinstance(step, Normalize) else step for step in procs]
    with quietly():
        # in one piece: pandas may lay columns out backwards, which torch cannot take
        ordered = df[[*cats, *conts, *targets]].copy()
        table = TabularPandas(ordered, steps, cats, conts, targets, splits=[train, valid])
        _check_gaps(table, procs)
        return table.dataloaders(**{"bs": bs, "dl_type": TabDataLoader, **options})


def _listed(names: Any) -> list[Any]:
    """One name is a list of one: a text is no list of its letters."""
    return [names] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)


def _check_names(df: pd.DataFrame, targets: list[str], cats: list[str], conts: list[str]) -> None:
    columns = list(df.columns)
    named = [*targets, *cats, *conts]
    for name in named:
        if columns.count(name) != 1:
            found = "comes twice" if name in columns else f"is not in the table, which has {columns}"
            raise UsageError(f"the column {name!r} {found}; name columns as the table does, each once")
    if not targets or len(named) == len(targets):
        raise UsageError(
            f"a net needs inputs and targets, these are {[*cats, *conts]} and {targets}; name some of both"
        )
    twice = sorted({str(name) for name in named if named.count(name) > 1})
    if twice:
        raise UsageError(
            f"{', '.join(twice)} would be an input twice, or a target among the inputs, which any net reads off; name"
            " each column once"
        )
    words = [str(c) for c in conts if not pd.api.types.is_numeric_dtype(df[c])]
    if words:
        raise DataError(f"{', '.join(words)} hold no numbers; list them in cat_names, or leave them out of cont_names")
    gone = [str(c) for c in targets if df[c].isna().any()]
    if gone:
        raise DataError(f"the targets {', '.join(gone)} are missing in some rows; leave those rows out")


def _check_numbers(df: pd.DataFrame, conts: list[str]) -> None:
    """One number that is infinite makes its column NaN, and then every weight."""
    numbers = {c: df[c].to_numpy(dtype=np.float64, na_value=np.nan) for c in conts}
    if endless := [str(c) for c, values in numbers.items() if np.isinf(values).any()]:
        raise DataError(f"{', '.join(endless)} hold infinite numbers; leave those rows out, or give them a number")


def _check_gaps(table: Any, procs: Sequence[Any]) -> None:
    """So does one that is missing, where nothing fills it."""
    gone = [str(c) for c in table.cont_names if table.items[c].isna().any()]
    if not gone:
        return
    # with pandas 3 the one of fastai 2.8.3 writes into a copy
    filled = any(issubclass(step if isinstance(step, type) else type(step), FillMissing) for step in procs)
    advice = "FillMissing has not filled them: update fastai" if filled else "add FillMissing to procs"
    raise DataError(f"{', '.join(gone)} lack numbers in some rows; {advice}, or leave those rows out")


class CutNormalize(TabularProc):
    """fastai's `Normalize` for columns of numbers, which cannot explode.

    A column that is constant in training, up to rounding, becomes 0. In any other no value goes further than `margin`
    standard deviations beyond the range of training: a pixel that is bright in one row of training and in many later
    ones is then the number that it was in training.

    Args:
        margin: standard deviations; what a held-out value may go beyond the range of training.
    """

    order = Normalize.order

    def __init__(self, margin: float = 3.0) -> None:
        super().__init__()
        self.margin = margin

    def setups(self, to: Any) -> None:
        """Mean, deviation and limits of each column, from the training rows."""
        table = getattr(to, "train", to).conts.astype(np.float64)
        self.means, sizes = dict(table.mean()), table.abs().max()
        spread = table.std(ddof=0)
        flat = ~(spread > FLAT * sizes)
        self.stds = dict(spread.where(~flat, 1.0))
        room = (self.margin * spread).where(~flat, 0.0)
        self.lows = dict((table.min() - room).where(~flat, table.mean()))
        self.highs = dict((table.max() + room).where(~flat, table.mean()))

    def encodes(self, to: Any) -> None:
        """Standardise, and cut off."""
        for name in to.cont_names:
            held = to[name].astype(np.float64).clip(self.lows[name], self.highs[name])
            to[name] = ((held - self.means[name]) / self.stds[name]).astype(np.float32)

    def decodes(self, to: Any) -> None:
        """Back to original units; what was cut off stays cut off."""
        for name in to.cont_names:
            to[name] = to[name] * self.stds[name] + self.means[name]
