"""`evaluate`: what a Learner reaches on its training or validation rows, as the bench would say it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from spoton import catalogue
from spoton.data import Array
from spoton.errors import DataError, UsageError
from spoton.fastai._rows import all_rows
from spoton.metrics import all_metrics, score

Measure = str | Callable[[Array, Array], float]
Metrics = Measure | Sequence[Measure]


def evaluate(learn: Any, side: str = "valid", metrics: Metrics | None = None) -> dict[str, float]:
    """Score a Learner of regression on all rows of one side of its data.

    The rows come in order, without augmentation, and none is left out: fastai's own
    `learn.validate(ds_idx=0)` shuffles, augments, and drops the last batch. Nothing that the Learner recorded changes.

    Args:
        learn: a Learner.
        side: `train` or `valid`.
        metrics: names of spoton's metrics (`r2`, `mse`, `mae`, ...), or functions (actual, predicted) of scikit-learn,
            or one of them; by default all that apply, and each output by itself.

    Returns:
        Name -> value, over all rows at once, in float64, never a mean of batches. Points are in pixels. Several outputs
        are averaged, as scikit-learn does it, and `r2:price` is one of them.

    Raises:
        UnknownName: no such metric.
        UsageError: a metric of fastai, or something else that is none.
        DataError: no rows, or not one answer a target.

    Example:
        >>> evaluate(learn, "train")["r2"], evaluate(learn, "valid")["r2"]  # doctest: +SKIP
    """
    known = all_metrics()
    asked = [metrics] if isinstance(metrics, str) or callable(metrics) else list(metrics or ())
    for m in asked:
        if isinstance(m, str) and m not in known:
            raise catalogue.unknown("metric", m, sorted(known))
        if not isinstance(m, str) and (not callable(m) or _of_fastai(m)):
            raise UsageError(
                "evaluate takes names of spoton's metrics and functions (actual, predicted) of arrays, as"
                f" scikit-learn's, not {_name(m)}; metrics of fastai are for learn.metrics and learn.validate"
            )
    actual, predicted, columns = rows_of(learn, side)
    pairs = tuple(zip(columns[::2], columns[1::2], strict=True)) if _scaler(learn) is not None else ()
    if metrics is None:
        whole = bool(pairs) and bool(np.allclose(actual, actual.round(), atol=1e-3))
        return score(actual, predicted, columns, points=pairs, whole=whole)
    found = {}
    for m in asked:
        if isinstance(m, str) and known[m].needs == "points":
            if not pairs:
                raise DataError(f"{m} is for points, and the data of this Learner have none")
            found[m] = known[m].fn(actual.reshape(len(actual), -1, 2), predicted.reshape(len(predicted), -1, 2))
        elif isinstance(m, str):
            found[m] = known[m].fn(actual, predicted)
        else:
            found[_name(m)] = float(m(actual, predicted))
    return found


def _of_fastai(metric: Any) -> bool:
    """Whether it takes tensors of answers and targets, in that order."""
    return hasattr(metric, "accumulate") or str(getattr(metric, "__module__", "")).startswith("fastai.")


def _name(metric: Any) -> str:
    return str(getattr(metric, "__name__", type(metric).__name__))


def rows_of(learn: Any, side: str) -> tuple[Array, Array, list[str]]:
    """(actual, predicted, names of the outputs), both (n, k) float64."""
    with all_rows(learn, side) as loader, unrecorded(learn):
        answers, targets = learn.get_preds(dl=loader, reorder=False)
    if not isinstance(answers, torch.Tensor) or not isinstance(targets, torch.Tensor):
        raise DataError("evaluate takes models with one tensor of answers and data with one of targets")
    actual, predicted = (t.double().reshape(len(t), -1).numpy() for t in (targets, answers))
    if actual.shape != predicted.shape:
        came = f"{tuple(answers.shape)} answers for {tuple(targets.shape)} targets"
        raise DataError(f"evaluate scores regression, one answer a target; this model gives {came}")
    if _scaler(learn) is not None:
        from spoton.fastai._points import decode_px

        actual, predicted = (decode_px(learn, t).flatten(1).numpy() for t in (targets.double(), answers.double()))
        return actual, predicted, [f"{axis}{i}" for i in range(actual.shape[1] // 2) for axis in "xy"]
    names = [str(name) for name in getattr(learn.dls.train_ds, "y_names", ())]
    return actual, predicted, names if len(names) == actual.shape[1] else [f"y{i}" for i in range(actual.shape[1])]


@contextmanager
def unrecorded(learn: Any) -> Iterator[None]:
    """What the Recorder and the Learner noted of the last fit is there afterwards; no progress bar shows."""
    recorder = getattr(learn, "recorder", None)
    kept = dict(vars(recorder)) if recorder is not None else {}
    last = getattr(learn, "final_record", None)
    if hasattr(learn, "progress"):
        learn.progress.run = False  # fastai puts it back after each validation
    try:
        yield
    finally:
        if recorder is not None:
            vars(recorder).clear()
            vars(recorder).update(kept)
        if last is not None:
            learn.final_record = last


def _scaler(learn: Any) -> Any:
    """What scales points, where data have some; tables load no images to find out that they have none."""
    if not hasattr(learn.dls.valid, "after_item"):
        return None
    from spoton.fastai._points import scaler_of

    return scaler_of(learn)
